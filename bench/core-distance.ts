/**
 * How far two cores are from each other. Those of a virtual machine may share a cache at one time and not at another,
 * as its host places them: then all that passes from one to the other costs more, of every server.
 */
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const ROUND_TRIPS = 1000;
const TURNS = 200;
/** The two words, each far from the other's line. */
const WORDS = { PING: 0, PONG: 64, BYTES: 512 } as const;

/** Where cores share a cache it takes less than that, else more. */
const NEAR_NS = 300;

/** Whether two cores share a cache just now. */
export async function areNear(core: number, other: number): Promise<boolean> {
  return (await coreRoundTripNs(core, other)) < NEAR_NS;
}

/** From one core to the other and back, nanoseconds: 100 to 200 within a cache, 500 and more from one to another. */
export async function coreRoundTripNs(core: number, other: number): Promise<number> {
  const words = ['-c', String(core), process.execPath, fileURLToPath(import.meta.url), String(other)];
  const { stdout } = await promisify(execFile)('taskset', words);
  return Math.round(Number(stdout));
}

function pong(words: Int32Array): void {
  for (let i = 1; i <= ROUND_TRIPS * TURNS; i++) {
    while (Atomics.load(words, WORDS.PING) !== i);
    Atomics.store(words, WORDS.PONG, i);
  }
}

/** The fastest turn: whoever else wants the cores only makes one slower. */
function ping(words: Int32Array): number {
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let turn = 0, i = 1; turn < TURNS; turn++) {
    const startMs = performance.now();
    for (const end = i + ROUND_TRIPS; i < end; i++) {
      Atomics.store(words, WORDS.PING, i);
      while (Atomics.load(words, WORDS.PONG) !== i);
    }
    fastestMs = Math.min(fastestMs, performance.now() - startMs);
  }
  return (fastestMs * 1e6) / ROUND_TRIPS;
}

if (!isMainThread) {
  parentPort?.once('message', () => pong(workerData as Int32Array));
  parentPort?.postMessage(fs.readlinkSync('/proc/thread-self').split('/').at(-1));
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const words = new Int32Array(new SharedArrayBuffer(WORDS.BYTES));
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: words });
  worker.once('message', (thread: string) => {
    execFileSync('taskset', ['-p', '-c', process.argv[2] as string, thread]);
    worker.postMessage('begin');
    console.log(ping(words));
  });
}
