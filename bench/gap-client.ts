/** Asks one query after the other, in a thread of its own, and tells the longest time that it was without an answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { buildQuery, UdpClient } from '../test/fixtures/dns-client.ts';

const { port, words } = workerData as { port: number; words: Int32Array };
const client = await UdpClient.open('127.0.0.1', port);
const query = buildQuery({ name: 'app.example.test' });
let longestMs = 0;
let lastMs = performance.now();
while (Atomics.load(words, 0) === 0) {
  await client.ask(query);
  const nowMs = performance.now();
  longestMs = Math.max(longestMs, nowMs - lastMs);
  lastMs = nowMs;
}
await client.close();
parentPort?.postMessage(longestMs);
