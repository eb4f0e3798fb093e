/** Loaded into a server (`--import`): writes down for how long its main threads did not come to anything else. */
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** One stretch of work, during which the thread did nothing else. */
export interface Slice {
  /** When it ended; Unix time, milliseconds. */
  readonly atMs: number;
  /** Of the thread, user and system. */
  readonly cpuMs: number;
  /** Since the event loop came round before. */
  readonly wallMs: number;
}

/** A timer of a millisecond is due that often. */
const TICK_MS = 1;
/** Shorter ones are no news, by whichever of the two. */
const LEAST_CPU_MS = 2;
const LEAST_WALL_MS = 5;
const WRITTEN_EACH_MS = 50;

const file = process.env.TEAL_BENCH_SLICES;
if (isMainThread && file !== undefined) watch(`${file}.${process.pid}`);

function watch(path: string): void {
  let waiting = '';
  let before = performance.now();
  let cpuBefore = cpuMs();
  setInterval(() => {
    const now = performance.now();
    const cpu = cpuMs();
    const slice: Slice = { atMs: Date.now(), cpuMs: cpu - cpuBefore, wallMs: now - before };
    if (slice.cpuMs >= LEAST_CPU_MS || slice.wallMs >= LEAST_WALL_MS) waiting += `${JSON.stringify(slice)}\n`;
    before = now;
    cpuBefore = cpu;
  }, TICK_MS).unref();
  setInterval(() => {
    if (waiting !== '') appendFileSync(path, waiting);
    waiting = '';
    // What was just written is no work of the server's.
    before = performance.now();
    cpuBefore = cpuMs();
  }, WRITTEN_EACH_MS).unref();
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
