/**
 * `npm run bench:garbage`: garbage collections of a batch worker while it answers 10 million queries, in full batches
 * and in small ones. The worker counts them with v8.GCProfiler: a PerformanceObserver sees nothing in a loop that
 * never yields.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from './peers/peer.ts';
import { LOAD_CORE, RunningServer } from './peers/process.ts';
import { runLoad } from './run-load.ts';
import { KINDS, learnCookie, type ZoneSize } from './workload.ts';

const SIZE: ZoneSize = { services: 1000, aliases: 1000, hosts: 1000 };
const server = new URL('./teal-server.ts', import.meta.url).pathname;

const counting: Peer = {
  name: 'teal-garbage',
  packages: [],
  kinds: KINDS,
  namesMax: 1e6,
  version: [process.execPath, '--version'],
  prepare: ({ port, size }) => [
    process.execPath,
    server,
    JSON.stringify({ size, port, workers: 1, entry: './garbage-worker.ts' }),
  ],
};

/** Asks until the worker has printed its count. */
async function collections(window: number): Promise<{ collections: number; bytes: number; batches: number }> {
  const running = await RunningServer.start(counting, SIZE);
  try {
    const { port, pids } = running;
    const cookie = await learnCookie(port, 'cookie');
    const options = {
      cookie,
      port,
      pids,
      kind: 'mixture',
      edns: 'cookie',
      size: SIZE,
      queries: 65_536,
      qps: 0,
      window,
    } as const;
    for (;;) {
      const result = await runLoad(LOAD_CORE, { ...options, warmupSeconds: 0, seconds: 10 });
      if (result.wrong > 0) throw new Error(`wrong answer: ${result.firstWrong}`);
      await sleep(100);
      const line = running.output.split('\n').find((text) => text.includes('collections'));
      if (line !== undefined) return JSON.parse(line);
    }
  } finally {
    await running.stop();
  }
}

for (const window of [128, 8]) {
  const { collections: count, bytes, batches } = await collections(window);
  console.log(
    `10,000,000 answers, ${window} outstanding: ${count} garbage collections, ${bytes} bytes collected, ${batches} batches`,
  );
}
