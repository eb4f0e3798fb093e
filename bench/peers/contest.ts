/** The rounds of the contest: every server runs the whole time, one is asked at a time, each in its turn. */
import os from 'node:os';
import { coreRoundTripNs } from '../core-distance.ts';
import type { LoadResult } from '../load.ts';
import { runLoad } from '../run-load.ts';
import { type Edns, type Kind, learnCookie, type ZoneSize } from '../workload.ts';
import { check } from './check.ts';
import { versionOf } from './install.ts';
import { type Plan, zoneSize } from './plan.ts';
import { LOAD_CORE, RunningServer, SERVER_CORE } from './process.ts';
import type { Run } from './report.ts';

/** Different queries asked in turn: many more than caches of answers could hold by accident. */
const QUERIES_MIN = 65_536;
const QUERIES_MAX = 2 ** 20;
/** Outstanding at saturation: a full batch for every server, and less than the smallest receive buffer. */
const WINDOW = 128;
const WARMUP_SECONDS = 0.5;
/** For each kind of query, before the first round. */
const WARM_SECONDS = 2;

/** What one timing asks. */
interface Workload {
  readonly kind: Kind;
  readonly edns: Edns;
  readonly names: number;
  readonly size: ZoneSize;
}

/** A server that answered wrongly. Its timing counts for nothing. */
class Fault extends Error {}

/** All rounds at one number of names. `faults` gets a line for each timing that is left out. */
export async function contest(plan: Plan, names: number, faults: string[]): Promise<Run[]> {
  const size = zoneSize(names);
  const servers: RunningServer[] = [];
  const runs: Run[] = [];
  try {
    for (const peer of plan.peers.filter(({ namesMax }) => names <= namesMax)) {
      const server = await RunningServer.start(peer, size);
      servers.push(server);
      const seconds = server.startSeconds.toFixed(2);
      console.error(`${peer.name} ${versionOf(peer)}: ${names} names, first answer after ${seconds} s`);
    }
    for (const server of servers) await warmUp(server, plan, { names, size });
    for (let round = 0; round < plan.rounds; round++) {
      for (const kind of plan.kinds) {
        for (const edns of plan.edns) {
          runs.push(...(await oneRound(plan, servers, round, { kind, edns, names, size }, faults)));
        }
      }
      const distance = await coreRoundTripNs(LOAD_CORE, SERVER_CORE);
      const machine = `load average ${os.loadavg()[0]?.toFixed(1)}, ${distance} ns from core to core and back`;
      console.error(`round ${round + 1} of ${plan.rounds} done, ${machine}`);
    }
    return runs;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** Until compilers have done their work: a server that has been up for a minute has none left. All are treated alike. */
async function warmUp({ port, pids, peer }: RunningServer, plan: Plan, site: Pick<Workload, 'names' | 'size'>) {
  // Signatures and proofs are work of their own.
  const ways = plan.edns.filter((edns, i) => i === 0 || edns === 'do');
  for (const kind of plan.kinds.filter((one) => peer.kinds.includes(one))) {
    for (const edns of ways) {
      const load = { port, pids, kind, edns, cookie: '', size: site.size, queries: QUERIES_MIN, qps: 0 };
      const { clients } = plan;
      await runLoad(LOAD_CORE, { ...load, clients, window: WINDOW, warmupSeconds: 0, seconds: WARM_SECONDS });
    }
  }
}

async function oneRound(
  plan: Plan,
  servers: readonly RunningServer[],
  round: number,
  workload: Workload,
  faults: string[],
): Promise<Run[]> {
  const able = servers.filter(({ peer }) => peer.kinds.includes(workload.kind));
  // Another one begins each round, so that none always follows the same neighbour's heat.
  const order = able.map((_, i) => able[(i + round) % able.length]);
  const runs: Run[] = [];
  for (const server of order) {
    try {
      runs.push(await timeOne(plan, server, workload));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults.push(error.message);
      console.error(error.message);
    }
  }
  return runs;
}

async function timeOne(plan: Plan, server: RunningServer, workload: Workload): Promise<Run> {
  const { name, isBaseline = false } = server.peer;
  const { kind, edns, names } = workload;
  const saturated = await measure(server, workload, 0, plan);
  // A server that cannot keep up would only be asked to lose answers.
  const fixed = saturated.qps > plan.qps ? await measure(server, workload, plan.qps, plan) : undefined;
  return { peer: name, isBaseline, kind, edns, names, saturated, fixed };
}

async function measure(server: RunningServer, workload: Workload, qps: number, plan: Plan): Promise<LoadResult> {
  const { seconds, clients } = plan;
  const { kind, edns, size } = workload;
  const { port, pids, peer } = server;
  const title = `${peer.name}, ${kind}, ${edns}, ${workload.names} names`;
  const wrongBefore = await check(server, kind, edns, size);
  if (wrongBefore !== undefined) throw new Fault(`${title}, before a timing: ${wrongBefore}`);
  const queries = Math.min(QUERIES_MAX, Math.max(QUERIES_MIN, size.services));
  const cookie = await learnCookie(port, edns);
  const options = { port, cookie, pids, kind, edns, size, queries, qps, clients, seconds };
  const result = await runLoad(LOAD_CORE, { ...options, window: WINDOW, warmupSeconds: WARMUP_SECONDS });
  if (result.wrong > 0) throw new Fault(`${title}, ${result.wrong} wrong answers, the first ${result.firstWrong}`);
  const wrongAfter = server.coreFault ?? (await check(server, kind, edns, size));
  if (wrongAfter !== undefined) throw new Fault(`${title}, after a timing: ${wrongAfter}`);
  return result;
}
