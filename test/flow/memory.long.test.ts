/** The arena under load: a tiny one is reused for ever, and growing costs no more than what it holds. */
import t from 'tap';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { residentMiB } from '../fixtures/resident.ts';
import { apply, rrset, zone } from '../fixtures/table.ts';
import { checkCutover, mutant, startFleet } from './cutover.ts';

t.test('a tiny arena reused 1,000 times under load: no torn answer, no growth', async (t) => {
  const fixture = await startFleet({ workers: 2, initialBytes: 64 * 1024 });
  const result = await checkCutover(fixture, { shifts: 1000, clients: 24, tcpClients: 4, names: false });
  t.match(result, { stale: 0, backwards: 0, failures: [] });
  t.notOk(result.arenaGrew, `${fixture.table.memory.sizeBytes} bytes, ${fixture.table.memory.usedBytes} in use`);
  await fixture.fleet.stop();
});

/** Growths of one table, from 4 KiB to 32 MiB: each doubles. */
const GROWTHS = 13;
const SIZE_MAX_BYTES = 4096 << GROWTHS;
/** A record of some 30 kB, as 150 strings: it fills an arena in few steps, so that little else takes memory. */
const filler = rrset(
  'example.test',
  'filler.example.test',
  'TXT',
  60,
  Array(150)
    .fill(`"${'x'.repeat(200)}"`)
    .join(' '),
);
const small = rrset('example.test', 'small.example.test', 'TXT', 60, 'x');

/** Fills a table until it has grown 13 times, with answers after each step; MiB resident before and after. */
async function growUnderEyes(entry?: URL) {
  const fixture = await startFleet({ workers: 2, ...(entry === undefined ? {} : { entry }) });
  const client = await UdpClient.open('127.0.0.1', fixture.port);
  const others = await Promise.all(Array.from({ length: 8 }, () => UdpClient.open('127.0.0.1', fixture.port)));
  apply(fixture.table, zone('example.test'));
  const before = await residentMiB();
  const sizes = new Set([fixture.table.memory.sizeBytes]);
  let wrong = 0;
  for (let i = 0; fixture.table.memory.sizeBytes < SIZE_MAX_BYTES; i++) {
    const name = `n${i}.example.test`;
    // Small steps first: the arena must not grow by several sizes at once.
    const change = fixture.table.memory.sizeBytes < 2 ** 18 ? small : filler;
    apply(fixture.table, { op: 'putRRset', rrset: { ...change.rrset, name } });
    const grew = sizes.size;
    sizes.add(fixture.table.memory.sizeBytes);
    const asked = sizes.size > grew ? [client, ...others] : [client];
    const query = buildQuery({ name, type: 'TXT' });
    for (const reply of await Promise.all(asked.map((one) => one.ask(query)))) {
      // What does not fit is truncated; a name that is not there would be NXDOMAIN.
      if (reply.rcode !== 0 || (!reply.tc && reply.answers.length !== 1)) wrong++;
    }
  }
  const after = await residentMiB();
  await Promise.all([client, ...others].map((one) => one.close()));
  await fixture.fleet.stop();
  return { growths: sizes.size - 1, before, after, wrong, errors: fixture.errors };
}

t.test(
  '50 growths under the eyes of workers: resident memory grows by what the arena holds, and no more',
  async (t) => {
    const sizeMiB = SIZE_MAX_BYTES / 2 ** 20;
    const rounds: Awaited<ReturnType<typeof growUnderEyes>>[] = [];
    for (let i = 0; i < 5; i++) rounds.push(await growUnderEyes());
    t.ok(rounds.reduce((sum, { growths }) => sum + growths, 0) >= 50);
    for (const { wrong, errors } of rounds) t.match({ wrong, errors }, { wrong: 0, errors: [] });
    // The first round also pays for whatever a process takes once: code, pools, heaps.
    const [, ...later] = rounds.map(({ before, after }) => Math.round(after - before));
    t.comment(`MiB for an arena of ${sizeMiB}: ${later}`);
    t.ok(Math.min(...later) < sizeMiB * 2, `MiB by round: ${later}`);
    const ends = rounds.slice(1).map(({ after }) => Math.round(after));
    t.comment(`MiB resident at each round's end: ${ends}`);
    t.ok((ends.at(-1) as number) - ends[0] < sizeMiB * 2, `MiB at each round's end: ${ends}`);

    const leaky = await growUnderEyes(mutant('keepsArenas', 'udp'));
    const leakedMiB = Math.round(leaky.after - leaky.before);
    // Two workers, each with copies of 32, 16, 8, … MiB.
    t.ok(leakedMiB > sizeMiB * 3, `workers that keep every arena they ever saw are seen: ${leakedMiB} MiB`);
  },
);
