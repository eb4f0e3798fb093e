/** Which history of changes led to a revision: numbers are the same in a copy that went its own way since. */
import { createHash } from 'node:crypto';
import type { Revision } from '../../model/revision.ts';
import type { Held } from '../../table/changes.ts';

/** Bytes of the digest that a double holds exactly. */
const BYTES = 6;

/** What a table holds that has all changes up to a revision; undefined: there was none. */
export function heldAt(revision: Revision | undefined): Held {
  if (revision === undefined) return { revision: 0, history: 0 };
  const { revision: number, kind, actor, atMs, subjects } = revision;
  const names = subjects.map(({ kind, name }) => [kind, name]);
  const digest = createHash('sha256')
    .update(JSON.stringify([number, kind, actor, atMs, names]))
    .digest();
  return { revision: number, history: digest.readUIntBE(0, BYTES) };
}
