/** `npm run bench:load`: what Knot DNS and NSD take to load a zone of a million names; Teal's share is `bench:import`. */
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes } from '../cpu.ts';
import { RunningServer } from './process.ts';
import { median } from './report.ts';
import { PEERS } from './servers.ts';

const NAMES = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 3;
/** What the load needed besides is given back by then. */
const SETTLE_MS = 5000;
const MIB = 2 ** 20;

/** The largest that each process has been, bytes. */
function peakBytes(pids: readonly number[]): number {
  const peak = (pid: number): number => {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  };
  return pids.reduce((sum, pid) => sum + peak(pid), 0);
}

for (const peer of PEERS.filter(({ name }) => name === 'knot' || name === 'nsd')) {
  const rounds: { seconds: number; peak: number; settled: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const server = await RunningServer.start(peer, { services: 0, aliases: 0, hosts: NAMES });
    await sleep(SETTLE_MS);
    const { pids, startSeconds } = server;
    rounds.push({ seconds: startSeconds, peak: peakBytes(pids) / MIB, settled: residentBytes(pids) / MIB });
    await server.stop();
  }
  const of = (key: 'seconds' | 'peak' | 'settled', digits: number): string =>
    median(rounds.map((round) => round[key])).toFixed(digits);
  console.log(
    `${peer.name}: ${NAMES} names, first answer after ${of('seconds', 1)} s, peak ${of('peak', 0)} MiB, settled ${of('settled', 0)} MiB`,
  );
}
