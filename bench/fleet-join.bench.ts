/**
 * `npm run bench:fleet-join -- [NAMES]`: a node joins a fleet of two whose one zone has so many names, while shifts go on:
 * after how many seconds it is current, what shifts took before and meanwhile, and whether any was refused. Needs etcd;
 * with a million names two minutes or so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TealProcess } from '../test/fixtures/process.ts';
import { FleetFixture } from '../test/interop/fleet.ts';
import { numbersAndWords } from '../tools/command-line.ts';

const BEFORE = 200;
/** Between two shifts: a fleet that is shifted without a pause would say nothing of one that is not. */
const PAUSE_MS = 20;

const { names } = numbersAndWords({ names: 1_000_000 }).numbers;

function* zoneFile(): Generator<Buffer> {
  yield Buffer.from('$TTL 300\n@ SOA ns1 hostmaster 1 7200 3600 1209600 60\n@ NS ns1\nns1 A 192.0.2.1\n');
  for (let at = 0; at < names; at += 10_000) {
    const lines: string[] = [];
    for (let n = at; n < Math.min(at + 10_000, names); n++) {
      lines.push(`n${n} A 10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}\n`);
    }
    yield Buffer.from(lines.join(''));
  }
}

let weight = 0;
const times = { before: [] as number[], meanwhile: [] as number[] };
let refused = 0;

async function shift(teal: TealProcess, into: number[]): Promise<void> {
  const startedAt = performance.now();
  const path = '/v1/services/app.example.test/weights';
  const { status } = await teal.call('PUT', path, { blue: ++weight % 1000, green: 1000 });
  if (status === 200) into.push(performance.now() - startedAt);
  else refused++;
  await sleep(PAUSE_MS);
}

function told(what: string, of: number[]): void {
  of.sort((a, b) => a - b);
  const at = (share: number): string => (of[Math.floor(share * (of.length - 1))] ?? Number.NaN).toFixed(1);
  console.log(`${what}: ${of.length} shifts, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, the slowest ${at(1)} ms`);
}

const fleet = await FleetFixture.start(2, {}, { etcdSyncs: true });
try {
  const { process: teal } = fleet.node('ns1');
  const body = Buffer.concat([...zoneFile()]);
  const importedAt = performance.now();
  const url = `${teal.admin}/v1/zones/big.test/file`;
  const headers = { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' };
  const reply = await fetch(url, { method: 'PUT', headers, body });
  if (!reply.ok) throw new Error(`the zone was refused: ${await reply.text()}`);
  const { fleet: standing } = (await reply.json()) as { fleet?: { behind?: unknown[] } };
  const seconds = ((performance.now() - importedAt) / 1000).toFixed(1);
  console.log(
    `${names} names are in force in the fleet of 2 after ${seconds} s; behind: ${standing?.behind?.length ?? 0}`,
  );
  for (let n = 0; n < BEFORE; n++) await shift(teal, times.before);
  told('before', times.before);
  const startedAt = performance.now();
  let isCurrent = false;
  const joining = fleet.add('ns3').then(async ({ process: third }) => {
    for (; ; await sleep(100)) {
      const { body: ready } = await third.call('GET', '/readyz');
      if (ready.fleet?.standing === 'live' && ready.fleet.current) return third;
    }
  });
  const done = joining.finally(() => {
    isCurrent = true;
  });
  while (!isCurrent) await shift(teal, times.meanwhile);
  const third = await done;
  console.log(`the third node is current after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  told('meanwhile', times.meanwhile);
  console.log(`${refused} shifts were refused`);
  const { body: last } = await third.call('GET', `/v1/zones/big.test/rrsets/n${names - 1}.big.test/A`);
  if (last.rdata?.length !== 1) throw new Error('the third node does not have the last name');
} finally {
  await fleet.stop();
}
