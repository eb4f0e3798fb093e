/**
 * What the writer knows of a service, behind its plan: a writer that comes after one which died finds it there, of the
 * very version that is answered from. Workers never look at it.
 */
import type { Service } from '../model/service.ts';
import { PLAN } from './layout.ts';
import type { ArenaView } from './memory.ts';

interface ServiceRecord {
  /** As it is answered. */
  readonly service: Service;
  /** Cell, and RRsets of its own (0: none), of each preview, in the order of `previewNames`. */
  readonly previews: readonly number[];
}

/** The first word is the number of bytes. */
const BYTES = 1;

const decoder = new TextDecoder();

export function recordOf(record: ServiceRecord): Uint8Array {
  return Buffer.from(JSON.stringify(record));
}

/** Words of a record in a plan. */
export function recordWords(record: Uint8Array | undefined): number {
  return record === undefined ? 0 : BYTES + Math.ceil(record.length / 4);
}

/** Writes the record at `at`, a word of the plan. */
export function writeRecord({ words, bytes }: ArenaView, plan: number, at: number, record: Uint8Array): void {
  words[plan + PLAN.RECORD] = at;
  words[plan + at] = record.length;
  bytes.set(record, (plan + at + BYTES) * 4);
}

/** The record of a plan; undefined: the plan is a preview's, or what stands there is none. */
export function readRecord({ words, bytes }: ArenaView, plan: number): ServiceRecord | undefined {
  const at = words[plan + PLAN.RECORD];
  const length = words[plan + at];
  if (at <= 0 || length < 0 || at + BYTES + Math.ceil(length / 4) > words[plan + PLAN.WORDS]) return undefined;
  const start = (plan + at + BYTES) * 4;
  try {
    // A decoder takes no memory that other threads may write to.
    return JSON.parse(decoder.decode(bytes.slice(start, start + length))) as ServiceRecord;
  } catch {
    return undefined;
  }
}
