/** A live name becomes a service, changes its kind and becomes records again: nobody is ever told that it is not there. */
import t from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { checkAdoption } from './adoption.ts';

t.test('no NXDOMAIN, no NODATA, no SERVFAIL, nothing stale, over UDP and TCP', async (t) => {
  const result = await checkAdoption(temporaryFolder(t), { udpAnswers: 3000, tcpAnswers: 1000, changes: 16 });
  const { UDP_ANSWERS, TCP_ANSWERS, ...faults } = result.counts;
  t.same(faults, { NXDOMAIN: 0, NODATA: 0, FAILURES: 0, STALE: 0, BACKWARDS: 0 });
  t.same(result.failures, []);
  t.comment(`${result.changes} changes, answers: ${UDP_ANSWERS} over UDP, ${TCP_ANSWERS} over TCP`);
});

t.test('the clients notice: a DELETE and then a PUT is seen by them', async (t) => {
  const { counts } = await checkAdoption(temporaryFolder(t), {
    udpAnswers: 1000,
    tcpAnswers: 100,
    changes: 16,
    naive: true,
  });
  t.ok(counts.NXDOMAIN + counts.NODATA > 0, `${counts.NXDOMAIN} NXDOMAIN, ${counts.NODATA} NODATA`);
});
