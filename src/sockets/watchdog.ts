/**
 * The supervisor's watchdog (sd_watchdog_enabled(3)), in a thread of its own: it is told that all is well for as long as
 * the workers show that they live, whatever the main thread does. A busy main thread stops no answers, and killing the
 * process for it would.
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { BEAT_MS, Beat, BeatWatch } from './beat.ts';
import { loadLibc } from './libc.ts';
import { notifySupervisor } from './notify.ts';

interface WatchdogData {
  readonly control: SharedArrayBuffer;
  readonly workers: number;
  readonly socket: string;
  readonly periodMs: number;
}

const entry = new URL(import.meta.url.endsWith('.ts') ? './watchdog.ts' : './watchdog.js', import.meta.url);

/** A third of the time that the supervisor waits: two may be late before it ends the process. */
const SHARE = 3;
/** Looks closer together than this would miss the beat of a worker that waits. */
const PERIOD_MIN_MS = 2 * BEAT_MS;
/** It only counts and sends. */
const HEAP_MAX_MB = 16;

/** Tells the supervisor from now on, where it wants to know; returns how to end that. */
export function startWatchdog(
  control: SharedArrayBuffer,
  workers: number,
  env: Readonly<Record<string, string | undefined>>,
): () => Promise<void> {
  const periodMs = watchdogPeriodMs(env, process.pid);
  if (periodMs === undefined || env.NOTIFY_SOCKET === undefined) return () => Promise.resolve();
  const data: WatchdogData = { control, workers, socket: env.NOTIFY_SOCKET, periodMs };
  const thread = new Worker(entry, {
    workerData: data,
    name: 'teal-watchdog',
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB },
  });
  // It may fail as it likes: then the supervisor hears nothing more, and does what it is there for.
  thread.on('error', () => {});
  thread.unref();
  return async () => {
    await thread.terminate();
  };
}

/** How often to tell; undefined: nobody waits for it, or for another process's word. */
export function watchdogPeriodMs(
  { WATCHDOG_USEC, WATCHDOG_PID }: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | undefined {
  const limitMs = Number(WATCHDOG_USEC) / 1000;
  if (!(limitMs > 0) || (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== pid)) return undefined;
  return Math.max(limitMs / SHARE, PERIOD_MIN_MS);
}

function run({ control, workers, socket, periodMs }: WatchdogData): void {
  const libc = loadLibc();
  if (libc === undefined) return;
  const beats = Array.from({ length: workers }, (_, worker) => new Beat(control, worker));
  const watch = new BeatWatch(beats, 1);
  setInterval(() => {
    if (watch.look().length === 0) notifySupervisor(libc, socket, 'WATCHDOG=1');
  }, periodMs);
}

if (!isMainThread && (workerData as { periodMs?: number } | null)?.periodMs !== undefined) run(workerData);
