/** The batch transport through sockets, asked by dnsperf: queries per second and CPU time of the server a query. */
import { execFile, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CpuTime, cpuBetween, cpuTime } from './cpu.ts';
import { check } from './peers/check.ts';
import { LOAD_CORE, RunningServer } from './peers/process.ts';
import { median } from './peers/report.ts';
import { PEERS } from './peers/servers.ts';
import { type Kind, questions, type ZoneSize } from './workload.ts';

const ROUNDS = 3;
const SECONDS = 4;
/** Left out at both ends of the CPU reading, while dnsperf starts and ends. */
const MARGIN_SECONDS = 0.5;
const QUERIES = 65_536;
const KINDS: readonly Kind[] = ['weighted-a', 'static-a', 'nxdomain'];
const TYPE_NAMES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA' };

interface Timing {
  readonly qps: number;
  readonly lost: number;
  readonly cpuUs: number;
  readonly userUs: number;
  readonly systemUs: number;
}

/** One dnsperf run; the server's CPU time is read while it is in full swing and set against its own rate. */
async function timeOne(server: RunningServer, file: string): Promise<Timing> {
  const { pids, port } = server;
  const args = ['-c', String(LOAD_CORE), 'dnsperf', '-s', '127.0.0.1', '-p', String(port), '-d', file];
  const running = runDnsperf([...args, '-l', String(SECONDS), '-q', '128', '-c', '4', '-T', '1']);
  await sleep(MARGIN_SECONDS * 1000);
  const startMs = performance.now();
  const before = cpuTime(pids);
  await sleep((SECONDS - 2 * MARGIN_SECONDS) * 1000);
  const used: CpuTime = cpuBetween(before, cpuTime(pids));
  const elapsedMs = performance.now() - startMs;
  const { qps, lost } = parse(await running);
  const perQuery = (ms: number): number => (ms * 1000) / ((qps * elapsedMs) / 1000);
  return { qps, lost, cpuUs: perQuery(used.totalMs), userUs: perQuery(used.userMs), systemUs: perQuery(used.systemMs) };
}

function runDnsperf(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('taskset', args, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
}

function parse(output: string): { qps: number; lost: number } {
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  return { qps: number(/Queries per second:\s+([\d.]+)/), lost: number(/Queries lost:\s+(\d+)/) };
}

export async function benchSockets(size: ZoneSize): Promise<void> {
  if (spawnSync('dnsperf', ['-h']).error !== undefined) {
    console.log('\ndnsperf is not installed (apt-get install dnsperf): nothing measured through sockets');
    return;
  }
  const [teal] = PEERS;
  if (teal === undefined) return;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-dnsperf-'));
  const server = await RunningServer.start(teal, size);
  try {
    console.log(`\nthrough sockets, one worker on one core, dnsperf on another, median of ${ROUNDS} rounds:\n`);
    console.log('| workload | qps | CPU µs a query | user | system | lost |\n|---|---|---|---|---|---|');
    for (const kind of KINDS) console.log(await benchKind(server, kind, size, folder));
  } finally {
    await server.stop();
    fs.rmSync(folder, { recursive: true });
  }
}

async function benchKind(server: RunningServer, kind: Kind, size: ZoneSize, folder: string): Promise<string> {
  const file = path.join(folder, kind);
  fs.writeFileSync(
    file,
    Array.from(questions(kind, size, QUERIES), ({ name, type }) => `${name} ${TYPE_NAMES[type]}\n`).join(''),
  );
  const timings: Timing[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await mustBeRight(server, kind, size);
    timings.push(await timeOne(server, file));
    await mustBeRight(server, kind, size);
  }
  const of = (pick: (timing: Timing) => number, digits: number): string =>
    median(timings.map(pick)).toLocaleString('en', { maximumFractionDigits: digits });
  return `| ${kind} | ${of((t) => t.qps, 0)} | ${of((t) => t.cpuUs, 2)} | ${of((t) => t.userUs, 2)} | ${of((t) => t.systemUs, 2)} | ${of((t) => t.lost, 0)} |`;
}

async function mustBeRight(server: RunningServer, kind: Kind, size: ZoneSize): Promise<void> {
  const fault = await check(server, kind, 'plain', size);
  if (fault !== undefined) throw new Error(`wrong answer: ${fault}`);
}
