/** A worker thread: sockets in, the table beside, answers out. Started by fleet.ts. */
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { Responder } from '../responder/answer.ts';
import type { ResponderOptions } from '../responder/options.ts';
import { CounterView } from '../table/counters.ts';
import { Lookup } from '../table/lookup.ts';
import type { SharedTable } from '../table/memory.ts';
import { Xoshiro128 } from '../table/picking/pick.ts';
import { LAYOUT_VERSION, UNLIKE } from '../table/shared-memory.ts';
import { BEAT_MS, Beat } from './beat.ts';
import { loadLibc } from './libc.ts';
import { transportNamed } from './transports.ts';
import { claimClock, WithdrawingResponder } from './withdrawing.ts';

/** Everything a worker is given. */
export interface WorkerAssignment {
  /** Its place among the workers. */
  readonly reader: number;
  /** Its thread's own mark in the table; see reclaim.ts. */
  readonly mark: number;
  /** Of the memory, by who started the thread: what is installed may be another version by now. */
  readonly layout: number;
  readonly shared: SharedTable;
  /** The stop word and the beats of its process. */
  readonly own: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  readonly responder: ResponderOptions;
  /** The name of the transport that it serves, and its share of it. */
  readonly transport: string;
  readonly share: object;
}

/** From the worker, once its sockets are served. */
export const READY = 'ready';
/** From a worker that knows the table by another layout than it has: it would answer from anywhere in it. */
export const UNLIKE_TABLE = 'unlike';
/** To the workers that have an event loop; one whose transport holds its thread sees the stop word. */
export const STOP = 'stop';

/** From the worker: a call that the system refuses, and that it does without from now on. */
export interface RefusedCall {
  readonly call: string;
  readonly errno: number;
}

export type MakeResponder = (...parts: ConstructorParameters<typeof Responder>) => Responder;

/** What a worker answers by. */
function responderFor({ responder: { withdrawsWhenStale }, shared }: WorkerAssignment): MakeResponder {
  if (withdrawsWhenStale !== true) return (...parts) => new Responder(...parts);
  const libc = loadLibc();
  assert(libc !== undefined, 'the start has looked whether there is a clock for it');
  return (...parts) => new WithdrawingResponder(parts, shared.control, claimClock(libc));
}

/** Serves until told to stop. `makeResponder` is there for tests that break it on purpose. */
export async function runWorker(
  assignment: WorkerAssignment,
  port: NonNullable<typeof parentPort>,
  makeResponder: MakeResponder = responderFor(assignment),
): Promise<void> {
  const { shared, own, reader, mark, share } = assignment;
  if (assignment.layout !== LAYOUT_VERSION) {
    port.postMessage(UNLIKE_TABLE);
    throw new Error(`the table cannot be read: ${UNLIKE}`);
  }
  const transport = transportNamed(assignment.transport);
  assert(transport !== undefined, 'the fleet takes it from the same list');
  const beat = new Beat(own, reader);
  const counters = new CounterView(assignment.counters);
  const seed = randomFillSync(new Uint32Array(4));
  const responder = makeResponder(new Lookup(shared, mark), counters, new Xoshiro128(seed), assignment.responder);
  const ready = (): void => port.postMessage(READY);
  const refused = (call: string, errno: number): void => port.postMessage({ call, errno } satisfies RefusedCall);
  const control = new Int32Array(own);
  const stop = await transport.serve(share, { responder, counters, control, beat, refused, ready });
  // It held the thread, and has been stopped.
  if (stop === undefined) return;
  // The event loop answers; as long as it turns, so does this.
  const beating = setInterval(() => beat.raise(), BEAT_MS);
  port.on('message', (message) => {
    if (message !== STOP) return;
    clearInterval(beating);
    port.removeAllListeners('message');
    stop().then(() => port.close());
  });
  ready();
}

// Imported by another entry module (a test's), this one does nothing by itself.
if (parentPort !== null && (workerData as { entry?: string } | null)?.entry === import.meta.url) {
  await runWorker((workerData as { assignment: WorkerAssignment }).assignment, parentPort);
}
