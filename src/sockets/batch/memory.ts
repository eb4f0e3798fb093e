/** The memory of one batch of UDP messages: what recvmmsg and sendmmsg read and write, laid out once. */
import { QUERIES_AT_ONCE } from '../../table/touch.ts';
import { dataViewOf } from '../../wire/word-copy.ts';
import type { Libc } from '../libc.ts';

/** Messages a system call. More would only add latency: at 32 the calls cost less than the kernel's work a packet. */
export const BATCH = QUERIES_AT_ONCE;
/** A query is a name and some options; one that does not fit here is no query that we could answer. */
const REQUEST_BYTES = 2048;
/** `dns.udpMaxBytes` is at most this. */
const REPLY_BYTES = 4096;
/** Of the processor's caches. */
const LINE_BYTES = 64;
/** Room for an in6_pktinfo as it is received: a cmsghdr (16) and 20 bytes, rounded. */
export const RECEIVED_CONTROL_BYTES = 40;

/** From one part of a message to the same part of the next. */
export const STRIDE = {
  // A line more than they hold: at a power of two the first lines of all buffers would compete for the same few places
  // of the first-level cache.
  REQUEST: REQUEST_BYTES + LINE_BYTES,
  REPLY: REPLY_BYTES + LINE_BYTES,
  /** A sockaddr_in6 has 28. */
  NAME: 32,
  /** What is received, and behind it room for one more cmsghdr with a number when it is sent. */
  CONTROL: RECEIVED_CONTROL_BYTES + 24,
  IOVEC: 16,
  /** mmsghdr: msghdr (56), msg_len (4), padding (4). */
  HEADER: 64,
} as const;

/** Offsets in a mmsghdr, in 32-bit words. */
export const HEADER = {
  NAME: 0,
  NAME_LENGTH: 2,
  IOV: 4,
  IOV_COUNT: 6,
  CONTROL: 8,
  CONTROL_LENGTH: 10,
  FLAGS: 12,
  LENGTH: 14,
} as const;
/** Offset of an iovec's length, in bytes. */
export const IOVEC_LENGTH = 8;

export class BatchMemory {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Byte offsets of the parts, each for BATCH messages. */
  readonly parts = layOut();
  /** Where `bytes` is in the process. */
  readonly address: number;

  constructor(libc: Libc) {
    const { parts } = this;
    const buffer = new ArrayBuffer(parts.size + LINE_BYTES);
    // Every part begins on a line.
    const first = LINE_BYTES - (libc.addressOf(new Uint8Array(buffer)) % LINE_BYTES);
    this.bytes = new Uint8Array(buffer, first);
    this.words = new Int32Array(buffer, first);
    this.address = libc.addressOf(this.bytes);
    // From now on queries are read out of it by words.
    dataViewOf(this.bytes);
    for (let i = 0; i < BATCH; i++) {
      this.#point(parts.receiveIovecs + i * STRIDE.IOVEC, parts.requests + i * STRIDE.REQUEST);
      this.words[(parts.receiveIovecs + i * STRIDE.IOVEC + IOVEC_LENGTH) >> 2] = REQUEST_BYTES;
      this.#point(parts.sendIovecs + i * STRIDE.IOVEC, parts.replies + i * STRIDE.REPLY);
      this.#pointHeader(parts.receive + i * STRIDE.HEADER, parts.receiveIovecs, i);
      this.#pointHeader(parts.send + i * STRIDE.HEADER, parts.sendIovecs, i);
    }
  }

  #pointHeader(header: number, iovecs: number, i: number): void {
    this.#point(header + HEADER.NAME * 4, this.parts.names + i * STRIDE.NAME);
    this.#point(header + HEADER.IOV * 4, iovecs + i * STRIDE.IOVEC);
    this.#point(header + HEADER.CONTROL * 4, this.parts.controls + i * STRIDE.CONTROL);
    this.words[(header >> 2) + HEADER.NAME_LENGTH] = STRIDE.NAME;
    this.words[(header >> 2) + HEADER.IOV_COUNT] = 1;
  }

  /** Writes the pointer to the byte at `target`. */
  #point(at: number, target: number): void {
    const address = this.address + target;
    this.words[at >> 2] = (address % 2 ** 32) | 0;
    this.words[(at >> 2) + 1] = Math.floor(address / 2 ** 32);
  }
}

function layOut() {
  let size = 0;
  const part = (bytes: number): number => {
    const at = size;
    size += Math.ceil((bytes * BATCH) / LINE_BYTES) * LINE_BYTES;
    return at;
  };
  return {
    receive: part(STRIDE.HEADER),
    send: part(STRIDE.HEADER),
    receiveIovecs: part(STRIDE.IOVEC),
    sendIovecs: part(STRIDE.IOVEC),
    names: part(STRIDE.NAME),
    controls: part(STRIDE.CONTROL),
    requests: part(STRIDE.REQUEST),
    replies: part(STRIDE.REPLY),
    size,
  };
}
