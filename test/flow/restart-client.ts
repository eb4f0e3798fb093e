/** Asks at a steady rate while the server restarts, in a thread of its own, and counts what is never answered. */
import { parentPort, workerData } from 'node:worker_threads';
import { LoadSocket, Tally } from '../../bench/load-socket.ts';
import { LINUX, loadLibc } from '../../src/sockets/libc.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import type { RestartTally, RestartTask } from './restart.ts';

/** So many that their buffers together hold what comes at once after a restart, and that every worker is asked. */
const SOCKETS = 32;
/** Queries of one system call. */
const BATCH = 16;
/** A reply ends the wait for it; so soon it is seen that the end is wanted. */
const LOOK_MS = 10;
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

// As poll has them: each a descriptor, and what is waited for with what was found.
const descriptors = new Int32Array(sockets.flatMap(({ fd }) => [fd, LINUX.POLLIN]));
const polled = libc.addressOf(new Uint8Array(descriptors.buffer));

let lastReplyMs = now();
let longestGapMs = 0;

/** Takes what has come, or comes by then. To look at each socket again and again would cost more than all the answers. */
const receive = (waitMs: number): void => {
  if (libc.poll(polled, sockets.length, waitMs) <= 0) return;
  const before = tally.received;
  sockets.forEach((socket, i) => {
    if ((descriptors[2 * i + 1] as number) >>> 16 !== 0) socket.receive(now, tally);
  });
  if (tally.received === before) return;
  const nowMs = now();
  longestGapMs = Math.max(longestGapMs, nowMs - lastReplyMs);
  lastReplyMs = nowMs;
  Atomics.store(words, 1, tally.received);
};

const startedMs = now();
let next = 0;
const due = (): number => Math.floor(((now() - startedMs) / 1000) * qps) - tally.sent;
while (Atomics.load(words, 0) === 0) {
  // After a pause of this thread what is due goes out little by little.
  for (let left = Math.min(due(), 64 * BATCH); left >= BATCH; left -= BATCH) {
    sockets[next++ % SOCKETS]?.send(0, BATCH, now(), tally);
    receive(0);
  }
  const nextMs = Math.ceil(((BATCH - due()) / qps) * 1000);
  receive(Math.max(0, Math.min(nextMs, LOOK_MS)));
}
const outstanding = (): number => sockets.reduce((sum, socket) => sum + socket.outstanding, 0);
const until = now() + PATIENCE_MS;
while (outstanding() > 0 && now() < until) receive(LOOK_MS);
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
