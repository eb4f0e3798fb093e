/**
 * `npm run bench:batch -- [FOLDER…]`: what the code of a worker takes for an answer, from the batch as it was received to
 * the one that is sent, without the kernel: of this checkout and of others, whose batches take turns in one process, so
 * that a busy machine is as busy for all. This one shares its modules with the bench, and so what V8 has seen of them: two
 * states are best compared as two folders. `--full 4` has so many messages in a batch; `--edns cookie` asks
 * as most resolvers do; `--cold 60` reads so many MiB before each batch, as a kernel and 512 sockets do; `--sockets` has
 * the kernel itself do it, and leaves out what its calls take; `--row 100` has each checkout find its own in the caches.
 * `--xdp` has frames in the rings of an AF_XDP socket in place of messages.
 */
import path from 'node:path';
import type { Responder } from '../src/responder/answer.ts';
import { inlineWidely } from '../src/sockets/inlining.ts';
import { type Libc, loadLibc as loadOwnLibc } from '../src/sockets/libc.ts';
import { QUERIES_AT_ONCE } from '../src/table/touch.ts';
import { decode } from '../test/fixtures/dns-client.ts';
import { askBytes } from '../test/fixtures/table.ts';
import { commandLine, wholeNumber } from '../tools/command-line.ts';
import { BatchClients } from './batch-clients.ts';
import { openFrames } from './batch-frames.ts';
import {
  COOKIE_OPTION,
  EDNS,
  type Edns,
  KINDS,
  type Kind,
  NXDOMAIN_AMONG,
  queryBytes,
  questions,
  seededRandom,
  type ZoneSize,
} from './workload.ts';

const { values, positionals } = commandLine({
  allowPositionals: true,
  options: {
    kind: { type: 'string', default: 'weighted-a' },
    names: { type: 'string', default: '1000' },
    cold: { type: 'string', default: '0' },
    batches: { type: 'string', default: '12000' },
    edns: { type: 'string', default: 'plain' },
    'as-v8': { type: 'boolean', default: false },
    sockets: { type: 'boolean', default: false },
    row: { type: 'string', default: '1' },
    xdp: { type: 'boolean', default: false },
    full: { type: 'string', default: String(QUERIES_AT_ONCE) },
  },
});
const BATCHES = wholeNumber(values.batches, '--batches');
/** The compilers have done their work by then. */
const WARMUP_BATCHES = values.sockets ? 4000 : 20_000;
/** Batches in a row of one checkout. */
const ROW = wholeNumber(values.row, '--row');
/** Messages in a batch. */
const FULL = wholeNumber(values.full, '--full');
/** As at 250,000 answers a second. */
const BATCHES_A_MS = 8;
const QUERIES = 2 ** 16;
const CLIENTS = 512;
const NAMES = wholeNumber(values.names, '--names');
const SIZE: ZoneSize = { services: NAMES, hosts: NAMES, aliases: 1000 };
const kind = [...KINDS, NXDOMAIN_AMONG].find((one) => one === values.kind) as Kind;
const edns = EDNS.find((one) => one === values.edns) as Edns;
const asked = [...questions(kind, SIZE, QUERIES)];
/** Unix time, milliseconds. */
const NOW_MS = 1e12;
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const random = seededRandom(3);
const clients = Uint16Array.from({ length: QUERIES }, () => Math.floor(random() * CLIENTS));

interface World {
  readonly folder: string;
  readonly timesMs: Float64Array;
  /** Answers a batch; milliseconds. */
  turn(nowMs: number): number;
}

/** A checkout's own modules: the types are this one's, the code is theirs. */
async function open(folder: string): Promise<World> {
  const own = <Module>(file: string): Promise<Module> => import(path.join(path.resolve(folder), file));
  const { BatchSocket } = await own<typeof import('../src/sockets/batch/socket.ts')>('src/sockets/batch/socket.ts');
  const memory = await own<typeof import('../src/sockets/batch/memory.ts')>('src/sockets/batch/memory.ts');
  const { loadLibc } = await own<typeof import('../src/sockets/libc.ts')>('src/sockets/libc.ts');
  const { makeTable } = await own<typeof import('../test/fixtures/table.ts')>('test/fixtures/table.ts');
  const { benchChanges } = await own<typeof import('./bench-zone.ts')>('bench/bench-zone.ts');
  const { benchOptions } = await own<typeof import('./options.ts')>('bench/options.ts');
  const made = makeTable({ initialBytes: 2 ** 20, maxBytes: 2 ** 31, responder: benchOptions() });
  if (edns === 'do') {
    // Checkouts from before there were signatures have none of it.
    const { benchSigners } = await own<typeof import('./signers.ts')>('bench/signers.ts');
    made.table.signWith(benchSigners());
  }
  for (const changes of benchChanges(SIZE)) {
    const problem = made.table.prepare(changes);
    if (problem !== undefined) throw new Error(problem.detail);
    made.table.publish();
  }
  const cookie = edns === 'cookie' ? learn(made.responder) : '';
  const queries = asked.map((question) => queryBytes(question, edns, cookie));
  if (values.xdp) {
    const frames = await openFrames(own, queries, clients);
    const turn = (nowMs: number): number => {
      frames.receive(FULL);
      readMuch();
      made.responder.enter(nowMs);
      const startedAt = performance.now();
      frames.queue.answer(made.responder, FULL);
      frames.queue.send();
      const ms = performance.now() - startedAt;
      made.responder.leave();
      return (ms * QUERIES_AT_ONCE) / FULL;
    };
    return { folder, timesMs: new Float64Array(BATCHES), turn };
  }
  const real = loadLibc() as Libc;
  const seen: Uint8Array[] = [];
  let next = 0;
  let kernelMs = 0;
  // An earlier checkout may lack calls that the clients need.
  const sockets = values.sockets ? new BatchClients(loadOwnLibc() as Libc, CLIENTS) : undefined;
  const libc = {
    ...real,
    addressOf: (bytes: Uint8Array): number => {
      seen.push(bytes);
      return real.addressOf(bytes);
    },
    getsockopt: () => 0,
    recvmmsg: (fd: number, messages: number, count: number, flags: number) => {
      if (sockets !== undefined) {
        for (let i = 0; i < FULL; i++, next++) sockets.send(clients[next % QUERIES], queries[next % QUERIES]);
        return real.recvmmsg(fd, messages, count, flags, 0);
      }
      for (let i = 0; i < FULL; i++) place(i, next++ % QUERIES);
      return FULL;
    },
    sendmmsg: (fd: number, address: number, count: number) => {
      if (sockets === undefined) return count;
      const startedAt = performance.now();
      const sent = real.sendmmsg(fd, address, count, 0);
      kernelMs += performance.now() - startedAt;
      return sent;
    },
  } as unknown as Libc;
  const parts = new memory.BatchMemory(libc).parts;
  const socket = new BatchSocket(libc, sockets?.serverFd ?? 3, false);
  const bytes = seen.at(-1) as Uint8Array;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset);
  /** Message `i` of the batch, as the kernel would have written it. */
  function place(i: number, query: number): void {
    const { STRIDE, HEADER } = memory;
    bytes.set(queries[query], parts.requests + i * STRIDE.REQUEST);
    const header = (parts.receive + i * STRIDE.HEADER) >> 2;
    words[header + HEADER.LENGTH] = queries[query].length;
    words[header + HEADER.NAME_LENGTH] = 16;
    const port = 20_000 + clients[query];
    bytes.set([2, 0, port >> 8, port & 0xff, 127, 0, 0, 1], parts.names + i * STRIDE.NAME);
  }
  const turn = (nowMs: number): number => {
    const count = socket.receive(0);
    readMuch();
    made.responder.enter(nowMs);
    kernelMs = 0;
    const startedAt = performance.now();
    socket.answer(made.responder, count);
    const ms = performance.now() - startedAt - kernelMs;
    made.responder.leave();
    sockets?.receive();
    return (ms * QUERIES_AT_ONCE) / count;
  };
  return { folder, timesMs: new Float64Array(BATCHES), turn };
}

/** The cookie that a client gets on its first query, in hex. */
function learn(responder: Responder): string {
  const reply = askBytes(responder, queryBytes(asked[0], 'cookie'), true, LOOPBACK, NOW_MS);
  const options = reply === undefined ? undefined : decode(reply).edns?.options;
  return options?.find(({ code }) => code === COOKIE_OPTION)?.data.toString('hex') ?? '';
}

const much = new Int32Array((Number(values.cold) * 2 ** 20) / 4);
let sum = 0;
/** A step beyond a line, so that the processor does not see what comes next. */
function readMuch(): void {
  for (let at = 0; at < much.length; at += 528) sum = (sum + much[at]) | 0;
}

if (!values['as-v8']) inlineWidely();
const worlds: World[] = [];
for (const folder of [...positionals, '.']) worlds.push(await open(folder));
for (let first = -WARMUP_BATCHES; first < BATCHES; first += ROW) {
  for (const world of worlds) {
    for (let batch = first; batch < first + ROW; batch++) {
      const ms = world.turn(NOW_MS + batch / BATCHES_A_MS);
      if (batch >= 0) world.timesMs[batch] = ms;
    }
  }
}
for (const { folder, timesMs } of worlds) {
  timesMs.sort();
  const ns = (share: number): string => ((timesMs[Math.floor(BATCHES * share)] * 1e6) / 32).toFixed(0);
  console.log(
    `${folder}: ${values.kind}, ${edns}, ${ns(0.1)} ns an answer in the fastest tenth of batches, median ${ns(0.5)}`,
  );
}
process.exit(sum === 1 ? 1 : 0);
