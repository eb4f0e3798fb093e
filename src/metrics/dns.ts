/** What workers answered, from the counters that each keeps for itself, and what their sockets hold. */
import type { Registry } from 'prom-client';
import { COUNTER, type CounterRegistry, typeCounters } from '../table/counters.ts';
import { RCODE } from '../wire/constants.ts';
import { formatType } from '../wire/rdata.ts';
import { collectCounter, collectGauge } from './collected.ts';

/** The workers, as far as they are measured here. */
export interface MeasuredFleet {
  /** Threads that answer at the moment. */
  readonly alive: number;
  /** Threads that were replaced since the start, by why. */
  readonly replacements: { readonly died: number; readonly stuck: number };
  /** Empty where the system does not tell. */
  socketStates(): readonly SocketState[];
}

/** One UDP socket. */
interface SocketState {
  /** `192.0.2.1:53` */
  readonly address: string;
  /** The worker that reads it, or the first of them. */
  readonly worker: number;
  /** Datagrams that the kernel dropped since the socket was opened, nearly always because its buffer was full. */
  readonly dropped: number;
  /** Replies that the kernel dropped instead of sending them, and how often it had no place to receive into: AF_XDP only. */
  readonly unsent?: number;
  readonly starved?: number;
  /** Replies that left in bulk: AF_XDP only. */
  readonly inBulk?: number;
  /** Memory that waiting datagrams take, and may take, bytes. */
  readonly queuedBytes: number;
  readonly bufferBytes: number;
}

export function dnsMetrics(registry: Registry, counters: CounterRegistry, fleet: MeasuredFleet): void {
  const readers = Array.from({ length: counters.readers }, (_, reader) => reader);
  // The last reader is the TCP worker, all others read UDP.
  const transportOf = (reader: number): string => (reader === readers.length - 1 ? 'tcp' : 'udp');
  const sum = (counter: number): number => readers.reduce((all, reader) => all + counters.of(reader, counter), 0);
  const count = (name: string, help: string, counter: number): void =>
    collectCounter(registry, { name, help }, (set) => set(sum(counter)));

  collectCounter(
    registry,
    { name: 'teal_dns_answers_total', help: 'Answers sent, by transport.', labels: ['transport'] },
    (set) => {
      const udp = readers.slice(0, -1).reduce((all, reader) => all + counters.of(reader, COUNTER.ANSWERS), 0);
      set(udp, { transport: 'udp' });
      set(sum(COUNTER.ANSWERS) - udp, { transport: 'tcp' });
    },
  );
  collectCounter(
    registry,
    { name: 'teal_dns_answers_by_rcode_total', help: 'Answers sent, by response code.', labels: ['rcode'] },
    (set) => {
      for (let rcode = 0; rcode < rcodeNames.length; rcode++) {
        const answers = sum(COUNTER.RCODE + rcode);
        const name = rcodeNames[rcode];
        // Those that have a name are there from the start: a series that is born above 0 has not increased.
        if (answers > 0 || !name.startsWith(UNNAMED)) set(answers, { rcode: name });
      }
    },
  );
  collectCounter(
    registry,
    { name: 'teal_dns_answers_by_type_total', help: 'Answers sent, by the type that was asked for.', labels: ['type'] },
    (set) => {
      for (const [type, counter] of typeCounters) {
        const answers = sum(counter);
        if (answers > 0) set(answers, { type: typeName(type) });
      }
    },
  );
  count(
    'teal_dns_truncated_total',
    'Answers sent with the TC flag, so that the client asks over TCP.',
    COUNTER.TRUNCATED,
  );
  count('teal_dns_dropped_total', 'Messages that got no reply: responses, and less than a header.', COUNTER.DROPPED);
  collectCounter(
    registry,
    {
      name: 'teal_dns_rate_limited_total',
      help: 'Answers above the rate limit: sent truncated, or not at all.',
      labels: ['action'],
    },
    (set) => {
      set(sum(COUNTER.SLIPPED), { action: 'truncated' });
      set(sum(COUNTER.LIMITED), { action: 'dropped' });
    },
  );
  const perWorker = (name: string, help: string, counter: number, read: readonly number[]): void =>
    collectCounter(registry, { name, help, labels: ['worker', 'transport'] }, (set) => {
      for (const reader of read) {
        set(counters.of(reader, counter), { worker: String(reader), transport: transportOf(reader) });
      }
    });
  perWorker('teal_worker_answers_total', 'Answers sent, by worker thread.', COUNTER.ANSWERS, readers);
  perWorker(
    'teal_worker_batches_total',
    'Batches of queries read with one system call, by worker thread (batch transport).',
    COUNTER.BATCHES,
    readers.slice(0, -1),
  );
  workerMetrics(registry, readers.length, fleet);
}

function workerMetrics(registry: Registry, workers: number, fleet: MeasuredFleet): void {
  collectGauge(registry, { name: 'teal_workers', help: 'Worker threads that there should be, TCP included.' }, (set) =>
    set(workers),
  );
  collectGauge(registry, { name: 'teal_workers_alive', help: 'Worker threads that answer.' }, (set) =>
    set(fleet.alive),
  );
  collectCounter(
    registry,
    {
      name: 'teal_worker_replacements_total',
      help: 'Worker threads that were replaced: they died, or stood still.',
      labels: ['reason'],
    },
    (set) => {
      const { died, stuck } = fleet.replacements;
      set(died, { reason: 'died' });
      set(stuck, { reason: 'stuck' });
    },
  );
  const labels = ['address', 'worker'];
  const perSocket = (state: SocketState) => ({ address: state.address, worker: String(state.worker) });
  collectCounter(
    registry,
    {
      name: 'teal_socket_dropped_total',
      help: 'Queries that the kernel dropped because nobody read them in time.',
      labels,
    },
    (set) => {
      for (const state of fleet.socketStates()) set(state.dropped, perSocket(state));
    },
  );
  collectCounter(
    registry,
    { name: 'teal_socket_unsent_total', help: 'Replies that an interface dropped instead of sending them.', labels },
    (set) => {
      for (const state of fleet.socketStates()) if (state.unsent !== undefined) set(state.unsent, perSocket(state));
    },
  );
  collectCounter(
    registry,
    {
      name: 'teal_socket_starved_total',
      help: 'How often the kernel had no place to receive a frame into, which may have been dropped then.',
      labels,
    },
    (set) => {
      for (const state of fleet.socketStates()) if (state.starved !== undefined) set(state.starved, perSocket(state));
    },
  );
  collectCounter(
    registry,
    { name: 'teal_socket_in_bulk_total', help: 'Replies that an interface was handed in bulk.', labels },
    (set) => {
      for (const state of fleet.socketStates()) if (state.inBulk !== undefined) set(state.inBulk, perSocket(state));
    },
  );
  collectGauge(
    registry,
    { name: 'teal_socket_queued_bytes', help: 'Memory that queries take which wait to be read.', labels },
    (set) => {
      for (const state of fleet.socketStates()) set(state.queuedBytes, perSocket(state));
    },
  );
  collectGauge(
    registry,
    { name: 'teal_socket_buffer_bytes', help: 'Memory that waiting queries may take.', labels },
    (set) => {
      for (const state of fleet.socketStates()) set(state.bufferBytes, perSocket(state));
    },
  );
}

const UNNAMED = 'RCODE';

/** By number; extended ones share the last counter (see counters.ts). */
const rcodeNames: readonly string[] = Array.from({ length: 16 }, (_, code) => {
  if (code === 15) return 'extended';
  return Object.entries(RCODE).find(([, value]) => value === code)?.[0] ?? `${UNNAMED}${code}`;
});

function typeName(type: number | undefined): string {
  if (type === undefined) return 'other';
  return type === 0 ? 'none' : formatType(type);
}
