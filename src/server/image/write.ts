/** Writes a copy of a table's memory. */
import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { LOG_BYTES } from '../../store/log-length.ts';
import { freeBytes, KEPT_FREE_BYTES } from '../../store/room.ts';
import { WRITER } from '../../table/layout.ts';
import type { TableMemory } from '../../table/shared-memory.ts';
import { encodeHead, HEAD_BYTES, headOf, PIECE_BYTES, partsOf } from './format.ts';

const MODE = 0o600;

/** A copy leaves so much free: what the store has in its log comes into the database, and changes go on. */
const LEFT_FREE_BYTES = KEPT_FREE_BYTES + LOG_BYTES;

/** The table was changed while it was copied. */
export const STIRRED = 'stirred';

export interface ImageTask {
  readonly memory: TableMemory;
  readonly file: string;
  readonly build: string;
  /** Whether it must be on the disk before it takes its name; without it a power cut may leave a damaged one, which is found out. */
  readonly sync: boolean;
}

/**
 * Writes it, in place of the one before. Gives STIRRED, and leaves the one before, where the table was changed meanwhile.
 * Throws what the file system does, and where changes would have no room beside it: a start without it takes longer, and no more.
 */
export function writeImage({ memory, file, build, sync }: ImageTask): typeof STIRRED | undefined {
  const control = new Int32Array(memory.shared.control);
  const stirred = Atomics.load(control, WRITER.STIRRED);
  const parts = partsOf(memory);
  const bytes = parts.reduce((sum, { length }) => sum + length, HEAD_BYTES);
  if (!hasRoom(path.dirname(file), bytes)) throw new Error('the disk has no room for it beside that of changes');
  const made = `${file}.new`;
  const fd = fs.openSync(made, 'w', MODE);
  try {
    let sum = 0;
    let at = HEAD_BYTES;
    for (const part of parts) {
      for (let start = 0; start < part.length; start += PIECE_BYTES) {
        // A copy, so that what is summed is what is written: workers count meanwhile.
        const piece = part.slice(start, start + PIECE_BYTES);
        sum = crc32(piece, sum);
        at += writeAll(fd, piece, at);
      }
    }
    writeAll(fd, encodeHead(headOf(memory, build, parts, sum)), 0);
    if (Atomics.load(control, WRITER.STIRRED) !== stirred) return STIRRED;
    if (sync) fs.fsyncSync(fd);
    fs.renameSync(made, file);
    return undefined;
  } finally {
    fs.closeSync(fd);
    fs.rmSync(made, { force: true });
  }
}

function hasRoom(folder: string, bytes: number): boolean {
  try {
    const free = freeBytes(folder);
    return free === undefined || free >= bytes + LEFT_FREE_BYTES;
  } catch {
    // Whoever writes is told what is wrong.
    return true;
  }
}

/** A disk that is nearly full takes a part. */
function writeAll(fd: number, bytes: Uint8Array, at: number): number {
  for (let done = 0; done < bytes.length; ) {
    const written = fs.writeSync(fd, bytes, done, bytes.length - done, at + done);
    if (written === 0) throw new Error('the disk takes no more');
    done += written;
  }
  return bytes.length;
}
