/** When the client leaves a member for another: where it does not answer, and only then. */
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { Etcd } from '../../src/etcd/client.ts';
import { EtcdFailure } from '../../src/etcd/failure.ts';
import { methodOf } from '../../src/etcd/protocol.ts';
import { layPoorWire } from '../fixtures/poor-wire.ts';
import { comesTo } from '../fixtures/soon.ts';
import { heard, standIn } from './stand-in.ts';

const TIMEOUT_MS = 30_000;

t.test('a lease that is kept alive leaves all else where it is', async (t) => {
  const cancelled: Promise<unknown>[] = [];
  const words = {
    range: () => ({ header: { revision: '1' }, kvs: [], more: false }),
    keepAlive: async (stream: Parameters<typeof heard<{ readonly ID: string }>>[0]) => {
      stream.on('error', () => {});
      cancelled.push(once(stream, 'cancelled'));
      const { ID } = await heard(stream);
      stream.write({ ID, TTL: '5' });
    },
  };
  const endpoints = [await standIn(t, words), await standIn(t, words)];
  const etcd = new Etcd({ endpoints, timeoutMs: TIMEOUT_MS, random: () => 0, wallMs: Date.now });
  t.teardown(() => etcd.close());
  let moves = 0;
  etcd.onMove(() => moves++);
  for (let n = 0; n < 3; n++) {
    t.equal(await etcd.keepAlive('17'), 5);
    await cancelled[n];
    // By then its end has been told here too.
    await etcd.range({ key: 'a' });
  }
  t.same({ moves, endpoint: etcd.endpoint }, { moves: 0, endpoint: endpoints[0] });
});

t.test('a member that does not answer a lease is left', async (t) => {
  const endpoints = [await standIn(t, {}), await standIn(t, {})];
  const etcd = new Etcd({ endpoints, timeoutMs: 100, random: () => 0, wallMs: Date.now });
  t.teardown(() => etcd.close());
  t.match(await etcd.keepAlive('17'), { kind: 'unreachable' });
  t.equal(etcd.endpoint, endpoints[1]);
});

t.test('over a far network a connection is made, though that takes longer than a request may', async (t) => {
  const member = await standIn(t, { range: () => ({ header: { revision: '1' }, kvs: [], more: false }) });
  // The settings of HTTP/2 take a way here, and the request one there and back: the first request is surely too late.
  const wire = await layPoorWire(t, Number(new URL(member).port), { delayMs: 400 });
  const far = `http://127.0.0.1:${wire.port}`;
  for (const endpoints of [[far], [far, far, far]]) {
    const before = wire.opened;
    const etcd = new Etcd({ endpoints, timeoutMs: 950, random: () => 0, wallMs: Date.now });
    t.teardown(() => etcd.close());
    t.match(await etcd.range({ key: 'a' }), { kind: 'unreachable' });
    await comesTo(
      () => etcd.range({ key: 'a' }),
      (found) => !(found instanceof EtcdFailure),
    );
    t.ok(wire.opened - before <= endpoints.length, `${wire.opened - before} connections`);
  }
});

t.test('one that stays silent is given up in the end, and made anew', async (t) => {
  const member = await standIn(t, { range: () => ({ header: { revision: '1' }, kvs: [], more: false }) });
  const wire = await layPoorWire(t, Number(new URL(member).port), { isSilent: true });
  const etcd = new Etcd({
    ...{ endpoints: [`http://127.0.0.1:${wire.port}`], timeoutMs: 500, random: () => 0, wallMs: Date.now },
  });
  t.teardown(() => etcd.close());
  t.match(await etcd.range({ key: 'a' }), { kind: 'unreachable' });
  // What was swallowed does not come again: by that connection there is no answer.
  wire.become({});
  await comesTo(
    () => etcd.range({ key: 'a' }),
    (found) => !(found instanceof EtcdFailure),
  );
});

t.test('where something else answers, such as a proxy, the next member is asked', async (t) => {
  const answers = [
    { status: 200, body: '<html><body>Please sign in.</body></html>' },
    ...[204, 302, 400, 401, 403, 404, 429, 503].map((status) => ({ status, body: '' })),
  ];
  const member = await standIn(t, { range: () => ({ header: { revision: '1' }, kvs: [], more: false }) });
  for (const { status, body } of answers) {
    const proxy = createServer((_, response) => {
      response.writeHead(status, { 'content-type': 'text/html' });
      response.end(body);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    t.teardown(() => proxy.close());
    const there = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const etcd = new Etcd({ endpoints: [there, member], timeoutMs: TIMEOUT_MS, random: () => 0, wallMs: Date.now });
    t.teardown(() => etcd.close());
    t.match(await etcd.range({ key: 'a' }), { kind: 'unreachable', isDoubtful: true }, String(status));
    t.match(await etcd.range({ key: 'a' }), { keyValues: [] }, `after ${status}`);
  }
});

/** As where the member that is asked did not answer. */
async function leave(etcd: Etcd): Promise<void> {
  const opened = await etcd.stream(methodOf('Watch', 'Watch'));
  if (opened instanceof EtcdFailure) throw new Error(opened.detail);
  opened.stream.on('error', () => {});
  opened.stream.cancel();
  etcd.moveOn(opened.line);
}

t.test('a member of another cluster is passed over, until all endpoints are of that', async (t) => {
  const words = (cluster: { id: string; revision: string }) => ({
    range: () => ({ header: { cluster_id: cluster.id, revision: cluster.revision }, kvs: [], more: false }),
  });
  const [ours, another] = [
    { id: '1', revision: '17' },
    { id: '2', revision: '5' },
  ];
  const server = await standIn(t, words(ours));
  const endpoints = [server, await standIn(t, words(another))];
  const etcd = new Etcd({ endpoints, timeoutMs: TIMEOUT_MS, random: () => 0, wallMs: Date.now });
  t.teardown(() => etcd.close());
  t.match(await etcd.range({ key: 'a' }), { revision: 17 });
  for (let n = 0; n < 3; n++) {
    await leave(etcd);
    // Several at once count once.
    const replies = await Promise.all(['a', 'b', 'c'].map((key) => etcd.range({ key })));
    for (const reply of replies) t.match(reply, { kind: 'unreachable', detail: /another cluster/ });
    t.match(await etcd.range({ key: 'a' }), { revision: 17 });
  }
  ours.id = '2';
  t.match(await etcd.range({ key: 'a' }), { kind: 'unreachable', detail: /another cluster/ });
  t.match(await etcd.range({ key: 'a' }), { revision: 5 }, 'etcd was restored as another one');
  etcd.tryNext();
  t.match(await etcd.range({ key: 'a' }), { revision: 17 });
});

t.test('who is told that another member is asked, and has a fault, keeps no request from its end', async (t) => {
  const endpoints = [await standIn(t, {}), await standIn(t, {})];
  const etcd = new Etcd({ endpoints, timeoutMs: 100, random: () => 0, wallMs: Date.now });
  t.teardown(() => etcd.close());
  let moves = 0;
  etcd.onMove(() => {
    throw new Error('thrown by the test');
  });
  etcd.onMove(() => moves++);
  t.match(await etcd.keepAlive('17'), { kind: 'unreachable' });
  t.match(await etcd.range({ key: 'a' }), { kind: 'unreachable' });
  t.equal(moves, 2);
});
