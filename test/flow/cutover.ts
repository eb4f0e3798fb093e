/** The cutover checker: many clients ask while the table shifts; every answer is held against what was acknowledged. */
import { Worker } from 'node:worker_threads';
import type { ModelChange } from '../../src/model/revision.ts';
import { Fleet } from '../../src/sockets/fleet.ts';
import { COUNTER, CounterRegistry, createCounterMemory } from '../../src/table/counters.ts';
import { createSharedTable } from '../../src/table/memory.ts';
import { Table } from '../../src/table/table.ts';
import { apply, rrset, service, zone } from '../fixtures/table.ts';

/** The entry module of a worker that is broken in one way; see mutants.ts. */
export function mutant(name: string): URL {
  const url = new URL('./mutants.ts', import.meta.url);
  url.searchParams.set('mutant', name);
  return url;
}

export interface FleetFixture {
  readonly fleet: Fleet;
  readonly table: Table;
  readonly port: number;
  readonly counters: CounterRegistry;
  readonly errors: string[];
  readonly replaced: number[];
}

/** Workers over a table of their own, on a loopback port that the kernel chose. */
export async function startFleet(
  options: {
    workers?: number;
    entry?: URL;
    transport?: 'batch' | 'portable' | 'auto';
    address?: string;
    port?: number;
    initialBytes?: number;
    maxBytes?: number;
  } = {},
): Promise<FleetFixture> {
  const workers = options.workers ?? 2;
  const shared = createSharedTable(options.initialBytes ?? 4096, options.maxBytes ?? 2 ** 28);
  const memories = Array.from({ length: workers + 1 }, createCounterMemory);
  const counters = new CounterRegistry(memories);
  const table = new Table(shared, counters);
  const errors: string[] = [];
  const replaced: number[] = [];
  const fleet = await Fleet.start({
    listen: [{ address: options.address ?? '127.0.0.1', port: options.port ?? 0 }],
    workers,
    transport: options.transport ?? 'auto',
    responder: { udpMaxBytes: 1232 },
    receiveBufferBytes: 4 * 2 ** 20,
    tcp: { maxConnections: 1000, idleSeconds: 10 },
    shared,
    counters: memories,
    log: {
      info: () => {},
      warn: (fields) => replaced.push((fields as { reader: number }).reader),
      error: (fields) => errors.push((fields as { error: string }).error),
    },
    ...(options.entry === undefined ? {} : { entry: options.entry }),
  });
  const port = fleet.endpoints[0]?.port as number;
  return { fleet, table, port, counters, errors, replaced };
}

/**
 * Two services that always stand at the same state. Green has three targets, and each says the number of the state:
 * an answer that mixes states is torn.
 */
function stateChanges(state: number): ModelChange[] {
  const targets = [1, 2, 3].map((i) => `${i}.${(state >> 16) & 0xff}.${(state >> 8) & 0xff}.${state & 0xff}`);
  return ['app.example.test', 'api.example.test'].map((name) =>
    service('example.test', name, { blue: [0, '192.0.2.1'], green: [1 + (state % 7), ...targets] }),
  );
}

export interface CutoverResult {
  readonly udpAnswers: number;
  readonly tcpAnswers: number;
  /** Answers to queries sent after a newer state was acknowledged. */
  readonly stale: number;
  /** Answers older than one that the same client had received before it sent the query. */
  readonly backwards: number;
  /** Queries that had no whole answer, or a torn one. */
  readonly failures: string[];
  /** UDP answers by worker. */
  readonly byWorker: number[];
  readonly arenaGrew: boolean;
}

/** What the thread of the clients shares with the thread that shifts. */
const SHARED_WORDS = { ACKNOWLEDGED: 0, DONE: 1 } as const;

/**
 * `shifts` shifts of both services while the clients ask from a thread of their own, so that queries arrive in the
 * middle of everything. Unless `names` is false,
 * every fourth shift comes with new names, so that the arena has to grow.
 */
export async function checkCutover(
  fixture: FleetFixture,
  options: { shifts: number; clients: number; tcpClients: number; names?: boolean },
): Promise<CutoverResult> {
  const { table, port, counters, fleet } = fixture;
  apply(table, zone('example.test'), ...stateChanges(0));
  const sizeBefore = table.memory.sizeBytes;
  const words = new Int32Array(new SharedArrayBuffer(8));
  const { clients, tcpClients, names: grows = true } = options;
  const thread = new Worker(new URL('./cutover-clients.ts', import.meta.url), {
    workerData: { port, words, clients, tcpClients },
  });
  const finished = new Promise<ClientResult>((resolve, reject) => {
    thread.once('message', (message) => resolve(message as ClientResult));
    thread.once('error', reject);
  });
  await new Promise((resolve) => thread.once('online', resolve));
  for (let state = 1; state <= options.shifts; state++) {
    apply(table, ...stateChanges(state), ...(grows && state % 4 === 0 ? newNames(state) : []));
    Atomics.store(words, SHARED_WORDS.ACKNOWLEDGED, state);
    // Some shifts follow each other at once, others leave the clients a little time.
    if (state % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  Atomics.store(words, SHARED_WORDS.DONE, 1);
  const result = await finished;
  await thread.terminate();
  const byWorker = Array.from({ length: fleet.alive - 1 }, (_, reader) => counters.of(reader, COUNTER.ANSWERS));
  return { ...result, byWorker, arenaGrew: table.memory.sizeBytes > sizeBefore };
}

type ClientResult = Omit<CutoverResult, 'byWorker' | 'arenaGrew'>;

function newNames(state: number): ModelChange[] {
  return Array.from({ length: 8 }, (_, i) =>
    rrset('example.test', `n${state}-${i}.grow.example.test`, 'A', 60, '192.0.2.9'),
  );
}
