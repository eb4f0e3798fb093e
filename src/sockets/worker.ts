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
import { type BatchSource, runBatchLoop } from './batch/loop.ts';
import { BEAT_MS, Beat } from './beat.ts';
import { errorName, loadLibc } from './libc.ts';
import { type PortableSource, servePortable } from './portable/loop.ts';
import type { TcpLimits } from './tcp/limits.ts';
import { serveTcp, type TcpSource } from './tcp/listen.ts';

/** Everything a worker is given. */
export interface WorkerAssignment {
  /** Its place among the workers. */
  readonly reader: number;
  /** Its thread's own mark in the table; see reclaim.ts. */
  readonly mark: number;
  readonly shared: SharedTable;
  readonly counters: SharedArrayBuffer;
  readonly responder: ResponderOptions;
  readonly role: WorkerRole;
}

/** What it serves. */
export type WorkerRole =
  | { readonly kind: 'batch'; readonly sources: readonly BatchSource[] }
  | { readonly kind: 'portable'; readonly sources: readonly PortableSource[] }
  | { readonly kind: 'tcp'; readonly sources: readonly TcpSource[]; readonly limits: TcpLimits };

/** From the worker, once its sockets are served. */
export const READY = 'ready';
/** To the workers that have an event loop; a batch worker sees the stop word. */
export const STOP = 'stop';

/** From the worker: a call that the system refuses, and that it does without from now on. */
export interface RefusedCall {
  readonly call: string;
  readonly errno: number;
}

export type MakeResponder = (...parts: ConstructorParameters<typeof Responder>) => Responder;

/** Serves until told to stop. `makeResponder` is there for tests that break it on purpose. */
export async function runWorker(
  assignment: WorkerAssignment,
  port: NonNullable<typeof parentPort>,
  makeResponder: MakeResponder = (...parts) => new Responder(...parts),
): Promise<void> {
  const { shared, reader, mark, role } = assignment;
  const beat = new Beat(shared.control, reader);
  const counters = new CounterView(assignment.counters);
  const seed = randomFillSync(new Uint32Array(4));
  const responder = makeResponder(new Lookup(shared, mark), counters, new Xoshiro128(seed), assignment.responder);
  if (role.kind === 'batch') {
    const libc = loadLibc();
    assert(libc !== undefined, 'the fleet chose the batch transport because koffi loads');
    const control = new Int32Array(shared.control);
    const ready = (): void => port.postMessage(READY);
    const refused = (call: string, errno: number): void => port.postMessage({ call, errno } satisfies RefusedCall);
    runBatchLoop({ libc, sources: role.sources, responder, counters, control, beat, refused, ready });
    return;
  }
  const stop =
    role.kind === 'tcp'
      ? await serveTcp(role.sources.map(ownDescriptor), responder, role.limits)
      : await servePortable(role.sources.map(ownDescriptor), responder);
  // The event loop answers; as long as it turns, so does this.
  const beating = setInterval(() => beat.raise(), BEAT_MS);
  port.on('message', (message) => {
    if (message !== STOP) return;
    clearInterval(beating);
    port.removeAllListeners('message');
    stop().then(() => port.close());
  });
  port.postMessage(READY);
}

/**
 * node:net and node:dgram close what they are given when their thread ends, so they get a duplicate of the main thread's
 * descriptor. It is made here, since one made for a thread that then fails to start would be nobody's.
 */
function ownDescriptor<Source extends PortableSource | TcpSource>(source: Source): Source {
  if (!('fd' in source)) return source;
  const libc = loadLibc();
  const fd = libc?.dup(source.fd) ?? -1;
  if (libc === undefined || fd < 0) throw new Error(`dup failed: ${errorName(libc?.errno() ?? 0)}`);
  return { ...source, fd };
}

// Imported by another entry module (a test's), this one does nothing by itself.
if (parentPort !== null && (workerData as { entry?: string } | null)?.entry === import.meta.url) {
  await runWorker((workerData as { assignment: WorkerAssignment }).assignment, parentPort);
}
