/** The cutover checker is a checker: it catches workers that are broken on purpose, and only those. */
import t from 'tap';
import { checkCutover, mutant, startFleet } from './cutover.ts';

t.test('workers from the same entry module that are not broken pass', async (t) => {
  const fixture = await startFleet({ workers: 2, entry: mutant('none') });
  const result = await checkCutover(fixture, { shifts: 600, clients: 24, tcpClients: 8 });
  t.match(result, { stale: 0, backwards: 0, failures: [] });
  t.same(fixture.errors, []);
  await fixture.fleet.stop();
});

/** Each is caught within a few shifts; so many only bound a run that catches nothing. */
const SHIFTS_MAX = 20_000;

const broken: readonly { name: string; only: 'udp' | 'tcp'; transport: 'batch' | 'portable' }[] = [
  ...['loadsBeforeReceive', 'keepsPlans', 'ignoresGrowth', 'ignoresChangesMeanwhile'].flatMap((name) => [
    { name, only: 'udp', transport: 'batch' } as const,
    { name, only: 'tcp', transport: 'batch' } as const,
  ]),
  // The batch transport has no event loop that could tell it anything.
  { name: 'waitsForMessage', only: 'tcp', transport: 'batch' },
  { name: 'waitsForMessage', only: 'udp', transport: 'portable' },
];

for (const { name, only, transport } of broken) {
  t.test(`caught: ${name}, ${only === 'tcp' ? 'TCP worker' : `UDP workers, ${transport} transport`}`, async (t) => {
    const fixture = await startFleet({ workers: 2, transport, entry: mutant(name, only) });
    const result = await checkCutover(fixture, { shifts: SHIFTS_MAX, clients: 24, tcpClients: 8, untilCaught: true });
    const { stale, backwards, failures } = result;
    const found = `stale ${stale}, backwards ${backwards}, failures ${failures.length}, errors ${fixture.errors.length}`;
    t.ok(stale + backwards + failures.length + fixture.errors.length > 0, found);
    t.comment(`${result.shifts} shifts: ${found}`);
    await fixture.fleet.stop();
  });
}
