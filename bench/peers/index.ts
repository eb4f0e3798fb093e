/**
 * `npm run bench:peers -- [--peers teal,gdnsd,nsd] [--kinds weighted-a,static-a] [--edns plain,cookie] [--names 1,1000,1000000]
 * [--rounds 5] [--seconds 3] [--qps 50000] [--clients 512] [--out folder] [--before folder of an earlier checkout]`: the
 * contest of nameservers on one core, interleaved, in rounds.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chart } from './chart.ts';
import { contest } from './contest.ts';
import { install, versionOf } from './install.ts';
import { planOfCommandLine } from './plan.ts';
import { beforeTable, type Run, summarise, table } from './report.ts';
import { tealOf } from './servers.ts';
import { targetTable } from './targets.ts';

const parsed = planOfCommandLine();
const { before } = parsed;
const plan = before === undefined ? parsed : { ...parsed, peers: [await tealOf(before), ...parsed.peers] };
install(plan.peers);
const runs: Run[] = [];
const faults: string[] = [];
for (const names of plan.names) runs.push(...(await contest(plan, names, faults)));
const rows = summarise(runs);
console.log(`${table(rows, plan.qps)}\n\n${targetTable(rows)}`);
if (before !== undefined) console.log(`\n${beforeTable(rows)}`);
for (const { name, lacks } of plan.peers) if (lacks !== '') console.log(`unlike teal, ${name}: ${lacks}`);
for (const fault of faults) console.log(`left out: ${fault}`);

const folder = plan.out ?? fs.mkdtempSync(path.join(os.tmpdir(), 'bench-peers-'));
fs.mkdirSync(folder, { recursive: true });
const run = {
  cpu: os.cpus()[0]?.model,
  cores: os.availableParallelism(),
  kernel: os.release(),
  node: process.version,
  lacks: Object.fromEntries(plan.peers.map(({ name, lacks }) => [name, lacks])),
  versions: Object.fromEntries(plan.peers.map((peer) => [peer.name, versionOf(peer)])),
  rounds: plan.rounds,
  secondsPerTiming: plan.seconds,
  fixedQps: plan.qps,
  clients: plan.clients,
  faults,
};
fs.writeFileSync(path.join(folder, 'peers.json'), `${JSON.stringify({ run, rows }, null, 1)}\n`);
fs.writeFileSync(path.join(folder, 'peers.svg'), chart(rows, plan.clients));
console.error(`wrote ${folder}/peers.json and peers.svg`);
