/** POST /v1/services with dryRun: what a PUT would do, by what bodies mean, refused where the PUT is, and nothing kept. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { type ApiFixture, makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';
import { runs } from '../fixtures/runs.ts';

async function start(t: Test): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

const compare = (api: ApiFixture, services: object, more = {}) =>
  api.request('POST', '/v1/services', { body: { services, dryRun: true }, ...more });
const lastRevision = async (api: ApiFixture): Promise<number> =>
  ((await api.request('GET', '/v1/revisions?limit=1000')).json() as { items: { revision: number }[] }).items.at(-1)
    ?.revision as number;
const pools = (blue: string, green = '192.0.2.20') => ({
  blue: { weight: 1, targets: [blue] },
  green: { weight: 0, targets: [green] },
});

t.test('made, changed, or as it is: before and after in canonical form', async (t) => {
  const api = await start(t);
  const at = await lastRevision(api);
  const app = (await api.request('GET', '/v1/services/app.example.test')).json() as { ttlSeconds: number };
  const same = await compare(api, { 'APP.example.test.': { ttlSeconds: app.ttlSeconds, pools: pools('192.0.2.10') } });
  t.equal(same.statusCode, 200, same.body);
  const reply = await compare(api, {
    'APP.example.test.': {
      ttlSeconds: 77,
      pools: { blue: { targets: ['192.0.2.10'] }, green: { targets: ['192.0.2.20'] } },
    },
    'new.example.test': { pools: pools('2001:DB8::0:1', '::ffff:192.0.2.1') },
  });
  t.match(reply.json(), {
    dryRun: true,
    services: [
      { name: 'app.example.test', action: 'change', before: app, after: { ttlSeconds: 77 } },
      {
        name: 'new.example.test',
        action: 'make',
        before: null,
        after: { pools: { blue: { targets: ['2001:db8::1'] } } },
      },
    ],
  });
  t.equal(await lastRevision(api), at, 'nothing was done');
  t.equal((await api.request('GET', '/v1/services/new.example.test')).statusCode, 404);
});

t.test(
  'a body written in any way is no change of the service that it made, and its PUT makes no revision',
  async (t) => {
    const api = await start(t);
    const ip6 = fc.ipV6().filter((text) => !text.includes('%'));
    const spelled = (text: string): fc.Arbitrary<string> =>
      fc.constantFrom(text, text.toUpperCase(), text.toLowerCase());
    const body = fc
      .record({
        blue: ip6,
        green: fc.ipV4(),
        header: fc.constantFrom('X-A', 'Authorization', 'accept'),
        isHost: fc.boolean(),
      })
      .filter(({ blue, green }) => blue !== green);
    await fc.assert(
      fc.asyncProperty(body, fc.gen(), async ({ blue, green, header, isHost }, draw) => {
        const write = () => ({
          pools: isHost
            ? pools(draw(spelled, 'Blue.Example.NET') + draw(fc.constantFrom, '', '.'), 'g.example.net')
            : pools(draw(spelled, blue), green),
          health: {
            http: {
              headers: { [draw(spelled, header)]: 'x' },
              host: draw(spelled, 'host.test') + draw(fc.constantFrom, '', '.'),
            },
          },
          pins: [{ network: draw(fc.constantFrom, '2001:DB8::/32', '2001:db8:0:0::/32'), pool: 'blue' }],
        });
        await api.request('PUT', '/v1/services/p.example.test', { body: write() });
        const again = write();
        const compared = (await compare(api, { 'P.example.test': again })).json();
        t.match(compared, { services: [{ action: 'none' }] }, JSON.stringify(again), { diagnostic: false });
        const at = await lastRevision(api);
        await api.request('PUT', '/v1/services/p.example.test.', { body: again });
        if ((await lastRevision(api)) !== at) throw new Error('a revision was made');
      }),
      { numRuns: runs(30) },
    );
  },
);

t.test('refused where the PUT is, with its code; the pointer leads into the list', async (t) => {
  const api = await start(t);
  await api.request('PUT', '/v1/zones/example.test/rrsets/taken.example.test/A', {
    body: { ttlSeconds: 5, rdata: ['192.0.2.1'] },
  });
  const bodies: readonly [string, object][] = [
    ['a.other.test', { pools: pools('192.0.2.1') }],
    ['taken.example.test', { pools: pools('192.0.2.1') }],
    ['a..b', { pools: pools('192.0.2.1') }],
    ['a.example.test', { pools: pools('192.0.2.256') }],
    ['a.example.test', { pools: { blue: { weight: 1, targets: ['192.0.2.1'] } } }],
    ['a.example.test', { pools: { ...pools('192.0.2.1'), blue: { targets: ['192.0.2.1'] } } }],
    ['a.example.test', { pools: pools('192.0.2.1', 'host.example.net') }],
    ['a.example.test', { pools: pools('192.0.2.1'), ttlSeconds: -1 }],
    ['a.example.test', { pools: pools('192.0.2.1'), health: { tcp: { port: 0 } } }],
    ['a.example.test', { pools: pools('192.0.2.1'), pins: [{ network: '10.0.0.0/8', pool: 'red' }] }],
    ['a.example.test', { pools: pools('192.0.2.1'), nosuch: 1 }],
    ['green.app.example.test', { pools: pools('192.0.2.1') }],
    ['example.test', { pools: pools('blue.example.net', 'green.example.net') }],
  ];
  for (const [name, body] of bodies) {
    const planned = await compare(api, { [name]: body });
    const put = await api.request('PUT', `/v1/services/${encodeURIComponent(name)}`, { body });
    t.ok(put.statusCode >= 400, `${name} ${JSON.stringify(body)}`);
    t.match(planned.json(), { status: put.statusCode, code: put.json().code }, planned.body);
  }
  const [, bad] = bodies[3] as [string, object];
  const reply = await compare(api, { 'b.example.test': { pools: pools('192.0.2.1') }, 'a.example.test': bad });
  t.match(reply.json(), {
    detail: /^a\.example\.test: .*not "192\.0\.2\.256"/,
    pointer: '/services/a.example.test/pools/blue/targets/0',
  });
});

t.test('a secret that changes is a change, and is shown nowhere', async (t) => {
  const api = await start(t);
  const body = (value: string) => ({
    pools: pools('192.0.2.1'),
    health: { http: { headers: { authorization: value } } },
  });
  await api.request('PUT', '/v1/services/s.example.test', { body: body('Bearer first-one') });
  t.match((await compare(api, { 's.example.test': body('Bearer first-one') })).json(), {
    services: [{ action: 'none' }],
  });
  const changed = await compare(api, { 's.example.test': body('Bearer other-one') });
  t.match(changed.json(), { services: [{ action: 'change' }] });
  t.notMatch(changed.body, /first-one|other-one/);
});

t.test('each is judged on what those before it leave', async (t) => {
  const api = await start(t);
  const both = {
    'a.example.test': { pools: pools('192.0.2.1') },
    'green.a.example.test': { pools: pools('192.0.2.1') },
  };
  t.match(await compare(api, both), { statusCode: 409 });
  t.equal(
    (await compare(api, { 'green.a.example.test': { pools: pools('192.0.2.1') } })).statusCode,
    200,
    'alone it is free',
  );
  t.equal((await api.request('GET', '/v1/services/a.example.test')).statusCode, 404);
  const twice = await compare(api, {
    'a.example.test': { pools: pools('192.0.2.1') },
    'A.Example.test.': { pools: pools('192.0.2.1') },
  });
  t.match(twice.json(), { code: 'service_invalid', detail: /are one service/ });
});

t.test('rights, numbers, and what is not dry', async (t) => {
  const api = await start(t);
  const services = { 'a.example.test': { pools: pools('192.0.2.1') } };
  t.match((await compare(api, services, { token: READER })).json(), { code: 'token_forbidden' });
  const limited = await api.request('POST', '/v1/tokens', {
    body: { name: 'limited', scope: 'admin', services: ['a.example.test'] },
  });
  const { secret, token = secret } = limited.json() as { secret?: string; token?: string };
  t.match((await compare(api, { 'b.example.test': services['a.example.test'] }, { token })).json(), {
    code: 'token_forbidden',
  });
  t.match(
    (await compare(api, services, { token })).json(),
    { code: 'token_forbidden', detail: /a\.example\.test/ },
    'its preview names',
  );
  t.equal(
    (await compare(api, { 'a.example.test': { ...services['a.example.test'], previewNames: false } }, { token }))
      .statusCode,
    200,
  );
  t.match((await compare(api, {})).json(), { code: 'body_invalid' });
  const many = Object.fromEntries(
    Array.from({ length: 101 }, (_, i) => [`s${i}.example.test`, services['a.example.test']]),
  );
  t.match((await compare(api, many)).json(), { code: 'body_invalid', detail: /not 101/ });
  t.equal((await api.request('POST', '/v1/services', { body: { services } })).statusCode, 400);
  t.equal((await api.request('POST', '/v1/services', { body: { services, dryRun: false } })).statusCode, 400);
  api.setReadOnly(true);
  t.match((await api.request('PUT', '/v1/services/a.example.test', { body: services['a.example.test'] })).json(), {
    code: 'store_unavailable',
  });
  api.setReadOnly(false);
  t.equal((await compare(api, services)).statusCode, 200, 'and the store goes on');
  t.equal(
    (await api.request('PUT', '/v1/services/a.example.test', { body: services['a.example.test'] })).statusCode,
    201,
  );
});
