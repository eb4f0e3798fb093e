/** A worker of AF_XDP that stands still: another thread serves the same queue, what waits in it included. */
import t from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { findThread, stopThread } from '../fixtures/stopped-thread.ts';
import { openWire, SERVER } from '../fixtures/two-namespaces.ts';
import { datagramsToSockets, startXdp, transportOf } from '../fixtures/xdp-server.ts';

/** One that waits in the queue until its worker was replaced is late, not lost; a busy machine may take long. */
const LOST_AFTER_MS = 60_000;
const QUERIES = 50;

t.test('no query is lost, and the thread does no harm when it wakes', async (t) => {
  const wire = openWire();
  if (typeof wire === 'string') return t.comment(`LEFT OUT: ${wire}`);
  t.teardown(() => wire.close());
  const teal = await startXdp(wire, t.testdir(), { TEAL_DNS_PLANES: 'one' });
  t.teardown(() => teal.child.kill('SIGKILL'));
  if (transportOf(teal).transport !== 'xdp') return t.comment(`LEFT OUT: ${transportOf(teal).warnings}`);
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
  t.ok(teal.log.some(({ msg }) => /stands still; replaced/.test(String(msg))));
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
});
