/**
 * `npm run bench:load -- [names] [rounds]`: what Teal, Knot DNS and NSD take to load a zone of a million names from the same master file, on
 * one core each, in turn, and Teal imports it once more on two. Teal, compiled, imports it through its API, into its store;
 * its restart from there is told beside. Memory is that of all processes together, once with what they share counted once,
 * once for each that has it.
 *
 * `-- [records] [rounds] --shape delegations,mixed`: the same of so many records in zones of these shapes (shapes.ts; `all`:
 * each of them), one after the other, and what Teal's import takes for each second, core second and byte of Knot's.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askUdp } from '../../test/fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../../test/fixtures/process.ts';
import { processTree } from '../../test/fixtures/tidying.ts';
import { commandLine, refuse } from '../../tools/command-line.ts';
import { compile } from '../compiled.ts';
import { peakBytes, residentBytes, spentSeconds, takenBytes } from '../cpu.ts';
import { putZoneFile } from '../import.ts';
import { APEX, hostName, queryBytes, type ZoneSize } from '../workload.ts';
import { LOAD_CORE, RunningServer, SERVER_CORE } from './process.ts';
import { median } from './report.ts';
import { PEERS } from './servers.ts';
import { SHAPES } from './shapes.ts';
import { writeZone } from './zone-text.ts';

const { values: options, positionals } = commandLine({
  options: { shape: { type: 'string' } },
  allowPositionals: true,
});
const RECORDS = Number(positionals[0] ?? 1_000_000);
const ROUNDS = Number(positionals[1] ?? 3);
const NAMED = options.shape === 'all' ? SHAPES : (options.shape?.split(',') ?? []);
const unknown = NAMED.find((name) => !SHAPES.includes(name));
if (unknown !== undefined || !(RECORDS > 0 && ROUNDS > 0)) {
  refuse(
    `expected numbers of names and rounds and shapes among ${SHAPES.join(', ')}, found ${unknown ?? positionals.join(' ')}`,
  );
}
/** What the load needed besides is given back by then. */
const SETTLE_MS = 12_000;
const PEAK_LOOK_MS = 200;
const MIB = 2 ** 20;
const IMPORT = 'teal, import';
const IMPORT_ON_TWO = 'teal, import on two cores';
/** Of the import on the core that Knot has too, at the most so many times what Knot takes. */
const TARGETS: Readonly<Partial<Record<keyof Load, number>>> = { seconds: 1.5, peak: 2, settled: 1.5 };

interface Load {
  readonly server: string;
  readonly seconds: number;
  /** CPU time of all processes since they were started, or since just before the import. */
  readonly cpuSeconds: number;
  /** MiB; the first counts what processes share once. */
  readonly settled: number;
  readonly settledResident: number;
  /** The same at the most: of Teal's import as looked at each PEAK_LOOK_MS and at its end, of all else as `peakResident`. */
  readonly peak: number;
  readonly peakResident: number;
}

const { main, remove } = compile();
try {
  if (NAMED.length === 0) await compare({ services: 0, aliases: 0, hosts: RECORDS });
  for (const name of NAMED) {
    console.log(name);
    await compare({ services: 0, aliases: 0, hosts: 1, shape: { name, records: RECORDS } });
  }
} finally {
  remove();
}

async function compare(size: ZoneSize): Promise<void> {
  const loads: Load[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of ['knot', 'nsd']) loads.push(await loadPeer(name, size));
    loads.push(...(await loadTeal(size)));
    loads.push(await loadTealOnTwo(size));
  }
  const middle = (server: string, key: Exclude<keyof Load, 'server'>): number =>
    median(loads.filter((load) => load.server === server).map((load) => load[key]));
  for (const server of new Set(loads.map((load) => load.server))) {
    const of = (key: Exclude<keyof Load, 'server'>, digits = 0): string => middle(server, key).toFixed(digits);
    const memory = `peak ${of('peak')} MiB, settled ${of('settled')} MiB (resident ${of('peakResident')} and ${of('settledResident')})`;
    console.log(`${server}: ${of('seconds', 2)} s, CPU ${of('cpuSeconds', 2)} s, ${memory}`);
  }
  for (const server of [IMPORT, IMPORT_ON_TWO]) {
    const ratio = (key: Exclude<keyof Load, 'server'>): string => {
      const target = server === IMPORT && TARGETS[key] !== undefined ? ` (target ${TARGETS[key]})` : '';
      return (middle(server, key) / middle('knot', key)).toFixed(2) + target;
    };
    console.log(
      `${server} / knot: ${ratio('seconds')}, CPU ${ratio('cpuSeconds')}, peak ${ratio('peak')}, settled ${ratio('settled')}`,
    );
  }
}

async function loadPeer(name: string, size: ZoneSize): Promise<Load> {
  const peer = PEERS.find((one) => one.name === name);
  if (peer === undefined) throw new Error(`no peer ${name}`);
  const server = await RunningServer.start(peer, size);
  const load = await measured(name, server.startSeconds, spentSeconds(server.pids), server.pids);
  await server.stop();
  return load;
}

async function loadTeal(size: ZoneSize): Promise<Load[]> {
  return inFolder(async (folder) => {
    const cores = [SERVER_CORE];
    const imported = await importInto(folder, size, IMPORT, cores);
    const startedAt = performance.now();
    const again = await start(folder, cores);
    await answersLast(again, size);
    const seconds = (performance.now() - startedAt) / 1000;
    const pids = processTree(again.pid);
    const restarted = await measured('teal, restart', seconds, spentSeconds(pids), pids);
    await again.end('SIGTERM');
    return [imported, restarted];
  });
}

/** Whoever sends the file, and looks at the memory, is on one of them. */
async function loadTealOnTwo(size: ZoneSize): Promise<Load> {
  return inFolder((folder) => importInto(folder, size, IMPORT_ON_TWO, [SERVER_CORE, LOAD_CORE]));
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-load-'));
  try {
    return await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function start(folder: string, cores: readonly number[]): Promise<TealProcess> {
  return startTeal(path.join(folder, 'data'), {
    env: { TEAL_TABLE_MAX_BYTES: String(2 ** 31), TEAL_DNS_WORKERS: '1' },
    program: [main],
    wrapper: ['taskset', '-c', cores.join(',')],
  });
}

async function importInto(folder: string, size: ZoneSize, name: string, cores: readonly number[]): Promise<Load> {
  const file = path.join(folder, 'zone');
  writeZone(file, size);
  const teal = await start(folder, cores);
  const before = spentSeconds(processTree(teal.pid));
  const { seconds, peak } = await importZone(teal, fs.readFileSync(file), size);
  const cpuSeconds = spentSeconds(processTree(teal.pid)) - before;
  const load = await measured(name, seconds, cpuSeconds, processTree(teal.pid));
  await teal.end('SIGTERM');
  return { ...load, peak };
}

/** From the request to the first answer. */
async function importZone(teal: TealProcess, body: Buffer, size: ZoneSize): Promise<{ seconds: number; peak: number }> {
  let peak = 0;
  const look = (): void => {
    peak = Math.max(peak, takenBytes(processTree(teal.pid)) / MIB);
  };
  const looking = setInterval(look, PEAK_LOOK_MS);
  const startedAt = performance.now();
  await putZoneFile(teal, APEX, body);
  await answersLast(teal, size);
  const seconds = (performance.now() - startedAt) / 1000;
  clearInterval(looking);
  // An import may be over before the first look.
  look();
  return { seconds, peak };
}

async function answersLast(teal: TealProcess, { hosts }: ZoneSize): Promise<void> {
  const query = queryBytes({ name: hostName(hosts - 1), type: 1, rcode: 0, answers: 1 }, 'plain', '');
  const { answers } = await askUdp('127.0.0.1', teal.dnsPort, query);
  if (answers.length !== 1) throw new Error('the last name is not answered');
}

async function measured(server: string, seconds: number, cpuSeconds: number, pids: readonly number[]): Promise<Load> {
  await sleep(SETTLE_MS);
  const peakResident = peakBytes(pids) / MIB;
  return {
    server,
    seconds,
    cpuSeconds,
    settled: takenBytes(pids) / MIB,
    settledResident: residentBytes(pids) / MIB,
    peak: peakResident,
    peakResident,
  };
}
