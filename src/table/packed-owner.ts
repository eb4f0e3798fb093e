/** Names in packed form as they stand in a table. */
import type { PackedCursor } from '../model/packed-form.ts';
import { MAX_NAME_BYTES } from '../wire/constants.ts';

const BACKSLASH = 0x5c;
const DOT = 0x2e;

/** Writes the wire form of a packed RRset's name, which is in lower case; its length. 0: an escape is in it, or it is the root. */
export function writeWire({ bytes, nameStart, nameEnd }: PackedCursor, out: Uint8Array, start: number): number {
  const length = nameEnd - nameStart + 2;
  if (length > MAX_NAME_BYTES || length === 2) return 0;
  let label = start;
  let to = start + 1;
  for (let at = nameStart; at < nameEnd; at++) {
    const byte = bytes[at];
    if (byte === BACKSLASH) return 0;
    if (byte === DOT) {
      out[label] = to - label - 1;
      label = to++;
    } else {
      out[to++] = byte;
    }
  }
  out[label] = to - label - 1;
  out[to] = 0;
  return length;
}
