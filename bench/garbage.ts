/** Counts the garbage collections of a batch worker while it answers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from './peers/peer.ts';
import { LOAD_CORE, RunningServer } from './peers/process.ts';
import { runLoad } from './run-load.ts';
import { KINDS, learnCookie, type ZoneSize } from './workload.ts';

export interface Garbage {
  readonly collections: number;
  /** Allocated meanwhile, whether given back or not. */
  readonly bytes: number;
  readonly batches: number;
}

const SIZE: ZoneSize = { services: 1000, aliases: 1000, hosts: 1000 };
const RUN_SECONDS = 2;
const server = new URL('./teal-server.ts', import.meta.url).pathname;

/** Collections during `answers` answers, after `warmup` others; `outstanding` queries at once bound the batches. */
export async function measureGarbage(outstanding: number, warmup: number, answers: number): Promise<Garbage> {
  const running = await RunningServer.start(countingServer(warmup, answers), SIZE);
  try {
    const { port, pids } = running;
    const cookie = await learnCookie(port, 'cookie');
    const workload = { kind: 'mixture', edns: 'cookie', size: SIZE, queries: 65_536 } as const;
    const options = { ...workload, port, pids, cookie, qps: 0, clients: 4, window: outstanding, warmupSeconds: 0 };
    for (;;) {
      const result = await runLoad(LOAD_CORE, { ...options, seconds: RUN_SECONDS });
      if (result.wrong > 0) throw new Error(`wrong answer: ${result.firstWrong}`);
      await sleep(100);
      const line = running.output.split('\n').find((text) => text.includes('"collections"'));
      if (line !== undefined) return JSON.parse(line);
    }
  } finally {
    await running.stop();
  }
}

function countingServer(warmup: number, answers: number): Peer {
  const entry = `./garbage-worker.ts?warmup=${warmup}&answers=${answers}`;
  return {
    name: 'teal-garbage',
    packages: [],
    lacks: '',
    kinds: KINDS,
    namesMax: SIZE.services,
    version: [process.execPath, '--version'],
    prepare: ({ port, size }) => [process.execPath, server, JSON.stringify({ size, port, workers: 1, entry })],
  };
}
