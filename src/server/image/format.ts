/**
 * A copy of a table's memory in a file, so that a restart reads no rows: a head of one page that says what it is, then the
 * parts of the memory as they were. The head is written last, and the file takes its name only then.
 */
import { crc32 } from 'node:zlib';
import type { Held } from '../../table/changes.ts';
import { countersUsed } from '../../table/counters.ts';
import { CONTROL, WRITER } from '../../table/layout.ts';
import { LAYOUT_VERSION, type TableMemory } from '../../table/shared-memory.ts';

/** In the data directory. */
export const IMAGE_FILE = 'table.img';
export const HEAD_BYTES = 4096;
/** What is read, written and summed at a time: in the caches of most machines, and a few milliseconds of a slow disk. */
export const PIECE_BYTES = 2 ** 20;
const MAGIC = 'TEAL table image';

/** What a head says. */
export interface ImageHead extends Held {
  readonly magic: typeof MAGIC;
  /** Of the memory: two builds with the same one put the same things at the same places. */
  readonly layout: number;
  /** Of Teal: another one might compile the same records otherwise. */
  readonly build: string;
  readonly generation: number;
  readonly lastId: number;
  /** Bytes of each part, in their order: the arena, each worker's counters, the notes. */
  readonly parts: readonly number[];
  /** CRC-32 of all parts, one after the other (a sum against damage, not against forgers: those who can write here can do anything). */
  readonly sum: number;
}

/** The parts of a memory that are in use, at this moment. */
export function partsOf({ shared, counters, notes }: TableMemory): Uint8Array[] {
  const control = new Int32Array(shared.control);
  const arena = Atomics.load(control, CONTROL.ARENA_NEXT) * 4;
  const used = countersUsed(notes);
  return [
    new Uint8Array(shared.arena, shared.start, arena),
    ...[...counters, notes].map((each) => new Uint8Array(each, 0, used)),
  ];
}

export function headOf({ shared }: TableMemory, build: string, parts: readonly Uint8Array[], sum: number): ImageHead {
  const control = new Int32Array(shared.control);
  const [revision, history] = new Float64Array(shared.control, WRITER.REVISION * 4, 2);
  return {
    magic: MAGIC,
    layout: LAYOUT_VERSION,
    build,
    revision,
    history,
    sum,
    generation: Atomics.load(control, CONTROL.GENERATION),
    lastId: Atomics.load(control, WRITER.LAST_ID),
    parts: parts.map(({ length }) => length),
  };
}

export function encodeHead(head: ImageHead): Uint8Array {
  const text = Buffer.from(JSON.stringify(head));
  const page = Buffer.alloc(HEAD_BYTES);
  page.writeUInt32LE(text.length, 0);
  page.writeUInt32LE(crc32(text), 4);
  text.copy(page, 8);
  return page;
}

/** The head, or why it is none of ours. */
export function decodeHead(page: Buffer, build: string): ImageHead | string {
  const length = page.length < HEAD_BYTES ? 0 : page.readUInt32LE(0);
  const text = page.subarray(8, 8 + length);
  if (length === 0 || text.length !== length || crc32(text) !== page.readUInt32LE(4)) return 'its head is damaged';
  const head = JSON.parse(text.toString()) as ImageHead;
  if (head.magic !== MAGIC) return 'it is no copy of a table';
  if (head.build !== build) return `it was written by teal ${head.build}, and this is ${build}`;
  if (head.layout !== LAYOUT_VERSION) return 'its layout is that of another build';
  return head;
}
