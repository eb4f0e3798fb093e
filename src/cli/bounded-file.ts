/** Files that a person names, read as far as they may reach: a device or a pipe may have no end. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const MEBIBYTE = 2 ** 20;
/** Of what does not say how long it is. */
const PIECE_BYTES = MEBIBYTE;

/** The most that a server's `admin.zoneFileMaxBytes` may be (config/schema.ts): no server takes a longer zone file. */
export const ZONE_FILE_MAX_BYTES = 1024 * MEBIBYTE;
/** Of YAML or JSON that people or their programs write. */
export const TEXT_MAX_BYTES = 64 * MEBIBYTE;
/** Of a token, a key, a template: some lines. */
export const LINES_MAX_BYTES = MEBIBYTE;

/** Thrown by `readBounded`. */
class TooLarge extends Error {
  constructor(maxBytes: number) {
    super(`is larger than ${maxBytes / MEBIBYTE} MiB, and no more is read`);
  }
}

/** The bytes of a file of at most so many. Throws TooLarge, or what the file system says. */
export function readBounded(name: string, maxBytes: number): Buffer {
  const file = openSync(name, 'r');
  try {
    const state = fstatSync(file);
    const size = state.isFile() ? state.size : 0;
    if (size > maxBytes) throw new TooLarge(maxBytes);
    const pieces: Buffer[] = [];
    let bytes = 0;
    // It may grow meanwhile, and what is no plain file has no size.
    for (let next = size || PIECE_BYTES; ; next = PIECE_BYTES) {
      const piece = Buffer.allocUnsafe(next);
      const filled = fill(piece, file);
      bytes += filled;
      if (bytes > maxBytes) throw new TooLarge(maxBytes);
      pieces.push(piece.subarray(0, filled));
      if (filled < next) return joined(pieces);
    }
  } finally {
    closeSync(file);
  }
}

/** How many bytes there were for it: all that it has room for, or the last of the file. A pipe gives 64 KiB at a time. */
function fill(piece: Buffer, file: number): number {
  let filled = 0;
  while (filled < piece.length) {
    const read = readSync(file, piece, { offset: filled });
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

/** The same of a stream. Throws TooLarge, and ends the stream then. */
export async function readStream(stream: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new TooLarge(maxBytes);
    pieces.push(piece);
  }
  return joined(pieces);
}

/** What is wrong with a file that was not read, to be said behind its name. */
export function unreadable(error: unknown): string {
  if (error instanceof TooLarge) return error.message;
  return `cannot be read (${(error as NodeJS.ErrnoException).code})`;
}

function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
}
