/** A worker that lives and does nothing: another thread reads its sockets, and whoever watches is told; more in test/interop. */
import t from 'tap';
import { askMany } from '../fixtures/many-queries.ts';
import { soon } from '../fixtures/soon.ts';
import { findThread, stopThread } from '../fixtures/stopped-thread.ts';
import { metric, STUCK, startToStop, tells } from '../fixtures/stuck.ts';

const app = 'app.example.test';
const QUERIES = 6000;
const skip = process.platform !== 'linux' && 'threads are stopped with ptrace(2)';

t.test('a UDP worker whose thread is stopped', { skip }, async (t) => {
  const teal = await startToStop(t.testdir());
  t.teardown(() => teal.child.kill('SIGKILL'));
  t.equal(await metric(teal, STUCK), '0', 'born at 0');
  const stopped = stopThread(findThread(teal.pid, 'teal-0'));
  if (stopped === undefined) return t.comment('no thread may be stopped here');
  // Half of the clients meet it: their queries wait in its socket, and its successor answers them.
  t.same(await askMany(teal.dnsPort, app, QUERIES), { answered: QUERIES, lost: 0 });
  t.equal(await metric(teal, STUCK), '1');
  t.equal(await metric(teal, 'teal_workers_alive'), '3');
  await soon(t).ok(() => tells(teal, /stands still; replaced/));
  t.equal((await teal.call('GET', '/readyz')).status, 200);
  // Changes are seen on every worker, and the memory of what they replaced is given back.
  const services = { [app]: { blue: 0, green: 1 } };
  t.equal((await teal.call('POST', '/v1/shifts', { services })).status, 200);
  t.same(await askMany(teal.dnsPort, app, 500), { answered: 500, lost: 0 });
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null }, 'a thread that does not end is not waited for');
});
