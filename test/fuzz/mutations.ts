/** Ways to damage bytes that know nothing of what they mean. */
import type { Draw } from './fuzzer.ts';

/** Inputs do not grow beyond this by insertion: longer ones only take longer. */
const INPUT_BYTES_MAX = 4096;
const EDGES = [0, 1, 12, 63, 64, 127, 128, 191, 192, 254, 255];

type ByteMutation = (bytes: Uint8Array, draw: Draw) => Uint8Array;

const mutations: readonly ByteMutation[] = [
  (bytes, draw) => changeAt(bytes, draw, (byte) => byte ^ (1 << draw(8))),
  (bytes, draw) => changeAt(bytes, draw, () => draw(256)),
  (bytes, draw) => changeAt(bytes, draw, () => EDGES[draw(EDGES.length)]),
  (bytes, draw) => changeAt(bytes, draw, (byte) => byte + 1 - 2 * draw(2)),
  (bytes, draw) => bytes.slice(0, draw(bytes.length + 1)),
  // A piece is left out, or is there twice, or is overwritten with another one.
  (bytes, draw) => splice(bytes, draw(bytes.length + 1), 1 + draw(8), new Uint8Array(0)),
  (bytes, draw) => splice(bytes, draw(bytes.length + 1), 0, pieceOf(bytes, draw)),
  (bytes, draw) => {
    const piece = pieceOf(bytes, draw);
    return splice(bytes, draw(bytes.length + 1), piece.length, piece);
  },
  (bytes, draw) =>
    splice(
      bytes,
      draw(bytes.length + 1),
      0,
      Uint8Array.from({ length: 1 + draw(8) }, () => draw(256)),
    ),
];

/** A copy with one to four damages. */
export function mutateBytes(input: Uint8Array, draw: Draw): Uint8Array {
  let bytes = Uint8Array.from(input);
  for (let left = 1 + draw(4); left > 0; left--) {
    bytes = Uint8Array.from(mutations[draw(mutations.length)](bytes, draw));
  }
  return bytes.length > INPUT_BYTES_MAX ? bytes.subarray(0, INPUT_BYTES_MAX) : bytes;
}

function changeAt(bytes: Uint8Array, draw: Draw, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = draw(bytes.length);
  bytes[at] = change(bytes[at]);
  return bytes;
}

function pieceOf(bytes: Uint8Array, draw: Draw): Uint8Array {
  const start = draw(bytes.length + 1);
  return bytes.slice(start, start + 1 + draw(64));
}

function splice(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
}
