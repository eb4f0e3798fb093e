/** Workers that stand still for long: one that goes on again, the TCP worker, and a whole process that was stopped. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { logged } from '../fixtures/awaited.ts';
import { askTcp, buildQuery } from '../fixtures/dns-client.ts';
import { askMany } from '../fixtures/many-queries.ts';
import { signalAll } from '../fixtures/planes.ts';
import { soon } from '../fixtures/soon.ts';
import { findThread, stopThread } from '../fixtures/stopped-thread.ts';
import { metric, STUCK, startToStop, tells } from '../fixtures/stuck.ts';

const app = 'app.example.test';
const QUERIES = 6000;
const skip = process.platform !== 'linux' && 'threads are stopped with ptrace(2)';

t.test('it goes on again: it is ended, and does no harm to the one in its place', { skip }, async (t) => {
  const teal = await startToStop(t.testdir());
  t.teardown(() => teal.child.kill('SIGKILL'));
  const stopped = stopThread(findThread(teal.pid, 'teal-1'));
  if (stopped === undefined) return t.comment('no thread may be stopped here');
  await logged(teal, () => tells(teal, /stands still; replaced/));
  await soon(t).equal(async () => (await teal.call('GET', '/readyz')).status, 200);
  const resume = () => stopped.go();
  t.same(await askMany(teal.dnsPort, app, QUERIES, resume), { answered: QUERIES, lost: 0 });
  await logged(teal, () => tells(teal, /that stood still has ended/));
  t.same(await askMany(teal.dnsPort, app, 500), { answered: 500, lost: 0 });
  t.equal(await metric(teal, STUCK), '1');
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
});

t.test('the TCP worker', { skip }, async (t) => {
  const teal = await startToStop(t.testdir());
  t.teardown(() => teal.child.kill('SIGKILL'));
  const stopped = stopThread(findThread(teal.pid, 'teal-2'));
  if (stopped === undefined) return t.comment('no thread may be stopped here');
  const [reply] = await askTcp('127.0.0.1', teal.dnsPort, [buildQuery({ name: app })], { timeoutMs: 60_000 });
  t.equal(reply?.answers.length, 1);
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
});

t.test('a process that was stopped as a whole finds nobody stuck', { skip }, async (t) => {
  const teal = await startToStop(t.testdir());
  t.teardown(() => teal.child.kill('SIGKILL'));
  signalAll(teal.pid, 'SIGSTOP');
  // Longer than a worker may stand still.
  spawnSync('sleep', ['5']);
  signalAll(teal.pid, 'SIGCONT');
  t.same(await askMany(teal.dnsPort, app, 500), { answered: 500, lost: 0 });
  t.equal(await metric(teal, STUCK), '0');
  t.notOk(tells(teal, /stands still/));
  await teal.end('SIGTERM');
});
