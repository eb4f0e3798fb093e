/**
 * The supervisor's watchdog (sd_watchdog_enabled(3)), in a thread of its own: it is told that all is well for as long as
 * the workers show that they live, whatever the main thread does. A busy main thread stops no answers, and killing the
 * process for it would. In a server of two planes the workers are not those of the process that the supervisor listens
 * to: the thread then writes to a pipe, and one over there relays it.
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { BEAT_MS, Beat, BeatWatch } from './beat.ts';
import { leaveWithoutThreads } from './exit.ts';
import { loadLibc } from './libc.ts';
import { notifySupervisor } from './notify.ts';

/** Who is to be told, and how often: a supervisor's socket, or a pipe to who relays it. */
interface WatchdogTask {
  readonly socket?: string;
  readonly fd?: number;
  readonly periodMs: number;
}

interface WatchdogData extends WatchdogTask {
  readonly control: SharedArrayBuffer;
  readonly workers: number;
}

interface RelayData {
  readonly relayed: number;
  readonly socket: string;
}

const entry = new URL(import.meta.url.endsWith('.ts') ? './watchdog.ts' : './watchdog.js', import.meta.url);

/** A third of the time that the supervisor waits: two may be late before it ends the process. */
const SHARE = 3;
/** Looks closer together than this would miss the beat of a worker that waits. */
const PERIOD_MIN_MS = 2 * BEAT_MS;
/** It only counts and sends. */
const HEAP_MAX_MB = 16;

type Environment = Readonly<Record<string, string | undefined>>;

/** What the supervisor of this process wants to know; undefined: nothing. */
export function watchdogTask(env: Environment): { readonly socket: string; readonly periodMs: number } | undefined {
  const periodMs = watchdogPeriodMs(env, process.pid);
  const socket = env.NOTIFY_SOCKET;
  return periodMs === undefined || !socket ? undefined : { socket, periodMs };
}

/** Tells from now on, where somebody wants to know; returns how to end that. */
export function startWatchdog(
  control: SharedArrayBuffer,
  workers: number,
  task: WatchdogTask | undefined,
): () => Promise<void> {
  if (task === undefined) return () => Promise.resolve();
  const thread = startThread({ control, workers, ...task } satisfies WatchdogData);
  return async () => {
    await thread.terminate();
  };
}

/** Tells the supervisor whenever something comes out of a pipe, for as long as this process lives. */
export function relayWatchdog(relayed: number, socket: string): void {
  startThread({ relayed, socket } satisfies RelayData);
  // It waits in a call of the system.
  leaveWithoutThreads();
}

function startThread(data: WatchdogData | RelayData): Worker {
  const thread = new Worker(entry, {
    workerData: data,
    name: 'teal-watchdog',
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB },
  });
  // It may fail as it likes: then the supervisor hears nothing more, and does what it is there for.
  thread.on('error', () => {});
  thread.unref();
  return thread;
}

/** How often to tell; undefined: nobody waits for it, or for another process's word. */
export function watchdogPeriodMs({ WATCHDOG_USEC, WATCHDOG_PID }: Environment, pid: number): number | undefined {
  const limitMs = Number(WATCHDOG_USEC) / 1000;
  if (!(limitMs > 0) || (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== pid)) return undefined;
  return Math.max(limitMs / SHARE, PERIOD_MIN_MS);
}

function run({ control, workers, socket, fd, periodMs }: WatchdogData): void {
  const libc = loadLibc();
  if (libc === undefined) return;
  const beats = Array.from({ length: workers }, (_, worker) => new Beat(control, worker));
  const watch = new BeatWatch(beats, 1);
  setInterval(() => {
    if (watch.look().length > 0) return;
    if (socket !== undefined) notifySupervisor(libc, socket, 'WATCHDOG=1');
    if (fd !== undefined) libc.write(fd, Uint8Array.of(1), 1);
  }, periodMs);
}

function relay({ relayed, socket }: RelayData): void {
  const libc = loadLibc();
  // Whatever has come, it says the same.
  const bytes = new Uint8Array(64);
  while (libc !== undefined && libc.read(relayed, bytes, bytes.length) > 0)
    notifySupervisor(libc, socket, 'WATCHDOG=1');
}

const given = workerData as Partial<WatchdogData & RelayData> | null;
if (!isMainThread && given?.periodMs !== undefined) run(workerData);
if (!isMainThread && given?.relayed !== undefined) relay(workerData);
