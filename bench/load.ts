/**
 * The load generator, a process of its own: asks one server over loopback UDP, as fast as it answers or at a fixed
 * rate, holds each reply against what was expected, and prints what came of it as one line of JSON. It exists beside
 * dnsperf because that gives no percentiles, sends one message a system call, and does not check answers.
 */
import { loadLibc } from '../src/sockets/libc.ts';
import { type CpuTime, cpuBetween, cpuTime } from './cpu.ts';
import { BATCH, LOST_AFTER_MS, LoadSocket, type QueryList, Tally } from './load-socket.ts';
import { answersTo, type Edns, type Kind, queryBytes, questions, seededRandom, type ZoneSize } from './workload.ts';

export interface LoadOptions {
  readonly port: number;
  readonly kind: Kind;
  readonly edns: Edns;
  /** In hex: what `learnCookie` has learned; empty: a client's first. */
  readonly cookie: string;
  readonly size: ZoneSize;
  /** Different queries, asked in turn. */
  readonly queries: number;
  /** Queries per second, arriving at random (Poisson); 0: as fast as they are answered. */
  readonly qps: number;
  /** Sockets to ask from, each a client with a port of its own. */
  readonly clients: number;
  /** Queries outstanding at once where `qps` is 0; at least one for each socket. */
  readonly window: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  /** The server's processes, whose CPU time is read at both ends of the measured time. */
  readonly pids: readonly number[];
}

export interface LoadResult {
  readonly seconds: number;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly wrong: number;
  readonly firstWrong: string;
  readonly qps: number;
  readonly latencyUs: { readonly mean: number; readonly p50: number; readonly p99: number; readonly max: number };
  /** Of the server's processes. */
  readonly cpu: CpuTime;
  readonly cpuUsPerQuery: { readonly total: number; readonly user: number; readonly system: number };
  /** Share of looks at a socket that found nothing: near 0 at saturation means that this generator is the limit. */
  readonly generatorIdleShare: number;
}

/** How often lost queries are looked for. */
const EXPIRE_EVERY_MS = 50;

function buildQueries({ kind, edns, cookie, size, queries }: LoadOptions): QueryList {
  const starts = new Uint32Array(queries + 1);
  const expected = new Uint8Array(queries);
  const parts: Buffer[] = [];
  let at = 0;
  let i = 0;
  for (const question of questions(kind, size, queries)) {
    const bytes = queryBytes(question, edns, cookie);
    parts.push(bytes);
    expected[i] = question.rcode | (answersTo(question, edns) << 4);
    at += bytes.length;
    starts[++i] = at;
  }
  // Not Buffer.concat's pooled memory: the address must be that of the whole.
  const bytes = new Uint8Array(at);
  parts.forEach((part, n) => {
    bytes.set(part, starts[n]);
  });
  return { bytes, starts, expected };
}

/** Sends and receives until `end`. */
class Generator {
  readonly #sockets: LoadSocket[];
  readonly #options: LoadOptions;
  readonly #random = seededRandom(2);
  /** Queries of one socket at once where `qps` is 0. */
  readonly #share: number;
  #nextQuery = 0;
  #nextSocket = 0;
  #nextArrivalMs = 0;
  #lastExpireMs = 0;

  constructor(sockets: LoadSocket[], options: LoadOptions) {
    this.#sockets = sockets;
    this.#options = options;
    this.#share = Math.ceil(options.window / options.clients);
  }

  run(seconds: number, tally: Tally): void {
    const end = performance.now() + seconds * 1000;
    this.#nextArrivalMs = performance.now();
    for (let now = performance.now(); now < end; now = performance.now()) {
      if (this.#options.qps === 0) this.#refill(tally);
      else this.#arrive(now, tally);
      for (const socket of this.#sockets) if (socket.outstanding > 0) socket.receive(clock, tally);
      this.#expire(now, tally);
    }
  }

  /** Waits for the last replies. */
  drain(tally: Tally): void {
    const end = performance.now() + LOST_AFTER_MS + EXPIRE_EVERY_MS;
    for (let now = performance.now(); now < end && this.outstanding > 0; now = performance.now()) {
      for (const socket of this.#sockets) if (socket.outstanding > 0) socket.receive(clock, tally);
      this.#expire(now, tally);
    }
  }

  get outstanding(): number {
    return this.#sockets.reduce((sum, socket) => sum + socket.outstanding, 0);
  }

  #expire(now: number, tally: Tally): void {
    if (now - this.#lastExpireMs < EXPIRE_EVERY_MS) return;
    this.#lastExpireMs = now;
    for (const socket of this.#sockets) socket.expire(now, tally);
  }

  /** Closed loop: as many outstanding as the window has room for, all at once, so that a fast server too has a full batch. */
  #refill(tally: Tally): void {
    for (const socket of this.#sockets) {
      const room = Math.min(BATCH, this.#share - socket.outstanding);
      if (room > 0) this.#send(socket, room, tally);
    }
  }

  /** Open loop: what is due, whether or not the server keeps up, each from the socket after the last. */
  #arrive(now: number, tally: Tally): void {
    for (let due = 0; this.#nextArrivalMs <= now && due < BATCH; due++) {
      this.#nextArrivalMs += (-Math.log(1 - this.#random()) * 1000) / this.#options.qps;
      const socket = this.#sockets[this.#nextSocket];
      this.#nextSocket = (this.#nextSocket + 1) % this.#options.clients;
      this.#send(socket, 1, tally);
    }
  }

  #send(socket: LoadSocket, wanted: number, tally: Tally): void {
    const { queries } = this.#options;
    const count = Math.min(wanted, queries - this.#nextQuery);
    socket.send(this.#nextQuery, count, performance.now(), tally);
    this.#nextQuery = (this.#nextQuery + count) % queries;
  }
}

const clock = (): number => performance.now();

/** The latency below which `share` of the replies came, microseconds. */
function percentile(latencies: Uint32Array, share: number): number {
  const total = latencies.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (let us = 0; us < latencies.length; us++) {
    seen += latencies[us];
    if (seen >= total * share) return us + 1;
  }
  return latencies.length;
}

function measure(options: LoadOptions): LoadResult {
  const libc = loadLibc();
  if (libc === undefined) throw new Error('the load generator needs Linux and koffi');
  const queries = buildQueries(options);
  const sockets = Array.from({ length: options.clients }, () => new LoadSocket(libc, options.port, queries));
  const generator = new Generator(sockets, options);
  generator.run(options.warmupSeconds, new Tally());
  const tally = new Tally();
  const before = cpuTime(options.pids);
  const startMs = performance.now();
  generator.run(options.seconds, tally);
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = cpuBetween(before, cpuTime(options.pids));
  const { received } = tally;
  const idle = tally.emptyReceives / tally.receives;
  generator.drain(tally);
  const perQuery = (ms: number): number => (ms * 1000) / received;
  return {
    seconds,
    sent: tally.sent,
    received,
    lost: tally.lost,
    wrong: tally.wrong,
    firstWrong: tally.firstWrong,
    qps: received / seconds,
    latencyUs: {
      mean: (tally.latencySumMs * 1000) / tally.received,
      p50: percentile(tally.latencies, 0.5),
      p99: percentile(tally.latencies, 0.99),
      max: tally.latencyMaxMs * 1000,
    },
    cpu,
    cpuUsPerQuery: { total: perQuery(cpu.totalMs), user: perQuery(cpu.userMs), system: perQuery(cpu.systemMs) },
    generatorIdleShare: idle,
  };
}

const [text] = process.argv.slice(2);
if (import.meta.main && text !== undefined) console.log(JSON.stringify(measure(JSON.parse(text) as LoadOptions)));
