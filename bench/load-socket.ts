/** One client socket of the load generator: batches of queries out, replies in, on buffers that are laid out once. */
import koffi from 'koffi';
import { encodeSockaddr } from '../src/sockets/address.ts';
import { LINUX, type Libc } from '../src/sockets/libc.ts';
import { socketMemory } from '../src/sockets/open.ts';

/** The only call that the server itself has no use for. */
const connect = koffi.load('libc.so.6').func('int connect(int, const void *, uint)') as (
  fd: number,
  address: Uint8Array,
  length: number,
) => number;

/** Messages a system call. */
export const BATCH = 32;
const MMSGHDR_BYTES = 64;
const IOVEC_BYTES = 16;
const REPLY_BYTES = 2048;
const RECEIVE_BUFFER_BYTES = 4 * 2 ** 20;
/** Query IDs of a socket. */
const IDS = 65536;
/** A query without a reply for so long is lost. */
export const LOST_AFTER_MS = 1000;

/** Queries in wire form, one after the other, with what their answers must look like. */
export interface QueryList {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  /** RCODE | answers << 4, answers at most 15. */
  readonly expected: Uint8Array;
}

/** What came of the queries; `latencies[n]` counts replies after n microseconds, the last bucket all slower ones. */
export class Tally {
  sent = 0;
  received = 0;
  lost = 0;
  wrong = 0;
  /** The first reply that was not as expected, in hex. */
  firstWrong = '';
  latencySumMs = 0;
  latencyMaxMs = 0;
  readonly latencies = new Uint32Array(200_001);
  /** Looks at a socket that found no reply: at saturation near 0 means that the generator is the limit. */
  emptyReceives = 0;
  receives = 0;
}

export class LoadSocket {
  outstanding = 0;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #queries: QueryList;
  readonly #queryBase: number;
  readonly #memory: Uint8Array;
  readonly #words: Int32Array;
  readonly #send: number;
  readonly #receive: number;
  readonly #sentAtMs = new Float64Array(IDS);
  readonly #expected = new Uint8Array(IDS);
  #nextId = 0;
  #oldestId = 0;

  /** Connected to the server on loopback, with room for every reply that may be outstanding. */
  constructor(libc: Libc, port: number, queries: QueryList) {
    this.#libc = libc;
    this.#fd = libc.socket(LINUX.AF_INET, LINUX.SOCK_DGRAM | LINUX.SOCK_CLOEXEC, 0);
    const size = new Uint8Array(Int32Array.of(RECEIVE_BUFFER_BYTES).buffer);
    for (const option of [LINUX.SO_RCVBUF, LINUX.SO_RCVBUFFORCE]) {
      libc.setsockopt(this.#fd, LINUX.SOL_SOCKET, option, size, 4);
    }
    const server = encodeSockaddr({ address: '127.0.0.1', port });
    if (connect(this.#fd, server, server.length) !== 0) throw new Error('connect failed');
    this.#queries = queries;
    this.#queryBase = libc.addressOf(queries.bytes);
    const headers = BATCH * (MMSGHDR_BYTES + IOVEC_BYTES);
    const buffer = new ArrayBuffer(2 * headers + BATCH * REPLY_BYTES);
    this.#memory = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    const base = libc.addressOf(this.#memory);
    this.#send = base;
    this.#receive = base + headers;
    for (let i = 0; i < 2 * BATCH; i++) {
      const part = i < BATCH ? 0 : headers;
      const slot = i % BATCH;
      const header = part + slot * MMSGHDR_BYTES;
      const iovec = part + BATCH * MMSGHDR_BYTES + slot * IOVEC_BYTES;
      this.#pointer(header + 16, base + iovec);
      this.#words[(header + 24) >> 2] = 1;
      this.#pointer(iovec, base + 2 * headers + slot * REPLY_BYTES);
      this.#words[(iovec + 8) >> 2] = REPLY_BYTES;
    }
  }

  #pointer(at: number, address: number): void {
    this.#words[at >> 2] = (address % 2 ** 32) | 0;
    this.#words[(at >> 2) + 1] = Math.floor(address / 2 ** 32);
  }

  /** Sends `count` queries of the list, from `first` on. */
  send(first: number, count: number, nowMs: number, tally: Tally): void {
    const { bytes, starts, expected } = this.#queries;
    for (let i = 0; i < count; i++) {
      const query = first + i;
      const id = this.#nextId;
      this.#nextId = (id + 1) % IDS;
      const start = starts[query];
      bytes[start] = id >> 8;
      bytes[start + 1] = id & 0xff;
      // Still there after 65,535 others.
      if (this.#sentAtMs[id] !== 0) this.#lose(id, tally);
      this.#sentAtMs[id] = nowMs;
      this.#expected[id] = expected[query];
      const iovec = BATCH * MMSGHDR_BYTES + i * IOVEC_BYTES;
      this.#pointer(iovec, this.#queryBase + start);
      this.#words[(iovec + 8) >> 2] = starts[query + 1] - start;
    }
    let done = 0;
    while (done < count) {
      const sent = this.#libc.sendmmsg(this.#fd, this.#send + done * MMSGHDR_BYTES, count - done, 0);
      // What the kernel refuses (nobody listens any more, say) counts as lost in the end.
      done += Math.max(sent, 1);
    }
    this.outstanding += count;
    tally.sent += count;
  }

  /** Takes what replies there are. */
  receive(now: () => number, tally: Tally): void {
    const count = this.#libc.recvmmsg(this.#fd, this.#receive, BATCH, LINUX.MSG_DONTWAIT, 0);
    tally.receives++;
    if (count <= 0) {
      tally.emptyReceives++;
      return;
    }
    const nowMs = now();
    const memory = this.#memory;
    const replies = 2 * BATCH * (MMSGHDR_BYTES + IOVEC_BYTES);
    for (let i = 0; i < count; i++) {
      const at = replies + i * REPLY_BYTES;
      const id = (memory[at] << 8) | memory[at + 1];
      const sentAt = this.#sentAtMs[id];
      if (sentAt === 0) continue;
      this.#sentAtMs[id] = 0;
      this.outstanding--;
      tally.received++;
      const answers = (memory[at + 6] << 8) | memory[at + 7];
      if (((memory[at + 3] & 15) | (answers << 4)) !== this.#expected[id]) this.#wrong(i, at, tally);
      const latencyMs = nowMs - sentAt;
      tally.latencySumMs += latencyMs;
      if (latencyMs > tally.latencyMaxMs) tally.latencyMaxMs = latencyMs;
      const bucket = Math.min(tally.latencies.length - 1, Math.floor(latencyMs * 1000));
      tally.latencies[bucket] = tally.latencies[bucket] + 1;
    }
  }

  #wrong(i: number, at: number, tally: Tally): void {
    tally.wrong++;
    if (tally.firstWrong !== '') return;
    const length = this.#words[(BATCH * (MMSGHDR_BYTES + IOVEC_BYTES) + i * MMSGHDR_BYTES + 56) >> 2];
    tally.firstWrong = Buffer.from(this.#memory.subarray(at, at + length)).toString('hex');
  }

  /** For who waits for several at once. */
  get fd(): number {
    return this.#fd;
  }

  /** Replies that came and found this socket's buffer full. */
  get dropped(): number {
    return socketMemory(this.#libc, this.#fd)?.dropped ?? 0;
  }

  close(): void {
    this.#libc.close(this.#fd);
  }

  /** Gives up on queries that have waited too long. */
  expire(nowMs: number, tally: Tally): void {
    while (this.#oldestId !== this.#nextId) {
      const sentAt = this.#sentAtMs[this.#oldestId];
      if (sentAt !== 0) {
        if (nowMs - sentAt < LOST_AFTER_MS) return;
        this.#lose(this.#oldestId, tally);
      }
      this.#oldestId = (this.#oldestId + 1) % IDS;
    }
  }

  #lose(id: number, tally: Tally): void {
    this.#sentAtMs[id] = 0;
    this.outstanding--;
    tally.lost++;
  }
}
