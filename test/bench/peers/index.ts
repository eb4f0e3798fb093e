/** `npm run bench:peers`: the contest of nameservers on one core, interleaved, in rounds. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { LoadResult } from '../load.ts';
import { runLoad } from '../run-load.ts';
import type { Edns, Kind, ZoneSize } from '../workload.ts';
import { chart } from './chart.ts';
import { check } from './check.ts';
import { install, versionOf } from './install.ts';
import { type Plan, parsePlan, zoneSize } from './plan.ts';
import { LOAD_CORE, RunningServer } from './process.ts';
import { type Run, summarise, table } from './report.ts';

/** Different queries asked in turn: many more than caches of answers could hold by accident. */
const QUERIES = 65_536;
/** Outstanding at saturation: a full batch for every server, and less than the smallest receive buffer. */
const WINDOW = 128;
const WARMUP_SECONDS = 0.5;

async function measure(server: RunningServer, kind: Kind, edns: Edns, size: ZoneSize, qps: number, seconds: number) {
  const wrongBefore = await check(server, kind, edns, size);
  if (wrongBefore !== undefined) throw new Error(`${server.peer.name} answers ${kind} wrongly: ${wrongBefore}`);
  const { port, pids } = server;
  const queries = Math.max(QUERIES, Math.min(size.services, 1e6));
  const common = { port, pids, kind, edns, size, queries, window: WINDOW, warmupSeconds: WARMUP_SECONDS, seconds };
  const result = await runLoad(LOAD_CORE, { ...common, qps });
  const wrongAfter = await check(server, kind, edns, size);
  if (wrongAfter !== undefined || result.wrong > 0) {
    throw new Error(`${server.peer.name} answered ${kind} wrongly under load: ${wrongAfter ?? result.firstWrong}`);
  }
  return result;
}

/** All rounds at one number of names. Every server runs the whole time; only one is asked at a time. */
async function contest(plan: Plan, names: number): Promise<Run[]> {
  const size = zoneSize(names);
  const servers: RunningServer[] = [];
  const runs: Run[] = [];
  try {
    for (const peer of plan.peers) {
      if (names > peer.namesMax) continue;
      const server = await RunningServer.start(peer, size);
      servers.push(server);
      console.error(
        `${peer.name} ${versionOf(peer)}: ${names} names, first answer after ${server.startSeconds.toFixed(2)} s`,
      );
    }
    for (let round = 0; round < plan.rounds; round++) {
      for (const kind of plan.kinds) {
        for (const edns of plan.edns) runs.push(...(await oneRound(plan, servers, round, kind, edns, size, names)));
      }
      console.error(`round ${round + 1} of ${plan.rounds} done, load average ${os.loadavg()[0]?.toFixed(1)}`);
    }
    return runs;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function oneRound(
  plan: Plan,
  servers: readonly RunningServer[],
  round: number,
  kind: Kind,
  edns: Edns,
  size: ZoneSize,
  names: number,
): Promise<Run[]> {
  const able = servers.filter(({ peer }) => peer.kinds.includes(kind));
  // Another one begins each round, so that none always follows the same neighbour's heat.
  const order = able.map((_, i) => able[(i + round) % able.length] as RunningServer);
  const runs: Run[] = [];
  for (const server of order) {
    const { name } = server.peer;
    const base = { peer: name, isBaseline: server.peer.isBaseline === true, kind, edns, names };
    const saturated = await measure(server, kind, edns, size, 0, plan.seconds);
    // A server that cannot keep up would only be asked to lose answers.
    const keepsUp = saturated.qps > plan.qps;
    const fixed: LoadResult | undefined = keepsUp
      ? await measure(server, kind, edns, size, plan.qps, plan.seconds)
      : undefined;
    runs.push({ ...base, saturated, fixed });
  }
  return runs;
}

const plan = parsePlan(process.argv.slice(2));
if (typeof plan === 'string') {
  console.error(plan);
  process.exit(64);
}
install(plan.peers);
const runs: Run[] = [];
for (const names of plan.names) runs.push(...(await contest(plan, names)));
const rows = summarise(runs);
console.log(table(rows, plan.qps));
const folder = plan.out ?? fs.mkdtempSync(path.join(os.tmpdir(), 'bench-peers-'));
fs.mkdirSync(folder, { recursive: true });
const machine = {
  cpu: os.cpus()[0]?.model,
  cores: os.availableParallelism(),
  kernel: os.release(),
  node: process.version,
  versions: Object.fromEntries(plan.peers.map((peer) => [peer.name, versionOf(peer)])),
  rounds: plan.rounds,
  secondsPerTiming: plan.seconds,
  fixedQps: plan.qps,
};
fs.writeFileSync(path.join(folder, 'peers.json'), `${JSON.stringify({ machine, rows }, null, 1)}\n`);
fs.writeFileSync(path.join(folder, 'peers.svg'), chart(rows));
console.error(`wrote ${folder}/peers.json and peers.svg`);
