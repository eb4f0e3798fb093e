/** What a name in the data of a record has in common with the record's owner: a pointer takes the place of that (RFC 1035 §4.1.4). */
import { lowerByte } from '../wire/name.ts';

/** A name in lower-case wire form, somewhere among other bytes: one object for a million of them. */
export interface Owner {
  bytes: Uint8Array;
  start: number;
  end: number;
}

const ASTERISK = 0x2a;

/** Where the suffix stands that was found last, in the data and in the owner. */
export const shared = { at: 0, suffix: 0 };

/**
 * Finds the longest suffix that the name from `start` to `end` of `data`, in any case, shares with `owner`; false: there is
 * none. A wildcard's first label never stands in a reply. Names that are alike from somewhere on end equally far behind it.
 */
export function findShared(data: Uint8Array, start: number, end: number, owner: Owner): boolean {
  const { bytes } = owner;
  let from = owner.start;
  if (bytes[from] === 1 && bytes[from + 1] === ASTERISK) from += 2;
  let at = start;
  while (data[at] !== 0 && bytes[from] !== 0) {
    const longer = end - at - (owner.end - from);
    if (longer === 0 && sameTail(data, at, end, from - at, bytes)) {
      shared.at = at;
      shared.suffix = from - owner.start;
      return true;
    }
    if (longer >= 0) at += 1 + data[at];
    if (longer <= 0) from += 1 + bytes[from];
  }
  return false;
}

function sameTail(data: Uint8Array, start: number, end: number, distance: number, bytes: Uint8Array): boolean {
  for (let at = start; at < end; at++) if (lowerByte(data[at]) !== bytes[at + distance]) return false;
  return true;
}
