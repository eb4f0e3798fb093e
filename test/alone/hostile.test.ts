/** Hostile packets through real sockets: no crash, no wrong reply, nobody else's answer lost, memory flat. */

import { fork } from 'node:child_process';
import t from 'tap';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { residentMiB } from '../fixtures/resident.ts';
import { apply, rrset, service, zone } from '../fixtures/table.ts';
import { type FleetFixture, mutant, startFleet } from '../flow/cutover.ts';

function fill({ table }: FleetFixture): void {
  apply(
    table,
    zone('example.test'),
    rrset('example.test', 'www.example.test', 'A', 300, '192.0.2.80'),
    service('example.test', 'app.example.test', { blue: [90, '192.0.2.10'], green: [10, '192.0.2.20'] }),
  );
}

/** Asks one query after the other until told to stop; gives how many were answered, and what went wrong. */
function goodClient(port: number): { stop: () => Promise<{ answered: number; errors: string[] }> } {
  let done = false;
  const run = (async () => {
    const client = await UdpClient.open('127.0.0.1', port);
    const result = { answered: 0, errors: [] as string[] };
    while (!done) {
      try {
        const reply = await client.ask(buildQuery({ name: 'www.example.test', type: 'A' }));
        if (reply.answers[0]?.data !== '192.0.2.80') result.errors.push(JSON.stringify(reply.answers));
        result.answered++;
      } catch (error) {
        result.errors.push((error as Error).message);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await client.close();
    return result;
  })();
  return {
    stop: () => {
      done = true;
      return run;
    },
  };
}

interface Bombardment {
  readonly replies: number;
  readonly faults: string[];
  /** Packets from source port 0 were among them. */
  readonly raw: boolean;
}

/** Sends `count` hostile packets from a process of its own; see hostile-sender.ts. */
function bombard(port: number, seed: number, count: number): Promise<Bombardment> {
  const sender = fork(new URL('../flow/hostile-sender.ts', import.meta.url), [port, seed, count].map(String));
  return new Promise((resolve, reject) => {
    sender.once('message', (result) => resolve(result as Bombardment));
    sender.once('error', reject);
    sender.once('exit', (code) => reject(new Error(`the sender exited with ${code}`)));
  });
}

/** Two bombardments of 50,000; by how many MiB the second made the server's process larger. */
async function bombardTwice(port: number, seed: number) {
  const first = await bombard(port, seed, 50_000);
  const before = await residentMiB();
  const second = await bombard(port, seed + 1, 50_000);
  const grownMiB = Math.round((await residentMiB()) - before);
  return {
    grownMiB,
    replies: first.replies + second.replies,
    faults: [...first.faults, ...second.faults],
    raw: first.raw,
  };
}

/** What 50,000 packets may leave behind: noise of the heaps. A kilobyte for each would be 49 MiB. */
const GROWTH_MAX_MIB = 24;

t.test('100,000 random and mutated packets, raw ones from source port 0 among them', async (t) => {
  const fixture = await startFleet({ workers: 2 });
  fill(fixture);
  const good = goodClient(fixture.port);
  const { replies, faults, raw, grownMiB } = await bombardTwice(fixture.port, 20261124);
  if (!raw) t.comment('no raw sockets here: packets from source port 0 left out');
  t.same(faults, []);
  t.ok(replies > 1000, `${replies} replies`);
  const { answered, errors } = await good.stop();
  t.same(errors, [], 'no answer of the other client was lost');
  t.ok(answered > 50, `${answered} answers to the other client`);
  t.ok(grownMiB < GROWTH_MAX_MIB, `${grownMiB} MiB more in the second half`);
  t.same(fixture.errors, [], 'no worker failed');
  t.same(fixture.replaced, []);
  await fixture.fleet.stop();
});

t.test('the measure of memory sees workers that keep a kilobyte a query', async (t) => {
  const fixture = await startFleet({ workers: 2, entry: mutant('keepsQueries') });
  fill(fixture);
  const { grownMiB } = await bombardTwice(fixture.port, 20261124);
  t.ok(grownMiB >= GROWTH_MAX_MIB, `${grownMiB} MiB more in the second half`);
  await fixture.fleet.stop();
});
