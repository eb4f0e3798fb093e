/**
 * `npm run bench:load -- [names] [rounds]`: what Teal, Knot DNS and NSD take to load a zone of a million names from the same master file, on
 * one core each, in turn. Teal imports it through its API, into its store; its restart from there is told beside.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askUdp } from '../../test/fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../../test/fixtures/process.ts';
import { peakBytes, processTree, residentBytes } from '../cpu.ts';
import { putZoneFile } from '../import.ts';
import { APEX, hostName, queryBytes } from '../workload.ts';
import { RunningServer, SERVER_CORE } from './process.ts';
import { median } from './report.ts';
import { PEERS } from './servers.ts';
import { writeZone } from './zone-text.ts';

const NAMES = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = Number(process.argv[3] ?? 3);
/** What the load needed besides is given back by then. */
const SETTLE_MS = 12_000;
const MIB = 2 ** 20;

interface Load {
  readonly server: string;
  readonly seconds: number;
  /** MiB. */
  readonly peak: number;
  readonly settled: number;
}

const loads: Load[] = [];
for (let round = 0; round < ROUNDS; round++) {
  for (const name of ['knot', 'nsd']) loads.push(await loadPeer(name));
  loads.push(...(await loadTeal()));
}
for (const server of new Set(loads.map((load) => load.server))) {
  const of = (key: 'seconds' | 'peak' | 'settled', digits: number): string =>
    median(loads.filter((load) => load.server === server).map((load) => load[key])).toFixed(digits);
  console.log(`${server}: ${of('seconds', 1)} s, peak ${of('peak', 0)} MiB, settled ${of('settled', 0)} MiB`);
}

async function loadPeer(name: string): Promise<Load> {
  const peer = PEERS.find((one) => one.name === name);
  if (peer === undefined) throw new Error(`no peer ${name}`);
  const server = await RunningServer.start(peer, { services: 0, aliases: 0, hosts: NAMES });
  const load = await measured(name, server.startSeconds, server.pids);
  await server.stop();
  return load;
}

async function loadTeal(): Promise<Load[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-load-'));
  const start = () =>
    startTeal(path.join(folder, 'data'), {
      env: { TEAL_TABLE_MAX_BYTES: String(2 ** 31), TEAL_DNS_WORKERS: '1' },
      wrapper: ['taskset', '-c', String(SERVER_CORE)],
    });
  try {
    const file = path.join(folder, 'zone');
    writeZone(file, { services: 0, aliases: 0, hosts: NAMES });
    const teal = await start();
    const importSeconds = await importZone(teal, fs.readFileSync(file));
    const imported = await measured('teal, import', importSeconds, processTree(teal.pid));
    await teal.end('SIGTERM');
    const startedAt = performance.now();
    const again = await start();
    await answersLast(again);
    const restarted = await measured('teal, restart', (performance.now() - startedAt) / 1000, processTree(again.pid));
    await again.end('SIGTERM');
    return [imported, restarted];
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds from the request to the first answer. */
async function importZone(teal: TealProcess, body: Buffer): Promise<number> {
  const startedAt = performance.now();
  await putZoneFile(teal, APEX, body);
  await answersLast(teal);
  return (performance.now() - startedAt) / 1000;
}

async function answersLast(teal: TealProcess): Promise<void> {
  const query = queryBytes({ name: hostName(NAMES - 1), type: 1, rcode: 0, answers: 1 }, 'plain', '');
  const { answers } = await askUdp('127.0.0.1', teal.dnsPort, query);
  if (answers.length !== 1) throw new Error('the last name is not answered');
}

async function measured(server: string, seconds: number, pids: readonly number[]): Promise<Load> {
  await sleep(SETTLE_MS);
  return { server, seconds, peak: peakBytes(pids) / MIB, settled: residentBytes(pids) / MIB };
}
