/** Asks one name flat out in batches, from a thread of its own, and holds every answer against what was acknowledged. */
import { parentPort, workerData } from 'node:worker_threads';
import koffi from 'koffi';
import { encodeSockaddr } from '../src/sockets/address.ts';
import { LINUX, type Libc, loadLibc } from '../src/sockets/libc.ts';
import { buildQuery } from '../test/fixtures/dns-client.ts';

export interface ClientTask {
  /** Of the server. */
  readonly address: string;
  readonly port: number;
  readonly name: string;
  readonly pools: number;
  /** ASKED, ACKNOWLEDGED, DONE, ANSWERS; see exactness.ts. */
  readonly words: Int32Array;
}

export const WORD = { ASKED: 0, ACKNOWLEDGED: 1, DONE: 2, ANSWERS: 3 } as const;

export interface ClientResult {
  readonly answers: number;
  /** Answers of a state before the one that was acknowledged when the query was sent, or of none at all. */
  readonly stale: number;
  readonly sent: number;
  /** Queries without an answer, however late. */
  readonly lost: number;
  /** Answers that came when nobody waited for them any more, a second later: which state they are of is not known. */
  readonly afterwards: number;
  /** What answers no query that was still open: a second answer, or one to a stranger who asked in the client's name. */
  readonly unasked: number;
  /** Answers before that which took longer than LATE_MS, and the longest time that one took. */
  readonly late: number;
  readonly slowestMs: number;
}

const BATCH = 32;
const MESSAGE_BYTES = 512;
const MMSGHDR_BYTES = 64;
const IOVEC_BYTES = 16;
/** So long may two processes on the cores of one machine keep each other waiting; who resolves asks again much later. */
export const LATE_MS = 10;
/** When a query is waited for no more. */
const WAIT_MS = 1000;
/** At the end, for what nobody waits for any more: nothing that comes is waited for by it. */
const END_MS = 10 * WAIT_MS;
/** Looks for the rest of a batch between two at the clock. */
const LOOKS = 50;
/** The answer's address is the end of the message: one A record, no EDNS. */
const POOL_AT_END = 1;

const connect = koffi.load('libc.so.6').func('int connect(int, const void *, uint)');

class BatchClient {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #memory: Uint8Array;
  readonly #words: Int32Array;
  readonly #address: number;
  readonly #queryBytes: number;
  /** Answers to earlier rounds that were given up. */
  afterwards = 0;
  unasked = 0;
  /** Queries of each of those that no answer has come to, by the ID that they carry. */
  readonly #givenUp = new Map<number, number>();

  constructor(libc: Libc, { address, port, name }: ClientTask) {
    this.#libc = libc;
    this.#fd = libc.socket(LINUX.AF_INET, LINUX.SOCK_DGRAM | LINUX.SOCK_CLOEXEC, 0);
    const server = encodeSockaddr({ address, port });
    if (connect(this.#fd, server, server.length) !== 0) throw new Error('connect failed');
    const query = buildQuery({ name });
    this.#queryBytes = query.length;
    const buffer = new ArrayBuffer(2 * BATCH * (MMSGHDR_BYTES + IOVEC_BYTES + MESSAGE_BYTES));
    this.#memory = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#address = libc.addressOf(this.#memory);
    for (let i = 0; i < 2 * BATCH; i++) {
      this.#pointer(i * MMSGHDR_BYTES + 16, this.#address + this.#iovec(i));
      this.#words[(i * MMSGHDR_BYTES + 24) >> 2] = 1;
      this.#pointer(this.#iovec(i), this.#address + this.#message(i));
      this.#words[(this.#iovec(i) + 8) >> 2] = i < BATCH ? query.length : MESSAGE_BYTES;
      if (i < BATCH) this.#memory.set(query, this.#message(i));
    }
  }

  #iovec(i: number): number {
    return 2 * BATCH * MMSGHDR_BYTES + i * IOVEC_BYTES;
  }

  #message(i: number): number {
    return 2 * BATCH * (MMSGHDR_BYTES + IOVEC_BYTES) + i * MESSAGE_BYTES;
  }

  #pointer(at: number, address: number): void {
    this.#words[at >> 2] = (address % 2 ** 32) | 0;
    this.#words[(at >> 2) + 1] = Math.floor(address / 2 ** 32);
  }

  /** Sends a batch whose queries carry the round in their ID. */
  send(round: number): void {
    for (let i = 0; i < BATCH; i++) {
      this.#memory[this.#message(i)] = (round >> 8) & 0xff;
      this.#memory[this.#message(i) + 1] = round & 0xff;
    }
    for (let done = 0; done < BATCH; ) {
      done += Math.max(1, this.#libc.sendmmsg(this.#fd, this.#address + done * MMSGHDR_BYTES, BATCH - done, 0));
    }
  }

  /** Receives what is there; calls back with the last byte of each answer to the round. */
  receive(round: number, answered: (lastByte: number) => void): void {
    const at = this.#address + BATCH * MMSGHDR_BYTES;
    const count = this.#libc.recvmmsg(this.#fd, at, BATCH, LINUX.MSG_DONTWAIT, 0);
    for (let i = 0; i < count; i++) {
      const message = this.#message(BATCH + i);
      const length = this.#words[((BATCH + i) * MMSGHDR_BYTES + 56) >> 2];
      const id = (this.#memory[message] << 8) | this.#memory[message + 1];
      if (id !== (round & 0xffff)) {
        this.#takeLate(id);
        continue;
      }
      const isWhole = length === this.#queryBytes + 16;
      answered(isWhole ? this.#memory[message + length - POOL_AT_END] : 0);
    }
  }

  /** So many queries of a round are waited for no more. */
  giveUp(round: number, missing: number): void {
    if (missing > 0) this.#givenUp.set(round & 0xffff, missing);
  }

  /** An answer to a query that was given up is judged by nothing: its query's time is forgotten. */
  #takeLate(id: number): void {
    const missing = this.#givenUp.get(id) ?? 0;
    if (missing > 0) this.afterwards++;
    else this.unasked++;
    this.#givenUp.set(id, Math.max(0, missing - 1));
  }
}

/** State s answers from pool s modulo `pools`, whose address ends in that number plus one. */
function run(libc: Libc, task: ClientTask): ClientResult {
  const { words, pools } = task;
  const client = new BatchClient(libc, task);
  let answers = 0;
  let stale = 0;
  let givenUp = 0;
  let late = 0;
  let slowestMs = 0;
  let round = 0;
  for (; Atomics.load(words, WORD.DONE) === 0; round++) {
    const acknowledged = Atomics.load(words, WORD.ACKNOWLEDGED);
    const sentAt = performance.now();
    client.send(round);
    let missing = BATCH;
    let waitedMs = 0;
    const answered = (lastByte: number): void => {
      missing--;
      answers++;
      // What may be answered lies between what was acknowledged before the query and what was asked for by now.
      const ahead = (lastByte - 1 - (acknowledged % pools) + pools) % pools;
      if (lastByte === 0 || ahead > Atomics.load(words, WORD.ASKED) - acknowledged) stale++;
    };
    while (missing > 0 && waitedMs < WAIT_MS) {
      const before = missing;
      for (let look = 0; missing > 0 && look < LOOKS; look++) client.receive(round, answered);
      waitedMs = performance.now() - sentAt;
      if (before > missing && waitedMs > slowestMs) slowestMs = waitedMs;
      if (waitedMs > LATE_MS) late += before - missing;
    }
    givenUp += missing;
    client.giveUp(round, missing);
    Atomics.store(words, WORD.ANSWERS, answers);
  }
  // Those of the last rounds too may only be late.
  for (const endAt = performance.now() + END_MS; client.afterwards < givenUp && performance.now() < endAt; )
    client.receive(round, () => {});
  const { afterwards, unasked } = client;
  return { answers, stale, sent: round * BATCH, lost: givenUp - afterwards, afterwards, unasked, late, slowestMs };
}

const libc = loadLibc();
if (libc === undefined) throw new Error('this needs Linux');
parentPort?.postMessage(run(libc, workerData as ClientTask));
