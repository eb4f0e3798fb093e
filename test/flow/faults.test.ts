/**
 * In one process a fault of Teal itself in the main thread ends what decides, never what answers; the end comes when it is
 * told. What it is in two processes: planes.test.ts.
 */
import t, { type Test } from 'tap';
import { preload } from '../fixtures/blind.ts';
import { askTcp, buildQuery } from '../fixtures/dns-client.ts';
import { askMany } from '../fixtures/many-queries.ts';
import { startTeal } from '../fixtures/process.ts';
import { soon } from '../fixtures/soon.ts';
import { allAnswered, SteadyClient } from './restart.ts';

const QUERIES = 6000;
const QPS = 1000;
const app = buildQuery({ name: 'app.example.test', type: 'A' });

/** What SIGWINCH does in the main thread; SIGCONT ends the thread that answers over TCP. */
const script = (fault: string): string => `
  import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads';
  const channel = new BroadcastChannel('tests');
  channel.unref();
  if (isMainThread) {
    process.on('SIGWINCH', () => { ${fault} });
    process.on('SIGCONT', () => channel.postMessage('die'));
  } else if (workerData?.assignment?.transport === 'tcp') {
    channel.onmessage = () => { throw new Error('ended by the test'); };
  }`;

/** `queries`: how many are sent steadily; what QUERIES leaves of them is asked by many clients all around the fault. */
async function mustAnswerOn(t: Test, fault: string, queries: number): Promise<void> {
  const teal = await startTeal(t.testdir(), { env: { ...preload(script(fault)), TEAL_DNS_PLANES: 'one' } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  t.equal((await teal.call('PUT', '/v1/services/app.example.test/weights', { blue: 0, green: 1 })).status, 200);
  t.equal((await teal.call('GET', '/readyz')).status, 200);
  const client = new SteadyClient(teal.dnsPort, QPS);
  await client.replies(queries / 3);
  const tally = await askMany(teal.dnsPort, 'app.example.test', QUERIES - queries, () => {
    process.kill(teal.pid, 'SIGWINCH');
  });
  if (queries === QUERIES) process.kill(teal.pid, 'SIGWINCH');
  const fatal = () => teal.log.filter(({ level }) => level === 'fatal');
  while (fatal().length === 0) await client.replies(1);
  const isThere = () =>
    teal.call('GET', '/readyz').then(
      () => true,
      () => false,
    );
  await soon(t).equal(isThere, false, 'nobody is there to be asked');
  await client.replies(queries / 3);

  process.kill(teal.pid, 'SIGCONT');
  while (!teal.log.some(({ msg }) => msg === 'worker replaced on the same sockets')) await client.replies(1);
  const [reply] = await askTcp('127.0.0.1', teal.dnsPort, [app]);
  t.equal(reply?.answers.length, 1, 'the thread in its place answers');
  process.kill(teal.pid, 'SIGHUP');
  await client.replies(queries / 3);
  const sent = await allAnswered(t, client);
  t.ok(sent + tally.answered >= QUERIES, `${sent} and ${tally.answered} queries`);
  t.equal(tally.lost, 0);
  t.equal(fatal().length, 1, 'one fatal line');
  t.match(fatal()[0], { msg: /DNS is answered on/, err: { message: /thrown by the test/ } });
  t.same(await teal.end('SIGTERM'), { code: 70, signal: null });
  t.equal(teal.log.at(-1)?.msg, 'stopped');
}

for (const [title, fault, queries] of [
  ['an exception', "throw new Error('thrown by the test');", QUERIES],
  ['a promise that nobody catches', "Promise.reject(new Error('thrown by the test'));", QUERIES / 10],
  ['exceptions without end', "setInterval(() => { throw new Error('thrown by the test'); }, 1);", QUERIES / 10],
  ['something thrown that is no error', "throw 'thrown by the test';", QUERIES / 10],
] as const) {
  t.test(title, (t) => mustAnswerOn(t, fault, queries));
}
