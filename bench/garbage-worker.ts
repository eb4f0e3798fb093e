/**
 * A worker that counts its own garbage collections from one answer to another, and prints them. It asks v8.GCProfiler: a
 * PerformanceObserver sees nothing in a loop that never yields.
 */
import fs from 'node:fs';
import v8 from 'node:v8';
import vm from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Responder } from '../src/responder/answer.ts';
import { runWorker, type WorkerAssignment } from '../src/sockets/worker.ts';

const { assignment, entry } = workerData as { assignment: WorkerAssignment; entry: string };
const parameters = new URL(entry).searchParams;
/** The compilers have done their work by then. */
const firstAnswer = Number(parameters.get('warmup'));
const lastAnswer = firstAnswer + Number(parameters.get('answers'));

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as () => void;

class CountingResponder extends Responder {
  readonly #profiler = new v8.GCProfiler();
  #answers = 0;
  #batches = 0;
  #usedBytes = 0;

  override enter(nowMs: number): void {
    this.#batches++;
    super.enter(nowMs);
  }

  override reply(i: number, bytes: Uint8Array, at: number, udp: boolean): number {
    this.#answers++;
    if (this.#answers === firstAnswer) this.#begin();
    if (this.#answers === lastAnswer) this.#report();
    return super.reply(i, bytes, at, udp);
  }

  /** From an empty heap on: else the collection that the warm-up nearly filled the heap for would be counted here. */
  #begin(): void {
    collect();
    this.#batches = 0;
    this.#usedBytes = usedBytes();
    this.#profiler.start();
  }

  /** Written at once: a worker whose loop never yields cannot post a message. */
  #report(): void {
    const collections = this.#profiler.stop()?.statistics ?? [];
    const collected = collections.reduce(
      (sum, { beforeGC, afterGC }) => sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
      0,
    );
    const bytes = collected + usedBytes() - this.#usedBytes;
    fs.writeSync(1, `${JSON.stringify({ collections: collections.length, bytes, batches: this.#batches })}\n`);
  }
}

function usedBytes(): number {
  return v8.getHeapStatistics().used_heap_size;
}

if (parentPort !== null) {
  await runWorker(assignment, parentPort, (...parts) => new CountingResponder(...parts));
}
