/** Reads a copy of a table's memory into memory that is empty. */
import fs from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Held } from '../../table/changes.ts';
import { ARENA, CONTROL, WRITER } from '../../table/layout.ts';
import type { TableMemory } from '../../table/shared-memory.ts';
import { decodeHead, HEAD_BYTES, type ImageHead, PIECE_BYTES } from './format.ts';

/**
 * What the memory holds from then on; undefined: there is no such file; or why it is of no use: the memory may hold a part
 * of it then, and is said to be not loaded.
 */
export function readImage(file: string, build: string, memory: TableMemory): Held | string | undefined {
  let fd: number;
  try {
    fd = fs.openSync(file, 'r');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : (error as Error).message;
  }
  try {
    const page = Buffer.alloc(HEAD_BYTES);
    const length = fs.readSync(fd, page, 0, HEAD_BYTES, 0);
    const head = decodeHead(page.subarray(0, length), build);
    if (typeof head === 'string') return head;
    return fill(fd, head, memory) ?? begin(head, memory);
  } catch (error) {
    return (error as Error).message;
  } finally {
    fs.closeSync(fd);
  }
}

/** Reads the parts; or says why not, and leaves the memory as good as empty. */
function fill(fd: number, { parts, sum }: ImageHead, memory: TableMemory): string | undefined {
  const whole = parts.reduce((bytes, part) => bytes + part, HEAD_BYTES);
  const { size } = fs.fstatSync(fd);
  if (size !== whole) return `it has ${size} bytes of ${whole}`;
  const places = placesOf(memory, parts);
  if (typeof places === 'string') return places;
  let found = 0;
  let at = HEAD_BYTES;
  for (const place of places) {
    found = readPart(fd, place, at, found);
    at += place.length;
  }
  if (found === sum) return undefined;
  // Whatever is taken of the arena is cleared when it is; what is counted goes on from what stands there.
  places[0].fill(0, 0, ARENA.FIRST_FREE * 4);
  for (const place of places.slice(1)) place.fill(0);
  return 'it is damaged';
}

/** Where the parts belong; or why they do not fit. */
function placesOf({ shared, counters, notes }: TableMemory, parts: readonly number[]): Uint8Array[] | string {
  const arena = parts[0];
  if (arena > shared.maxBytes) return `its ${arena} bytes are more than table.maxBytes`;
  // With other workers nobody could go on counting: what they answered is assumed then, as it is without a copy.
  const isSame = parts.length === counters.length + 2;
  const memories = [...counters, notes].slice(isSame ? 0 : -1);
  const unread = parts.slice(1, isSame ? 1 : -1).map((bytes) => new Uint8Array(bytes));
  const used = parts[parts.length - 1];
  if (memories.some(({ maxByteLength }) => maxByteLength < used)) return 'it counts more pools than fit';
  return [placeIn(shared.arena, shared.start, arena), ...unread, ...memories.map((memory) => placeIn(memory, 0, used))];
}

function placeIn(memory: SharedArrayBuffer, start: number, bytes: number): Uint8Array {
  if (memory.byteLength < start + bytes) memory.grow(Math.ceil((start + bytes) / 4096) * 4096);
  return new Uint8Array(memory, start, bytes);
}

/** Reads bytes of the file; their sum. */
function readPart(fd: number, place: Uint8Array, at: number, sum: number): number {
  let found = sum;
  for (let done = 0; done < place.length; ) {
    const read = fs.readSync(fd, place, done, Math.min(PIECE_BYTES, place.length - done), at + done);
    if (read === 0) throw new Error('it ends too soon');
    found = crc32(place.subarray(done, done + read), found);
    done += read;
  }
  return found;
}

function begin({ generation, lastId, parts, revision, history }: ImageHead, { shared }: TableMemory): Held {
  const control = new Int32Array(shared.control);
  const held = new Float64Array(shared.control, WRITER.REVISION * 4, 2);
  [held[0], held[1]] = [revision, history];
  Atomics.store(control, CONTROL.ARENA_NEXT, parts[0] / 4);
  Atomics.store(control, WRITER.LAST_ID, lastId);
  Atomics.store(control, CONTROL.GENERATION, generation);
  Atomics.store(control, WRITER.IS_LOADED, 1);
  return { revision, history };
}
