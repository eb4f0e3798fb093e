/** What a client gets and why, told by the code that answers. */
import t from 'tap';
import { makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';

const app = '/v1/services/app.example.test';
const pools = {
  blue: { weight: 50, targets: ['192.0.2.10', '2001:db8::10'] },
  green: { weight: 50, targets: ['192.0.2.20'] },
};

t.test('explain', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const explain = async (query: string, path = app) => (await api.request('GET', `${path}/explain${query}`)).json();
  const put = (more: object, path = app) => api.request('PUT', path, { body: { pools, ...more } });

  await t.test('random: a draw of its own, and the split over many', async (t) => {
    const said = await explain('?client=203.0.113.7&draws=10000');
    t.match(said, {
      service: 'app.example.test',
      client: '203.0.113.7',
      network: '0.0.0.0/0',
      type: 'A',
      reason: 'random',
      ttlSeconds: 5,
      scope: 0,
      draws: 10000,
      observed: { answers: { blue: 0, green: 0 }, split: {} },
    });
    t.notOk('nodes' in said.observed, 'there is no fleet');
    t.ok(Math.abs(said.split.blue - 0.9) < 0.02, `${said.split.blue}`);
    t.equal(said.split.blue + said.split.green, 1);
    t.match(said.answer, [/^app\.example\.test\. 5 IN A 192\.0\.2\.[12]0$/]);
    t.equal((await api.request('GET', `${app}/explain`, { token: READER })).statusCode, 200, 'a reader may ask');
    t.match(await explain('?client=0.0.0.0/0'), { reason: 'random' });
    t.match(await explain('?draws=1'), { client: '127.0.0.1', draws: 1 }, 'who asks, where nobody is named');
  });

  await t.test('sticky, pins and weights', async (t) => {
    await put({ pick: 'sticky', pins: [{ network: '198.51.100.0/28', pool: 'green' }] });
    const sticky = await explain('?client=203.0.113.7');
    t.match(sticky, { reason: 'sticky', network: '203.0.113.0/24', scope: 24, split: { [sticky.pool]: 1 } });
    t.match(sticky.message, `chose ${sticky.pool}`);
    t.same(await explain('?client=203.0.113.200'), { ...sticky, client: '203.0.113.200' });
    t.match(await explain('?client=2001:db8:1:2:3::4'), { network: '2001:db8:1::/56', scope: 56 });
    t.match(await explain('?client=198.51.100.7'), {
      reason: 'pin',
      pool: 'green',
      network: '198.51.100.0/28',
      scope: 28,
    });
    t.match(await explain('?client=198.51.100.0/24'), { reason: 'sticky', network: '198.51.100.0/24', scope: 28 });
    for (const client of ['0.0.0.0/0', '::/0']) {
      const refused = await api.request('GET', `${app}/explain?client=${client}`);
      t.match(refused.json(), { status: 400, code: 'query_invalid', detail: /the address of the resolver/ }, client);
    }
    t.match(await explain('?client=0.0.0.0/0', '/v1/services/green.app.example.test'), { reason: 'preview' });
    const denied = await explain('?client=198.51.100.7&type=AAAA');
    t.match(denied, { pool: 'green', answer: { length: 0 }, ttlSeconds: 5, scope: 0 });
    t.match(denied.message, /pinned to green.*It has no AAAA\.$/);
    await api.request('PUT', `${app}/weights`, { body: { blue: 1, green: 0 } });
    t.match(await explain('?client=203.0.113.7'), { reason: 'only_pool', pool: 'blue', split: { blue: 1, green: 0 } });
    t.match(await explain('?client=198.51.100.7'), { reason: 'pin', pool: 'green' });
  });

  await t.test('previews, and chains of services', async (t) => {
    t.match(await explain('?client=203.0.113.7', '/v1/services/green.app.example.test'), {
      service: 'app.example.test',
      reason: 'preview',
      pool: 'green',
      answer: ['green.app.example.test. 5 IN A 192.0.2.20'],
      split: { green: 1 },
    });
    const hosts = {
      blue: { weight: 1, targets: ['app.example.test'] },
      green: { weight: 0, targets: ['elsewhere.test'] },
    };
    await put({ pools: hosts }, '/v1/services/www.example.test');
    t.match(await explain('?client=203.0.113.7', '/v1/services/www.example.test'), {
      pool: 'blue',
      reason: 'only_pool',
      answer: ['www.example.test. 5 IN CNAME app.example.test.', /^app\.example\.test\. 5 IN A 192\.0\.2\.10$/],
    });
    t.match(await explain('?client=::1&type=CNAME', '/v1/services/www.example.test'), {
      answer: ['www.example.test. 5 IN CNAME app.example.test.'],
    });
    t.match(await explain('?client=::1&type=CNAME'), { pool: null, answer: { length: 0 } });
  });

  await t.test('health', async (t) => {
    const health = '/v1/services/checked.example.test';
    await put({}, health);
    const force = (pool: string) => api.request('PUT', `${health}/health/${pool}`, { body: { state: 'down' } });
    await force('blue');
    const left = await explain('?client=203.0.113.7', health);
    t.match(left, { reason: 'health', pool: 'green', split: { blue: 0, green: 1 } });
    t.match(left.message, /green is the only pool with weight that is healthy\. Unhealthy, and left out: blue\./);
    await force('green');
    const open = await explain('?client=203.0.113.7&draws=1000', health);
    t.match(open, {
      reason: 'fail_open',
      message: /^No pool with weight is healthy, so that weights count as if all were/,
    });
    t.ok(open.split.blue > 0.3 && open.split.green > 0.3, 'both are answered');
  });

  await t.test('nothing is counted', async (t) => {
    const drain = (await api.request('GET', `${app}/drain`)).json();
    for (const pool of ['blue', 'green']) t.match(drain.pools[pool], { answers: 0, lastAnswerAt: null });
  });

  await t.test('what cannot be explained', async (t) => {
    const refusals: [string, string, string][] = [
      [app, '?client=here', 'query_invalid'],
      [app, '?client=192.0.2.1/24', 'query_invalid'],
      [app, '?type=TXT', 'query_invalid'],
      [app, '?draws=0', 'query_invalid'],
      [app, '?draws=10001', 'query_invalid'],
      [app, '?clients=192.0.2.1', 'query_invalid'],
      ['/v1/services/none.example.test', '', 'service_unknown'],
      ['/v1/services/red.app.example.test', '', 'service_unknown'],
    ];
    for (const [path, query, code] of refusals) t.match(await explain(query, path), { code }, `${path}${query}`);
  });
});
