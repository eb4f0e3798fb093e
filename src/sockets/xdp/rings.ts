/**
 * The memory that one queue's socket shares with the kernel: places for frames (UMEM), and the four rings by which they
 * go back and forth, mapped over its tail (Documentation/networking/af_xdp.rst of Linux).
 */

import { FRAMES_AT_ONCE } from './frame.ts';
import { ETHERNET_BYTES } from './headers.ts';

/** Of memory, as the kernel maps it. */
export const PAGE_BYTES = 4096;
const WASM_PAGE_BYTES = 65_536;
/** What a receiving place holds before a frame: XDP_PACKET_HEADROOM. */
export const HEADROOM_BYTES = 256;
/** Of the processor's caches. */
const LINE_BYTES = 64;

/** An odd number of lines, so that the first lines of all do not compete for the same few places of a cache. */
const SLOT_BYTES = 11 * LINE_BYTES;
const SLOTS = 128;

/**
 * What one queue has of the array in which replies lie that leave in bulk (bulk.ts): a header, and a place for each of a
 * batch, whole pages in all.
 */
export const BULK = {
  SLOTS,
  SLOT_BYTES,
  /** Before a reply stands its length. */
  REPLY_AT: 16,
  /**
   * With an Ethernet header, what nearly every link carries (RFC 791 §3.1). A veth whose other end takes only shorter frames
   * drops those behind a longer one too, up to 15.
   */
  FRAME_BYTES_MAX: ETHERNET_BYTES + 576,
  HEADER_BYTES: PAGE_BYTES,
  /** In the header: frames that the program has made, and, on a line of its own, those that were handed over. */
  MADE_AT: 0,
  TAKEN_AT: LINE_BYTES,
  BYTES: PAGE_BYTES + SLOTS * SLOT_BYTES,
  /** Of a frame before the program writes a reply into it, and makes it as long as that. The first word is the queue. */
  BLANK_BYTES: 128,
  /**
   * The reply begins a line behind that: the kernel takes the memory of a frame that is through for a later one of the same
   * run, as it was left, with whatever the other end wrote before it, the headers of a tunnel, say.
   */
  BLANK_FRAME_AT: LINE_BYTES,
} as const;

/** Where a ring keeps what, from the start of its mapping, in bytes, as the kernel says by XDP_MMAP_OFFSETS. */
export interface RingOffsets {
  readonly producer: number;
  readonly consumer: number;
  readonly descriptors: number;
  readonly flags: number;
}

/** In the order in which the kernel tells of them. */
export const RINGS = ['rx', 'tx', 'fill', 'completion'] as const;
type RingName = (typeof RINGS)[number];

/** A descriptor of `rx` and `tx` is a place (64 bits), a length and options (32 each); of the others, a place. */
const DESCRIPTOR_WORDS: Readonly<Record<RingName, number>> = { rx: 4, tx: 4, fill: 2, completion: 2 };

/** A ring in the memory: places of its words, counted in words. */
export type Ring = RingOffsets;

export interface QueueMemory {
  /** Places of so many bytes each, one after the other from the start. */
  readonly places: number;
  readonly placeBytes: number;
  /** Where each ring is mapped, in bytes. */
  readonly mappings: Readonly<Record<RingName, { readonly at: number; readonly bytes: number }>>;
  readonly rings: Readonly<Record<RingName, Ring>>;
  /** See FrameMemory. */
  readonly scratch: number;
  readonly scratchBytes: number;
  /** See BULK. Plain memory until that is laid over it. */
  readonly bulk: number;
  /** Words of our own: see XdpQueue. */
  readonly state: number;
  readonly bytes: number;
}

/** Every ring has room for all places, so that none is ever full. */
export function layOutQueue(
  places: number,
  placeBytes: number,
  offsets: Readonly<Record<RingName, RingOffsets>>,
): QueueMemory {
  let next = places * placeBytes;
  const take = (bytes: number): number => {
    const at = next;
    next += Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
    return at;
  };
  const mapping = (name: RingName): { at: number; bytes: number } => {
    const bytes = offsets[name].descriptors + places * DESCRIPTOR_WORDS[name] * 4;
    return { at: take(bytes), bytes };
  };
  const mappings = { rx: mapping('rx'), tx: mapping('tx'), fill: mapping('fill'), completion: mapping('completion') };
  const ring = (name: RingName): Ring => {
    const word = (offset: number): number => (mappings[name].at + offset) >> 2;
    const { producer, consumer, descriptors, flags } = offsets[name];
    return { producer: word(producer), consumer: word(consumer), descriptors: word(descriptors), flags: word(flags) };
  };
  const rings = { rx: ring('rx'), tx: ring('tx'), fill: ring('fill'), completion: ring('completion') };
  // A line more than a frame may have, so that the first lines of all do not compete for the same few places.
  const scratchBytes = placeBytes + LINE_BYTES;
  const own = take(LINE_BYTES + FRAMES_AT_ONCE * scratchBytes);
  const scratch = own + LINE_BYTES;
  const bulk = take(BULK.BYTES);
  return { places, placeBytes, mappings, rings, scratch, scratchBytes, bulk, state: own >> 2, bytes: next };
}

/** What is used of it; the types of the language leave it to those of browsers. */
interface WebAssemblyMemories {
  readonly Memory: new (limits: {
    initial: number;
    maximum: number;
    shared: true;
  }) => {
    readonly buffer: SharedArrayBuffer;
  };
}

/** Memory that begins on a page, that threads share, and that stays where it is: only this kind promises all three. */
export function createQueueMemory(bytes: number): SharedArrayBuffer {
  const { Memory } = (globalThis as unknown as { WebAssembly: WebAssemblyMemories }).WebAssembly;
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
  return new Memory({ initial: pages, maximum: pages, shared: true }).buffer;
}
