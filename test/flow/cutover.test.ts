/** A cutover is exact: after the acknowledgement nobody gets the old state, over UDP and TCP, on every worker. */
import t from 'tap';
import { checkCutover, mutant, startFleet } from './cutover.ts';

for (const transport of ['batch', 'portable'] as const) {
  t.test(`2,000 shifts of two services under load, ${transport} transport`, async (t) => {
    const fixture = await startFleet({ workers: 2, transport });
    const result = await checkCutover(fixture, { shifts: 2000, clients: 24, tcpClients: 8 });
    t.same(result.failures, []);
    t.equal(result.stale, 0);
    t.equal(result.backwards, 0);
    t.ok(result.udpAnswers > 1000, `${result.udpAnswers} answers over UDP`);
    t.ok(result.tcpAnswers > 100, `${result.tcpAnswers} answers over TCP`);
    t.ok(
      result.byWorker.every((answers) => answers > 0),
      `each worker took part: ${result.byWorker}`,
    );
    t.ok(result.arenaGrew, 'the arena grew meanwhile');
    t.same(fixture.errors, []);
    await fixture.fleet.stop();
  });
}

t.test('the fixture of the mutants passes when nothing is broken', async (t) => {
  const fixture = await startFleet({ workers: 2, entry: mutant('none') });
  const result = await checkCutover(fixture, { shifts: 600, clients: 24, tcpClients: 8 });
  t.match(result, { stale: 0, backwards: 0, failures: [] });
  t.same(fixture.errors, []);
  await fixture.fleet.stop();
});

for (const name of ['loadsBeforeReceive', 'keepsPlans', 'waitsForMessage', 'ignoresGrowth']) {
  t.test(`the checker catches a worker that is broken: ${name}`, async (t) => {
    const fixture = await startFleet({ workers: 2, entry: mutant(name) });
    const result = await checkCutover(fixture, { shifts: 600, clients: 24, tcpClients: 8 });
    const faults = result.stale + result.backwards + result.failures.length + fixture.errors.length;
    t.ok(faults > 0, `stale ${result.stale}, backwards ${result.backwards}, failures ${result.failures.length}`);
    await fixture.fleet.stop();
  });
}
