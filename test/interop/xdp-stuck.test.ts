/** A worker of AF_XDP that stands still: another thread serves the same queue, what waits in it included. */
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { soon } from '../fixtures/soon.ts';
import { findThread, stopThread } from '../fixtures/stopped-thread.ts';
import { SERVER } from '../fixtures/two-namespaces.ts';
import { datagramsToSockets } from '../fixtures/xdp-server.ts';
import { byXdp } from '../fixtures/xdp-tests.ts';

/** One that waits in the queue until its worker was replaced is late, not lost; a busy machine may take long. */
const LOST_AFTER_MS = 60_000;
const QUERIES = 50;

const env = { TEAL_DNS_PLANES: 'one' };
byXdp('no query is lost, and the thread does no harm when it wakes', { env }, async (t, wire, teal) => {
  const ask = async (): Promise<number> => {
    const query = buildQuery({ name: 'app.example.test' });
    return (await askUdp(SERVER.v4, 53, query, { timeoutMs: LOST_AFTER_MS })).answers.length;
  };
  t.equal(await ask(), 1);
  const stopped = stopThread(findThread(teal.pid, 'teal-0'));
  if (stopped === undefined) return t.comment('LEFT OUT: no thread may be stopped here');
  const answers = await Promise.all(Array.from({ length: QUERIES }, ask));
  t.equal(answers.filter((count) => count === 1).length, QUERIES);
  stopped.go();
  const before = datagramsToSockets(wire);
  for (let i = 0; i < QUERIES; i++) if ((await ask()) !== 1) t.fail('a query without its answer');
  t.equal(datagramsToSockets(wire), before, 'and AF_XDP serves as before');
  await soon(t).ok(() => teal.log.some(({ msg }) => /stands still; replaced/.test(String(msg))));
});
