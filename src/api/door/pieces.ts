/** Long replies go out in pieces: only of a piece that has left is it known that its reader reads (progress.ts). */

export const PIECE_BYTES = 16 * 1024;

export function* inPieces(parts: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += PIECE_BYTES) yield part.subarray(at, at + PIECE_BYTES);
  }
}
