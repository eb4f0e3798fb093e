/** As adoption.test.ts, for as many answers as the promise names. */
import t from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { checkAdoption } from './adoption.ts';

t.test('0 NXDOMAIN, 0 NODATA, 0 SERVFAIL of 100,000 answers, over UDP and TCP', async (t) => {
  const result = await checkAdoption(temporaryFolder(t), { udpAnswers: 75_000, tcpAnswers: 25_000, changes: 160 });
  const { UDP_ANSWERS, TCP_ANSWERS, ...faults } = result.counts;
  t.same(faults, { NXDOMAIN: 0, NODATA: 0, FAILURES: 0, STALE: 0, BACKWARDS: 0 });
  t.ok(UDP_ANSWERS + TCP_ANSWERS >= 100_000);
  t.comment(`${result.changes} changes of 3 names, answers: ${UDP_ANSWERS} over UDP, ${TCP_ANSWERS} over TCP`);
});
