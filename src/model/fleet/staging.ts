/**
 * Imports are large, and no shift may wait for one: a content is announced, every node fetches and builds it aside and says
 * so, and only then does a short entry name it. What a node has staged is lost with its process.
 */
import { encodeRecord, isText, isWhole, parseRecord, Unreadable } from './records.ts';
import { isLive, memberOf, type View } from './view.ts';

/** A million names take half a minute to build on a slow machine; who needs longer than this is left behind, and goes out. */
export const STAGE_MAX_MS = 300_000;

/** A name has 255 bytes at most (RFC 1035 §2.3.4), each of which its text may escape; what is longer is no zone's. */
const ZONE_MAX_LENGTH = 4 * 255;

/** Of what the engine may hold, from which on people are warned. */
const WARN_SHARE = 0.5;
/** And from which on no content comes in any more, so that there is room for shifts. */
const REFUSE_SHARE = 0.8;

/** What stands under `stage/<content>`. */
interface Announced {
  readonly zone: string;
  readonly chunks: number;
  /** The node that imports it. */
  readonly node: string;
  /** All chunks are there: it may be staged. */
  readonly isWhole: boolean;
}

export function encodeAnnounced({ zone, chunks, node, isWhole }: Announced): Uint8Array {
  return encodeRecord({ zone, chunks, node, whole: isWhole });
}

export function parseAnnounced(value: Uint8Array): Announced | Unreadable {
  const record = parseRecord(value);
  if (record instanceof Unreadable) return record;
  const { zone, chunks, node, whole } = record;
  if (typeof zone !== 'string' || zone.length === 0 || zone.length > ZONE_MAX_LENGTH)
    return new Unreadable('names no zone');
  if (!isWhole(chunks)) return new Unreadable('has no number of chunks');
  if (!isText(node)) return new Unreadable('names no node');
  return { zone, chunks, node, isWhole: whole === true };
}

/** What stands under `kept/<content>`: it stays for nodes that are behind, as long as the log has an entry that names it. */
interface Kept {
  readonly chunks: number;
  /** The last entry that names it; 0: its chunks are being deleted. */
  readonly revision: number;
}

export function encodeKept({ chunks, revision }: Kept): Uint8Array {
  return encodeRecord({ chunks, revision });
}

export function parseKept(value: Uint8Array): Kept | Unreadable {
  const record = parseRecord(value);
  if (record instanceof Unreadable) return record;
  const { chunks, revision } = record;
  if (!isWhole(chunks)) return new Unreadable('has no number of chunks');
  return isWhole(revision) ? { chunks, revision } : new Unreadable('has no revision');
}

/** What stands under `staged/<content>/<node>`: the process that has it. */
export function encodeStaged(incarnation: string): Uint8Array {
  return encodeRecord({ incarnation });
}

export function parseStaged(value: Uint8Array): string | Unreadable {
  const record = parseRecord(value);
  if (record instanceof Unreadable) return record;
  return isText(record.incarnation) ? record.incarnation : new Unreadable('has no incarnation');
}

/** Live nodes whose process has not staged the content yet. `staged`: incarnations by node. */
export function notStaged(view: View, staged: ReadonlyMap<string, string>): string[] {
  const nodes = [...view.members.keys()].filter(
    (node) => isLive(view, node) && memberOf(view, node).value?.incarnation !== staged.get(node),
  );
  return nodes.sort();
}

/** Whether the entry may name the content now; `without`: who then cannot apply it, and goes out until it can. */
type Barrier =
  | { readonly isOpen: false; readonly waitingFor: readonly string[] }
  | { readonly isOpen: true; readonly without: readonly string[] };

export function stageBarrier(view: View, staged: ReadonlyMap<string, string>, waitedMs: number): Barrier {
  const missing = notStaged(view, staged);
  if (missing.length > 0 && waitedMs < STAGE_MAX_MS) return { isOpen: false, waitingFor: missing };
  return { isOpen: true, without: missing };
}

/** How full the engine is. `refuse`: no imports, while shifts go on. `full`: it takes no change at all. */
export type Room = 'ample' | 'warn' | 'refuse' | 'full';

/** By what it says of itself, as long as it does not refuse. A quota of 0: there is none that is known. */
export function roomFor(usedBytes: number, quotaBytes: number): Room {
  if (quotaBytes === 0 || usedBytes < quotaBytes * WARN_SHARE) return 'ample';
  return usedBytes < quotaBytes * REFUSE_SHARE ? 'warn' : 'refuse';
}
