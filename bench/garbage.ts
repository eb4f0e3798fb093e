/** Counts the garbage collections of a worker while it answers. */
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endsWithUs } from '../test/fixtures/tidying.ts';
import { SERVER, type Wire } from '../test/fixtures/two-namespaces.ts';
import type { Peer } from './peers/peer.ts';
import { LOAD_CORE, RunningServer } from './peers/process.ts';
import { runLoad } from './run-load.ts';
import { type Edns, KINDS, learnCookie, questions, type ZoneSize } from './workload.ts';

export interface Garbage {
  readonly collections: number;
  /** Allocated meanwhile, whether given back or not. */
  readonly bytes: number;
  readonly batches: number;
}

const SIZE: ZoneSize = { services: 1000, aliases: 1000, hosts: 1000 };
const RUN_SECONDS = 2;
const server = new URL('./teal-server.ts', import.meta.url).pathname;

/** Collections during `answers` answers, after `warmup` others; `outstanding` queries at once bound the batches. `do`: of a signed zone. */
export async function measureGarbage(
  outstanding: number,
  warmup: number,
  answers: number,
  edns: Edns = 'cookie',
): Promise<Garbage> {
  const running = await RunningServer.start(countingServer(warmup, answers, edns === 'do'), SIZE);
  try {
    const { port, pids } = running;
    const cookie = await learnCookie(port, edns);
    const workload = { kind: 'mixture', edns, size: SIZE, queries: 65_536 } as const;
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

/** The same of a worker of AF_XDP at the end of a wire, asked by kxdpgun. Throws where another transport serves. */
export async function measureXdpGarbage(wire: Wire, warmup: number, answers: number): Promise<Garbage> {
  const entry = `./garbage-worker.ts?warmup=${warmup}&answers=${answers}`;
  const options = { size: SIZE, address: SERVER.v4, port: 53, workers: 1, transport: 'xdp', entry };
  const [command = '', ...words] = [...wire.atServer, process.execPath, server, JSON.stringify(options)];
  const child = endsWithUs(spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] }));
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'teal-garbage-'));
  const file = path.join(folder, 'queries.txt');
  const asked = [...questions('static-a', SIZE, 1000, 1), ...questions('weighted-a', SIZE, 1000, 1)];
  fs.writeFileSync(file, asked.map(({ name }) => `${name} A\n`).join(''));
  const load = ['-t', String(RUN_SECONDS), '-Q', '300000', '-i', file, '-I', wire.client, '-p', '53', SERVER.v4];
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the server ended: ${output}`);
      const { transport } = JSON.parse(output.split('\n').find((text) => text.includes('"transport"')) ?? '{}');
      if (transport !== undefined && transport !== 'xdp') throw new Error(`${transport} serves`);
      if (transport === undefined) await sleep(50);
      else await promisify(execFile)('kxdpgun', load);
      const line = output.split('\n').find((text) => text.includes('"collections"'));
      if (line !== undefined) return JSON.parse(line);
    }
  } finally {
    child.kill('SIGTERM');
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function countingServer(warmup: number, answers: number, signed: boolean): Peer {
  const entry = `./garbage-worker.ts?warmup=${warmup}&answers=${answers}`;
  return {
    name: 'teal-garbage',
    packages: [],
    lacks: '',
    kinds: KINDS,
    namesMax: SIZE.services,
    version: [process.execPath, '--version'],
    prepare: ({ port, size }) => [process.execPath, server, JSON.stringify({ size, port, workers: 1, entry, signed })],
  };
}
