/**
 * All memory of a table in one file of memory (memfd) that processes map: a head, then the arena, the control words, and
 * what is counted. Pages that nobody has written to take no memory, so that a long file costs addresses only.
 *
 * A buffer whose place is reserved for its full length (`maxByteLength`) takes the mapping over its own addresses, and is
 * made as long as it may become: views then never have to grow. Where memory cannot be shared, a table lies in buffers of
 * this process as they are, and grows in place.
 */
import { COUNTER, counterBytes, countersUsed, createCounterMemory, POOL_COUNTER } from './counters.ts';
import { mix32 } from './hash.ts';
import * as layout from './layout.ts';
import { arenaBytes, beginControl, createSharedTable, type SharedTable } from './memory.ts';
import { RESOLVER_BYTES } from './resolvers.ts';

/** What shares memory: the calls of the system; see sockets/shared-pages.ts. */
export interface SharedPages {
  sizeOf(fd: number): number;
  /** Gives an empty file its length, all zero, once and for all; or says why not. */
  setSize(fd: number, bytes: number): string | undefined;
  addressOf(buffer: SharedArrayBuffer): number;
  /** Puts bytes of the file in place of those at an address; or says why not. */
  map(fd: number, place: { address: number; bytes: number; offset: number }): string | undefined;
}

interface TableSizes {
  /** Workers that count, those for UDP and those for TCP; of all places. */
  readonly readers: number;
  readonly initialBytes: number;
  readonly maxBytes: number;
}

/** The memory of one table. */
export interface TableMemory {
  readonly shared: SharedTable;
  /** Each worker's counters, with its sample of resolvers. */
  readonly counters: readonly SharedArrayBuffer[];
  /** What the control plane notes of pools beside them. */
  readonly notes: SharedArrayBuffer;
  /** The file that it is; undefined: it is this process's own. */
  readonly fd: number | undefined;
}

/** Memory cannot be shared; the message says why. */
class MemoryError extends Error {}

const PAGE_BYTES = 4096;
const HUGE_PAGE_BYTES = 2 ** 21;
const MAGIC = 0x5445414c;
/** To be raised by whoever changes what stands in the memory without changing a constant of the layout. */
const FORM = 2;

/** Words of the file's first page. */
const HEAD = {
  MAGIC: 0,
  /** Every process that maps the file knows the same places. */
  LAYOUT: 1,
  READERS: 2,
  /** Of an arena; a 32-bit number. */
  MAX_BYTES: 3,
} as const;

/** Why memory is of no use to the code of another version. */
export const UNLIKE = 'its layout is that of another version';

/** A number that is the same where all places in the memory are. */
export const LAYOUT_VERSION = hashOf([FORM, Object.entries(layout).sort(), COUNTER, POOL_COUNTER, RESOLVER_BYTES]);

function hashOf(value: unknown): number {
  let hash = 0;
  for (const byte of Buffer.from(JSON.stringify(value))) hash = mix32(hash ^ byte);
  return hash;
}

/** Memory of this process only, for a table. */
export function createTableMemory({ readers, initialBytes, maxBytes }: TableSizes): TableMemory {
  return {
    shared: createSharedTable(initialBytes, maxBytes),
    counters: Array.from({ length: readers }, createCounterMemory),
    notes: createCounterMemory(),
    fd: undefined,
  };
}

/** Makes an empty file of memory that of a table, an empty one; or says why not. */
export function formatTableMemory(
  fd: number,
  { readers, maxBytes }: Omit<TableSizes, 'initialBytes'>,
  pages: SharedPages,
): TableMemory | string {
  return orWhy(() => {
    const plan = planOf(readers, arenaBytes(maxBytes));
    const failed = pages.setSize(fd, plan.bytes);
    if (failed !== undefined) return failed;
    const head = new Int32Array(mapped(pages, fd, { offset: 0, bytes: PAGE_BYTES }).buffer);
    head[HEAD.LAYOUT] = LAYOUT_VERSION;
    head[HEAD.READERS] = plan.readers;
    head[HEAD.MAX_BYTES] = plan.maxBytes | 0;
    head[HEAD.MAGIC] = MAGIC;
    const memory = mapParts(pages, fd, plan);
    beginControl(memory.shared.control);
    return memory;
  });
}

/** The same memory in another process, or why it is of no use to it; `empty` where nobody has formatted it. */
export function mapTableMemory(fd: number, pages: SharedPages): TableMemory | string {
  return orWhy(() => {
    const size = pages.sizeOf(fd);
    if (size === 0) return 'empty';
    if (size < PAGE_BYTES) return `it has ${size} bytes, and so is no table`;
    const words = new Int32Array(mapped(pages, fd, { offset: 0, bytes: PAGE_BYTES }).buffer);
    if (words[HEAD.MAGIC] !== MAGIC) return 'it is no table';
    if (words[HEAD.LAYOUT] !== LAYOUT_VERSION) return UNLIKE;
    const readers = words[HEAD.READERS];
    const plan = planOf(readers, words[HEAD.MAX_BYTES] >>> 0);
    if (readers < 1 || size !== plan.bytes) return `it has ${size} bytes, which its head denies`;
    return mapParts(pages, fd, plan);
  });
}

/** Makes it that of an empty table again; nobody may be reading it. */
export function clearTableMemory({ shared, counters, notes }: TableMemory): void {
  const used = countersUsed(notes);
  for (const memory of [...counters, notes]) new Uint8Array(memory, 0, Math.min(used, memory.byteLength)).fill(0);
  new Int32Array(shared.control).fill(0);
  // What is taken of the arena is cleared when it is.
  new Int32Array(shared.arena, shared.start, layout.ARENA.FIRST_FREE).fill(0);
  beginControl(shared.control);
}

function orWhy(work: () => TableMemory | string): TableMemory | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof MemoryError) return error.message;
    // Too few addresses are left to this process (`ulimit -v`).
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

interface Plan {
  readonly readers: number;
  /** Of the arena. */
  readonly maxBytes: number;
  readonly controlBytes: number;
  /** Of each memory of counters. */
  readonly counterBytes: number;
  /** Of the whole file. */
  readonly bytes: number;
}

/** The arena lies where a huge page begins; behind it control words, counters, notes. */
function planOf(readers: number, maxBytes: number): Plan {
  const counters = pagesOf(counterBytes(maxBytes));
  const controlBytes = pagesOf(layout.CONTROL_BYTES);
  const bytes = HUGE_PAGE_BYTES + maxBytes + controlBytes + (readers + 1) * counters;
  return { readers, maxBytes, controlBytes, counterBytes: counters, bytes };
}

function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

function mapParts(pages: SharedPages, fd: number, plan: Plan): TableMemory {
  const { maxBytes, readers } = plan;
  const arena = mapped(pages, fd, { offset: HUGE_PAGE_BYTES, bytes: maxBytes }, HUGE_PAGE_BYTES);
  let offset = HUGE_PAGE_BYTES + maxBytes;
  const next = (bytes: number): SharedArrayBuffer => {
    const { buffer } = mapped(pages, fd, { offset, bytes });
    offset += bytes;
    return buffer;
  };
  const control = next(plan.controlBytes);
  const counters = Array.from({ length: readers }, () => next(plan.counterBytes));
  const notes = next(plan.counterBytes);
  const shared = { control, arena: arena.buffer, start: arena.start, maxBytes, isMapped: true };
  return { shared, counters, notes, fd };
}

/** A buffer that holds bytes of the file from `start` on, where `alignment` has its place. Throws MemoryError. */
function mapped(
  pages: SharedPages,
  fd: number,
  { offset, bytes }: { offset: number; bytes: number },
  alignment = PAGE_BYTES,
): { buffer: SharedArrayBuffer; start: number } {
  const maxByteLength = alignment === PAGE_BYTES ? bytes : bytes + alignment;
  const buffer = new SharedArrayBuffer(PAGE_BYTES, { maxByteLength });
  const address = pages.addressOf(buffer);
  const start = Math.ceil(address / alignment) * alignment - address;
  const failed = pages.map(fd, { address: address + start, bytes, offset });
  if (failed !== undefined) throw new MemoryError(failed);
  // Only after that: what a buffer grows by would be promised to this process otherwise, and a small machine says no.
  buffer.grow(start + bytes);
  return { buffer, start };
}
