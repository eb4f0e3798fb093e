/** Asks at a steady rate while the server restarts, in a thread of its own, and counts what is never answered. */
import { parentPort, workerData } from 'node:worker_threads';
import { LoadSocket, Tally } from '../../bench/load-socket.ts';
import { loadLibc } from '../../src/sockets/libc.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import type { RestartTally, RestartTask } from './restart.ts';

/** So many that their buffers together hold what comes at once after a restart, and that every worker is asked. */
const SOCKETS = 32;
/** Queries of one system call. */
const BATCH = 16;
/** How long the last replies are waited for. */
const PATIENCE_MS = 60_000;

const { port, qps, words } = workerData as RestartTask;
const libc = loadLibc();
if (libc === undefined) throw new Error('Linux and koffi are needed');
const query = buildQuery({ name: 'app.example.test', type: 'A' });
const list = {
  bytes: new Uint8Array(BATCH * query.length),
  starts: Uint32Array.from({ length: BATCH + 1 }, (_, i) => i * query.length),
  // NOERROR and one record.
  expected: new Uint8Array(BATCH).fill(1 << 4),
};
for (let i = 0; i < BATCH; i++) list.bytes.set(query, i * query.length);
const sockets = Array.from({ length: SOCKETS }, () => new LoadSocket(libc, port, list));
const tally = new Tally();
const now = (): number => performance.now();

let lastReplyMs = now();
let longestGapMs = 0;

function receive(): boolean {
  const before = tally.received;
  for (const socket of sockets) socket.receive(now, tally);
  if (tally.received === before) return false;
  const nowMs = now();
  longestGapMs = Math.max(longestGapMs, nowMs - lastReplyMs);
  lastReplyMs = nowMs;
  Atomics.store(words, 1, tally.received);
  return true;
}

const startedMs = now();
let next = 0;
while (Atomics.load(words, 0) === 0) {
  const due = Math.floor(((now() - startedMs) / 1000) * qps) - tally.sent;
  // After a pause of this thread what is due goes out little by little.
  for (let left = Math.min(due, 64 * BATCH); left >= BATCH; left -= BATCH) {
    sockets[next++ % SOCKETS]?.send(0, BATCH, now(), tally);
    receive();
  }
  if (!receive()) Atomics.wait(words, 0, 0, 0.5);
}
const outstanding = (): number => sockets.reduce((sum, socket) => sum + socket.outstanding, 0);
const until = now() + PATIENCE_MS;
while (outstanding() > 0 && now() < until) if (!receive()) Atomics.wait(words, 0, 1, 1);
const missed = sockets.reduce((sum, socket) => sum + socket.dropped, 0);
const result: RestartTally = {
  sent: tally.sent,
  received: tally.received,
  lost: outstanding() + tally.lost - missed,
  missed,
  wrong: tally.wrong,
  longestGapMs,
  slowestMs: tally.latencyMaxMs,
  seconds: (now() - startedMs) / 1000,
};
for (const socket of sockets) socket.close();
parentPort?.postMessage(result);
