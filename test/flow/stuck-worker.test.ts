/** A worker that lives and does nothing: another thread reads its sockets, and whoever watches is told. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { askTcp, buildQuery } from '../fixtures/dns-client.ts';
import { askMany } from '../fixtures/many-queries.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { findThread, stopThread } from '../fixtures/stopped-thread.ts';

const app = 'app.example.test';
const QUERIES = 6000;
const skip = process.platform !== 'linux' && 'threads are stopped with ptrace(2)';

const start = (folder: string) =>
  startTeal(folder, { env: { TEAL_METRICS_PUBLIC: 'true', TEAL_DNS_RATE_LIMIT_RESPONSES_PER_SECOND: '0' } });

async function metric({ admin }: TealProcess, series: string): Promise<string | undefined> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return text
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((go) => setTimeout(go, 20));
}

const stuck = 'teal_worker_replacements_total{reason="stuck"}';
const tells = (teal: TealProcess, word: RegExp) => teal.log.some(({ msg }) => word.test(String(msg)));

t.test('a UDP worker whose thread is stopped', { skip }, async (t) => {
  const teal = await start(t.testdir());
  t.teardown(() => teal.child.kill('SIGKILL'));
  t.equal(await metric(teal, stuck), '0', 'born at 0');
  const stopped = stopThread(findThread(teal.pid, 'teal-0'));
  if (stopped === undefined) return t.comment('no thread may be stopped here');
  // Half of the clients meet it: their queries wait in its socket, and its successor answers them.
  t.same(await askMany(teal.dnsPort, app, QUERIES), { answered: QUERIES, lost: 0 });
  t.equal(await metric(teal, stuck), '1');
  t.equal(await metric(teal, 'teal_workers_alive'), '3');
  t.ok(tells(teal, /stands still; replaced/));
  t.equal((await teal.call('GET', '/readyz')).status, 200);
  // Changes are seen on every worker, and the memory of what they replaced is given back.
  const services = { [app]: { blue: 0, green: 1 } };
  t.equal((await teal.call('POST', '/v1/shifts', { services })).status, 200);
  t.same(await askMany(teal.dnsPort, app, 500), { answered: 500, lost: 0 });
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null }, 'a thread that does not end is not waited for');
});

t.test('it goes on again: it is ended, and does no harm to the one in its place', { skip }, async (t) => {
  const teal = await start(t.testdir());
  t.teardown(() => teal.child.kill('SIGKILL'));
  const stopped = stopThread(findThread(teal.pid, 'teal-1'));
  if (stopped === undefined) return t.comment('no thread may be stopped here');
  await until(() => tells(teal, /stands still; replaced/));
  await until(async () => (await teal.call('GET', '/readyz')).status === 200);
  const resume = () => stopped.go();
  t.same(await askMany(teal.dnsPort, app, QUERIES, resume), { answered: QUERIES, lost: 0 });
  await until(() => tells(teal, /that stood still has ended/));
  t.same(await askMany(teal.dnsPort, app, 500), { answered: 500, lost: 0 });
  t.equal(await metric(teal, stuck), '1');
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
});

t.test('the TCP worker', { skip }, async (t) => {
  const teal = await start(t.testdir());
  t.teardown(() => teal.child.kill('SIGKILL'));
  const stopped = stopThread(findThread(teal.pid, 'teal-2'));
  if (stopped === undefined) return t.comment('no thread may be stopped here');
  const [reply] = await askTcp('127.0.0.1', teal.dnsPort, [buildQuery({ name: app })], { timeoutMs: 60_000 });
  t.equal(reply?.answers.length, 1);
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
});

t.test('a process that was stopped as a whole finds nobody stuck', { skip }, async (t) => {
  const teal = await start(t.testdir());
  t.teardown(() => teal.child.kill('SIGKILL'));
  process.kill(teal.pid, 'SIGSTOP');
  // Longer than a worker may stand still.
  spawnSync('sleep', ['5']);
  process.kill(teal.pid, 'SIGCONT');
  t.same(await askMany(teal.dnsPort, app, 500), { answered: 500, lost: 0 });
  t.equal(await metric(teal, stuck), '0');
  t.notOk(tells(teal, /stands still/));
  await teal.end('SIGTERM');
});
