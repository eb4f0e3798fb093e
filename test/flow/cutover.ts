/** The cutover checker: many clients ask while the table shifts; every answer is held against what was acknowledged. */
import { Worker } from 'node:worker_threads';
import type { ResponderOptions } from '../../src/responder/options.ts';
import { Fleet } from '../../src/sockets/fleet.ts';
import type { InheritedEndpoint } from '../../src/sockets/inherited.ts';
import { loadLibc } from '../../src/sockets/libc.ts';
import { openEndpoint } from '../../src/sockets/open.ts';
import type { TcpLimits } from '../../src/sockets/tcp/limits.ts';
import type { TableChange } from '../../src/table/changes.ts';
import { COUNTER, CounterRegistry } from '../../src/table/counters.ts';
import { createTableMemory } from '../../src/table/shared-memory.ts';
import { Table } from '../../src/table/table.ts';
import { apply, defaultOptions, nameKeys, rrset, service, zone } from '../fixtures/table.ts';
import { WORD } from './cutover-words.ts';

/** The entry module of workers that are broken in one way: all of them, or those of one protocol. See mutants.ts. */
export function mutant(name: string, only: 'udp' | 'tcp' | 'all' = 'all'): URL {
  const url = new URL('./mutants.ts', import.meta.url);
  url.searchParams.set('mutant', name);
  url.searchParams.set('only', only);
  return url;
}

export interface FleetFixture {
  readonly fleet: Fleet;
  readonly table: Table;
  readonly port: number;
  /** UDP workers. */
  readonly workers: number;
  readonly counters: CounterRegistry;
  readonly errors: string[];
  readonly replaced: number[];
}

/** The defaults of the settings, but clients from loopback, which all tests are, are limited like others. */
const tcpLimits: TcpLimits = {
  maxConnections: 1000,
  maxConnectionsPerPrefix: 200,
  idleSeconds: 10,
  ipv4PrefixLength: 24,
  ipv6PrefixLength: 56,
  exempt: [],
};

/** Workers over a table of their own, on a loopback port that the kernel chose. */
export async function startFleet(
  options: {
    workers?: number;
    entry?: URL;
    transport?: 'batch' | 'portable' | 'auto';
    /** Default 127.0.0.1. */
    addresses?: readonly string[];
    port?: number;
    initialBytes?: number;
    responder?: Partial<ResponderOptions>;
    maxBytes?: number;
    tcp?: Partial<TcpLimits>;
    startLimitMs?: number;
    /** So many UDP sockets for all workers, handed over as a supervisor does. */
    handedOver?: number;
  } = {},
): Promise<FleetFixture> {
  const workers = options.workers ?? 2;
  const { initialBytes = 4096, maxBytes = 2 ** 28 } = options;
  const { shared, counters: memories } = createTableMemory({ readers: workers + 1, initialBytes, maxBytes });
  const counters = new CounterRegistry(memories, 1);
  const table = new Table(shared, counters, nameKeys());
  const errors: string[] = [];
  const replaced: number[] = [];
  const fleet = await Fleet.start({
    listen: (options.addresses ?? ['127.0.0.1']).map((address) => ({ address, port: options.port ?? 0 })),
    workers,
    transport: options.transport ?? 'auto',
    responder: { ...defaultOptions, ...options.responder },
    receiveBufferBytes: 4 * 2 ** 20,
    gatherMicroseconds: 100,
    tcp: { ...tcpLimits, ...options.tcp },
    shared,
    counters: memories,
    log: {
      info: () => {},
      warn: (fields) => replaced.push((fields as { reader: number }).reader),
      error: (fields) => errors.push((fields as { error: string }).error),
    },
    ...(options.handedOver === undefined ? {} : { inherited: [handOver(options.handedOver)] }),
    ...(options.entry === undefined ? {} : { entry: options.entry }),
    ...(options.startLimitMs === undefined ? {} : { startLimitMs: options.startLimitMs }),
  });
  const port = fleet.endpoints[0]?.port as number;
  return { fleet, table, port, workers, counters, errors, replaced };
}

function handOver(sockets: number): InheritedEndpoint {
  const libc = loadLibc();
  if (libc === undefined) throw new Error('Linux and koffi are needed');
  return openEndpoint(libc, { address: '127.0.0.1', port: 0 }, sockets, 4 * 2 ** 20);
}

/**
 * Two services that always stand at the same state. Green has three targets, and each says the number of the state:
 * an answer that mixes states is torn.
 */
function stateChanges(state: number): TableChange[] {
  const targets = [1, 2, 3].map((i) => `${i}.${(state >> 16) & 0xff}.${(state >> 8) & 0xff}.${state & 0xff}`);
  return ['app.example.test', 'api.example.test'].map((name) =>
    service('example.test', name, { blue: [0, '192.0.2.1'], green: [1 + (state % 7), ...targets] }),
  );
}

export interface CutoverResult {
  readonly udpAnswers: number;
  readonly tcpAnswers: number;
  /** See cutover-words.ts. */
  readonly stale: number;
  readonly backwards: number;
  readonly failures: string[];
  /** Answers by worker; the TCP worker is the last. */
  readonly byWorker: number[];
  readonly arenaGrew: boolean;
  readonly shifts: number;
}

export interface CutoverOptions {
  /** Shifts at least. */
  readonly shifts: number;
  readonly clients: number;
  readonly tcpClients: number;
  /** Every fourth shift comes with new names, so that the arena has to grow. Default true. */
  readonly names?: boolean;
  /** Ends at the first fault, and `shifts` is the most that it may take: for workers that are broken. */
  readonly untilCaught?: boolean;
}

/** While the clients have had fewer answers than this, a slow machine has not yet tested anything: shifting goes on. */
const UDP_ANSWERS_MIN = 1000;
const TCP_ANSWERS_MIN = 100;
/** A reply that is late on a machine that stood still is no loss; who waits for one of a broken worker looks sooner. */
const LOST_AFTER_MS = 60_000;
const CAUGHT_AFTER_MS = 5000;
/** Where even that does not help, so many times the shifts asked for. */
const PATIENCE = 50;

/**
 * Shifts both services again and again while the clients ask from a thread of their own, so that queries arrive in
 * the middle of everything. The first shift comes when every client has been answered once.
 */
export async function checkCutover(fixture: FleetFixture, options: CutoverOptions): Promise<CutoverResult> {
  const { table, counters, errors } = fixture;
  apply(table, zone('example.test'), ...stateChanges(0));
  const sizeBefore = table.memory.sizeBytes;
  const words = new Int32Array(new SharedArrayBuffer(4 * WORD.WORDS));
  const count = (word: number): number => Atomics.load(words, word);
  const clients = startClients(fixture.port, words, options);
  while (count(WORD.STARTED) < options.clients + options.tcpClients && !clients.ended()) await pause();
  const caught = (): boolean => errors.length + count(WORD.STALE) + count(WORD.BACKWARDS) + count(WORD.FAILURES) > 0;
  const enough = (): boolean =>
    count(WORD.UDP_ANSWERS) >= UDP_ANSWERS_MIN && count(WORD.TCP_ANSWERS) >= TCP_ANSWERS_MIN;
  const goesOn = (done: number): boolean => {
    if (options.untilCaught) return done < options.shifts && !caught();
    return done < options.shifts || (done < options.shifts * PATIENCE && !enough());
  };
  let state = 0;
  while (goesOn(state)) {
    state++;
    apply(table, ...stateChanges(state), ...(options.names !== false && state % 4 === 0 ? newNames(state) : []));
    Atomics.store(words, WORD.ACKNOWLEDGED, state);
    // Some shifts follow each other at once, others leave the clients a little time.
    if (state % 3 === 0) await pause();
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  Atomics.store(words, WORD.DONE, 1);
  const failures = await clients.finished;
  const workers = fixture.workers + 1;
  return {
    udpAnswers: count(WORD.UDP_ANSWERS),
    tcpAnswers: count(WORD.TCP_ANSWERS),
    stale: count(WORD.STALE),
    backwards: count(WORD.BACKWARDS),
    failures,
    byWorker: Array.from({ length: workers }, (_, reader) => counters.of(reader, COUNTER.ANSWERS)),
    arenaGrew: table.memory.sizeBytes > sizeBefore,
    shifts: state,
  };
}

/** Starts the thread of the clients; `finished` gives what went wrong with single queries. */
function startClients(port: number, words: Int32Array, { clients, tcpClients, untilCaught }: CutoverOptions) {
  const lostAfterMs = untilCaught ? CAUGHT_AFTER_MS : LOST_AFTER_MS;
  const thread = new Worker(new URL('./cutover-clients.ts', import.meta.url), {
    workerData: { port, words, clients, tcpClients, lostAfterMs },
  });
  let ended = false;
  thread.once('exit', () => {
    ended = true;
  });
  const finished = new Promise<string[]>((resolve, reject) => {
    thread.once('message', (failures) => resolve(failures as string[]));
    thread.once('error', reject);
  });
  return { finished, ended: () => ended };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

function newNames(state: number): TableChange[] {
  return Array.from({ length: 8 }, (_, i) =>
    rrset('example.test', `n${state}-${i}.grow.example.test`, 'A', 60, '192.0.2.9'),
  );
}
