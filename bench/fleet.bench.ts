/**
 * `npm run bench:fleet -- [SHIFTS] [UDP_ROUNDS]`: from the request of a shift to its 2xx with 1 node alone, and in fleets of 1, 2, 3 and 5
 * on 3 members of etcd, all on this machine; what the death of a nameserver and of etcd's leader cost the shifts after it;
 * and answers over UDP before, while and after the engine is killed. Needs etcd; with 300 shifts two to three minutes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { etcdClient } from '../test/interop/etcd.ts';
import { FleetFixture } from '../test/interop/fleet.ts';
import { numbersAndWords } from '../tools/command-line.ts';
import { runLoad } from './run-load.ts';
import { APEX, hostAddress, hostName } from './workload.ts';

const WARM_UP = 50;
const DEATHS = 3;
/** A shift that is not held up takes no more than this often what half of them take. */
const USUAL_FACTOR = 4;
const LOAD_SECONDS = 6;
const LOAD_CORE = 0;
/** Queries a second, where the time of an answer is asked for: at saturation it is that of a queue. */
const OFFERED = 20_000;

const { shifts, rounds } = numbersAndWords({ shifts: 500, rounds: 1 }).numbers;

let weight = 0;

/** How long a shift took, milliseconds; undefined: it was refused. */
async function tryShift(teal: TealProcess): Promise<number | undefined> {
  const startedAt = performance.now();
  const path = '/v1/services/app.example.test/weights';
  const { status } = await teal.call('PUT', path, { blue: ++weight % 1000, green: 1000 });
  return status === 200 ? performance.now() - startedAt : undefined;
}

async function shift(teal: TealProcess): Promise<number> {
  const ms = await tryShift(teal);
  if (ms === undefined) throw new Error('a shift was refused');
  return ms;
}

/** What half of them took, milliseconds. */
async function measure(what: string, nodes: readonly TealProcess[]): Promise<number> {
  for (let n = 0; n < WARM_UP; n++) await shift(nodes[n % nodes.length]);
  const times: number[] = [];
  for (let n = 0; n < shifts; n++) times.push(await shift(nodes[n % nodes.length]));
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))];
  const [p50, p99, slowest] = [0.5, 0.99, 1].map((share) => at(share).toFixed(1));
  console.log(`${what}: ${shifts} shifts, p50 ${p50} ms, p99 ${p99} ms, the slowest ${slowest} ms`);
  return at(0.5);
}

/** Until a shift begins that is not held up, and what the one before it took. */
async function untilUsual(teal: TealProcess, usualMs: number): Promise<string> {
  const startedAt = performance.now();
  let longest = 0;
  for (;;) {
    const beganAt = performance.now();
    const ms = await tryShift(teal);
    if (ms !== undefined && ms <= usualMs * USUAL_FACTOR)
      return `${(beganAt - startedAt).toFixed(0)} ms (the slowest took ${longest.toFixed(0)})`;
    longest = Math.max(longest, performance.now() - beganAt);
  }
}

async function deathOfNode(fleet: FleetFixture, usualMs: number): Promise<void> {
  for (let n = 0; n < DEATHS; n++) {
    await fleet.kill('ns3');
    const { process: teal } = fleet.node('ns1');
    console.log(`kill -9 of one of 3 -> a shift that is not held up: ${await untilUsual(teal, usualMs)}`);
    await fleet.startAgain('ns3');
    await fleet.live('ns3');
  }
}

async function deathOfEtcdsLeader(fleet: FleetFixture): Promise<void> {
  for (let n = 0; n < DEATHS; n++) {
    const client = etcdClient(fleet.etcd.endpoints);
    const members = await client.members().finally(() => client.close());
    const leader = members.findIndex((member) => 'isLeader' in member && member.isLeader);
    await fleet.etcd.kill(leader);
    const startedAt = performance.now();
    let refused = 0;
    while ((await tryShift(fleet.node('ns1').process)) === undefined) refused++;
    const ms = (performance.now() - startedAt).toFixed(0);
    console.log(`kill -9 of etcd's leader -> the next 2xx: ${ms} ms (${refused} refused before it)`);
    fleet.etcd.start(leader);
    await fleet.etcd.ready();
    for (const { name } of fleet.nodes) await fleet.live(name);
  }
}

/** Answers of one node over UDP while the whole engine is killed; `offered`: queries a second, 0: as many as it can. */
async function engineIsKilled(fleet: FleetFixture, offered: number): Promise<void> {
  const { process: teal } = fleet.node('ns1');
  await teal.call('PUT', `/v1/zones/${APEX}`, { nameservers: [`ns1.${APEX}`], hostmaster: `hostmaster.${APEX}` });
  await teal.call('PUT', `/v1/zones/${APEX}/rrsets/${hostName(0)}/A`, { ttlSeconds: 300, rdata: [hostAddress(0)] });
  const load = async (what: string): Promise<void> => {
    const { qps, lost, wrong, latencyUs } = await runLoad(LOAD_CORE, {
      ...{ port: teal.dnsPort, kind: 'static-a', edns: 'plain', cookie: '', pids: [] },
      ...{ size: { services: 0, aliases: 0, hosts: 1 }, queries: 1000, qps: offered, clients: 4, window: 64 },
      ...{ warmupSeconds: 1, seconds: LOAD_SECONDS },
    });
    const answered = Math.round(qps).toLocaleString('en');
    console.log(`${what}: ${answered} answers/s, p99 ${latencyUs.p99.toFixed(0)} us, ${lost} lost, ${wrong} wrong`);
  };
  const rate = offered === 0 ? 'at saturation' : `at ${offered.toLocaleString('en')} qps`;
  await load(`UDP ${rate}, the engine is well`);
  const killing = load(`UDP ${rate}, the engine is killed meanwhile`);
  setTimeout(() => Promise.all([0, 1, 2].map((n) => fleet.etcd.kill(n))), (LOAD_SECONDS * 1000) / 2);
  await killing;
  await load(`UDP ${rate}, the engine is dead`);
}

const folder = mkdtempSync(join(tmpdir(), 'teal-bench-'));
const alone = await startTeal(folder);
await measure('one node, no fleet', [alone]);
await alone.end('SIGTERM');
rmSync(folder, { recursive: true, force: true });

for (const count of [1, 2, 3, 5]) {
  const fleet = await FleetFixture.start(count, {}, { etcdSyncs: true });
  try {
    const usualMs = await measure(
      `a fleet of ${count}`,
      fleet.nodes.map(({ process: teal }) => teal),
    );
    if (count !== 3) continue;
    await deathOfNode(fleet, usualMs);
    await deathOfEtcdsLeader(fleet);
    for (const offered of [...Array.from({ length: rounds }, () => OFFERED), 0]) {
      await engineIsKilled(fleet, offered);
      for (const member of [0, 1, 2]) fleet.etcd.start(member);
      await fleet.etcd.ready();
      for (const { name } of fleet.nodes) await fleet.live(name);
    }
  } finally {
    await fleet.stop();
  }
}
