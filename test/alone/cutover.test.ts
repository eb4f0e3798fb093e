/** A cutover is exact: after the acknowledgement nobody gets the old state, over UDP and TCP, on every worker. */
import t from 'tap';
import { checkCutover, startFleet } from '../flow/cutover.ts';

const fleets = {
  'batch transport': { transport: 'batch' },
  'portable transport': { transport: 'portable' },
  // Whoever of them receives a query loads the generation after it.
  'one socket that two workers read': { transport: 'batch', handedOver: 1 },
} as const;

for (const [title, options] of Object.entries(fleets)) {
  t.test(`2,000 shifts of two services under load, ${title}`, async (t) => {
    const fixture = await startFleet({ workers: 2, ...options });
    const result = await checkCutover(fixture, { shifts: 2000, clients: 24, tcpClients: 8 });
    t.same(result.failures, []);
    t.equal(result.stale, 0);
    t.equal(result.backwards, 0);
    t.comment(`${result.shifts} shifts, answers: ${result.udpAnswers} over UDP, ${result.tcpAnswers} over TCP`);
    t.ok(result.udpAnswers >= 1000, `${result.udpAnswers} answers over UDP`);
    t.ok(result.tcpAnswers >= 100, `${result.tcpAnswers} answers over TCP`);
    t.ok(
      result.byWorker.every((answers) => answers > 0),
      `each worker took part: ${result.byWorker}`,
    );
    t.ok(result.arenaGrew, 'the arena grew meanwhile');
    t.same(fixture.errors, []);
    await fixture.fleet.stop();
  });
}
