/**
 * `npm run bench:fleet -- [shifts]`: from the request of a shift to its 2xx with 1 node alone, and in fleets of 1, 2, 3 and 5
 * on 3 members of etcd, all on this machine; and what the death of a node costs the shifts after it. Needs etcd.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { FleetFixture } from '../test/interop/fleet.ts';

const WARM_UP = 50;
const AFTER_DEATH = 5;

const shifts = Number(process.argv[2] ?? 500);
if (!Number.isInteger(shifts) || shifts < 1) {
  console.error(`expected a number of shifts, found ${process.argv[2]}`);
  process.exit(64);
}

let weight = 0;

/** How long a shift took, milliseconds. */
async function shift(teal: TealProcess): Promise<number> {
  const startedAt = performance.now();
  const path = '/v1/services/app.example.test/weights';
  const { status, body } = await teal.call('PUT', path, { blue: ++weight % 1000, green: 1000 });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return performance.now() - startedAt;
}

async function measure(what: string, nodes: readonly TealProcess[]): Promise<void> {
  for (let n = 0; n < WARM_UP; n++) await shift(nodes[n % nodes.length]);
  const times: number[] = [];
  for (let n = 0; n < shifts; n++) times.push(await shift(nodes[n % nodes.length]));
  times.sort((a, b) => a - b);
  const at = (share: number): string => times[Math.floor(share * (times.length - 1))].toFixed(1);
  console.log(`${what}: ${shifts} shifts, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, the slowest ${at(1)} ms`);
}

const folder = mkdtempSync(join(tmpdir(), 'teal-bench-'));
const alone = await startTeal(folder);
await measure('one node, no fleet', [alone]);
await alone.end('SIGTERM');
rmSync(folder, { recursive: true, force: true });

for (const count of [1, 2, 3, 5]) {
  const fleet = await FleetFixture.start(count);
  try {
    await measure(
      `a fleet of ${count}`,
      fleet.nodes.map(({ process: teal }) => teal),
    );
    if (count !== 3) continue;
    await fleet.kill('ns3');
    const after: string[] = [];
    for (let n = 0; n < AFTER_DEATH; n++) after.push((await shift(fleet.node('ns1').process)).toFixed(0));
    console.log(`after kill -9 of one of 3 (staleAfterSeconds 3): the next shifts took ${after.join(', ')} ms`);
  } finally {
    await fleet.stop();
  }
}
