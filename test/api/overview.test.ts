/** All services at a glance: what wants somebody's eye, and pages of the rest, by one request. */
import t from 'tap';
import type { Glance, Overview } from '../../src/contract/types.ts';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';

const pools = { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };

async function start(t: { teardown(work: () => unknown): void }): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

/** There are no workers here, but who has just started assumes answers of whoever ran before. */
async function shiftedAndRestarted(t: { teardown(work: () => unknown): void }, body: object): Promise<ApiFixture> {
  const directory = makeDirectory(t);
  const before = await startApi(directory);
  await seed(before);
  await before.request('POST', '/v1/shifts', { body });
  await before.close();
  const api = await startApi(directory);
  t.teardown(() => api.close());
  return api;
}

const look = async (api: ApiFixture, query = '', token?: string): Promise<Overview> =>
  (await api.request('GET', `/v1/overview${query}`, token === undefined ? {} : { token })).json();

const namesOf = (items: readonly Glance[]): string[] => items.map(({ service }) => service.name);
const glanceOf = ({ items }: Pick<Overview, 'items'>, name: string): Glance | undefined =>
  items.find(({ service }) => service.name === name);

/** All pages, by their `next`. */
async function walked(api: ApiFixture, query: string): Promise<string[]> {
  const names: string[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Overview = await look(api, `?${query}${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`);
    names.push(...namesOf(page.items));
    after = page.next;
  }
  return names;
}

t.test('says of each what goes on, who changed it last, and why', async (t) => {
  const fresh = await start(t);
  const quiet = await look(fresh);
  t.match(quiet, { total: 2, found: 2, current: true, stale: [], attention: { items: [] } });
  t.same(glanceOf(quiet, 'api.example.test')?.states, []);

  const why = { reason: 'Canary of 4.2.0', links: ['https://git.example.com/c/1'] };
  const shift = { services: { 'api.example.test': { blue: 0, green: 10 } }, ...why };
  const api = await shiftedAndRestarted(t, shift);
  const steps = [{ setWeight: 20 }, { pause: {} }];
  const begun = await api.request('POST', '/v1/services/app.example.test/releases', { body: { to: 'green', steps } });
  t.equal(begun.statusCode, 201);
  const busy = await look(api);
  t.match(glanceOf(busy, 'api.example.test'), {
    states: ['draining'],
    lastChange: { actor: 'settings-admin', kind: 'shift', ...why },
  });
  t.match(glanceOf(busy, 'app.example.test'), {
    states: ['waiting'],
    release: { to: 'green', stepIndex: 1, steps: 2 },
  });
  t.same(namesOf(busy.attention.items), ['app.example.test', 'api.example.test'], 'who waits for somebody comes first');
  t.same(busy.attention.counts, { unhealthy: 0, waiting: 1, releasing: 0, draining: 1 });
  t.same(namesOf((await look(api, '?state=draining')).items), ['api.example.test']);

  t.equal(glanceOf(busy, 'app.example.test')?.lastChange?.aborted, undefined);
  const { id } = begun.json();
  await api.request('POST', `/v1/services/app.example.test/releases/${id}/abort`, { body: { reason: 'Errors rise' } });
  t.match(
    glanceOf(await look(api), 'app.example.test')?.lastChange,
    { kind: 'release.abort', aborted: true, reason: 'Errors rise' },
    'it says so as long as nothing else has changed the service',
  );
  await api.request('PUT', '/v1/services/app.example.test/weights', { body: { blue: 1, green: 3 } });
  t.equal(glanceOf(await look(api), 'app.example.test')?.lastChange?.aborted, undefined);

  api.clock.aheadMs = 3_600_000;
  t.same((await look(api, '?state=draining')).items, [], 'what is drained is not told any more');
  const force = { state: 'down', reason: 'The disk', durationSeconds: 7200 };
  t.equal((await api.request('PUT', '/v1/services/api.example.test/health/green', { body: force })).statusCode, 200);
  t.match((await look(api, '?state=unhealthy')).items, [
    { service: { name: 'api.example.test' }, unhealthyPools: ['green'], downTargets: 1 },
  ]);
  t.match(await look(api, '?state=unhealthy&q=app'), {
    items: [],
    found: 0,
    total: 2,
    attention: { counts: { unhealthy: 1 } },
  });
});

t.test('lists by zone, name and last change, in pages that meet each once', async (t) => {
  const api = await start(t);
  const zone = { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' };
  for (const name of ['a.test', '0/25.b.test'])
    await api.request('PUT', `/v1/zones/${encodeURIComponent(name)}`, { body: zone });
  const made = ['x.a.test', 'z.a.test', 'y.0/25.b.test', 'sp\\032ace.a.test'];
  for (const [i, name] of made.entries()) {
    const labels = { team: i % 2 === 0 ? 'even' : 'odd' };
    const reply = await api.request('PUT', `/v1/services/${encodeURIComponent(name)}`, { body: { pools, labels } });
    t.equal(reply.statusCode, 201, reply.body);
  }
  const byZone = ['y.0/25.b.test', 'sp\\032ace.a.test', 'x.a.test', 'z.a.test', 'api.example.test', 'app.example.test'];
  for (const limit of [1, 2, 5, 100]) {
    t.same(await walked(api, `limit=${limit}`), byZone, `by zone, ${limit} at a time`);
    t.same(await walked(api, `limit=${limit}&order=name`), [...byZone].sort(), `by name, ${limit} at a time`);
    const changed = [...made.toReversed(), 'api.example.test', 'app.example.test'];
    t.same(await walked(api, `limit=${limit}&order=changed`), changed, `by last change, ${limit} at a time`);
  }
  t.same(await walked(api, 'limit=1&q=.A.test&label=team%3Dodd'), ['sp\\032ace.a.test', 'z.a.test']);
  t.match(await look(api, '?zone=a.test&limit=1'), { found: 3, total: 6 });
  // What a page ended with may be gone when the next one is asked for.
  const { next = '' } = await look(api, '?limit=3');
  await api.request('DELETE', '/v1/services/x.a.test');
  t.equal(namesOf((await look(api, `?after=${encodeURIComponent(next)}`)).items)[0], 'z.a.test');
});

t.test(
  'a pool that is renamed while it drains drains on, and so does one that is there no more where it comes back',
  async (t) => {
    const api = await start(t);
    const path = '/v1/services/app.example.test';
    const [old, now] = [{ targets: ['192.0.2.10'] }, { targets: ['192.0.2.20'] }];
    const states = async () => glanceOf(await look(api), 'app.example.test')?.states;
    const put = async (pools: object): Promise<void> => {
      const reply = await api.request('PUT', path, { body: { ttlSeconds: 300, pools } });
      t.match(reply.statusCode, 200, reply.body);
    };
    await put({ blue: { ...old, weight: 0 }, green: { ...now, weight: 1 } });
    await put({ v1: { ...old, weight: 0 }, green: now });
    t.same(await states(), ['draining']);
    await put({ v2: { targets: ['192.0.2.30'], weight: 0 }, green: now });
    t.same(await states(), [], 'nothing that is there drains');
    await put({ v1: { ...old, weight: 0 }, green: now });
    t.same(await states(), ['draining']);
  },
);

t.test('a token that is limited learns of nothing else, and nonsense is refused', async (t) => {
  const shift = {
    services: { 'app.example.test': { blue: 0, green: 1 }, 'api.example.test': { blue: 0, green: 1 } },
    reason: 'both',
  };
  const api = await shiftedAndRestarted(t, shift);
  const body = { name: 'one', scope: 'read', services: ['app.example.test'] };
  const { secret } = (await api.request('POST', '/v1/tokens', { body })).json();
  const seen = await api.request('GET', '/v1/overview', { token: secret });
  t.same(namesOf(seen.json().items), ['app.example.test']);
  t.match(seen.json(), { total: 1, found: 1, attention: { counts: { draining: 1 } } });
  t.notMatch(seen.body, /api\.example|both/);
  t.match(seen.json().items[0].lastChange.summary, /what this token may not see/);
  for (const query of [
    'after=nonsense',
    'after=x%20y&order=changed',
    'state=fine',
    'order=up',
    'limit=0',
    'label==',
    'zone=..',
  ]) {
    const reply = await api.request('GET', `/v1/overview?${query}`);
    t.ok(reply.statusCode === 400 || reply.statusCode === 422, `${query}: ${reply.statusCode}`);
  }
});

t.test('says which freezes hold each service now', async (t) => {
  const api = await start(t);
  const always = [
    { from: 'Mon 00:00', to: 'Thu 00:00' },
    { from: 'Thu 00:00', to: 'Mon 00:00' },
  ];
  const freeze = (name: string, body: object) =>
    api.request('PUT', `/v1/freezes/${name}`, { body: { timeZone: 'UTC', ...body } });
  await freeze('one', { windows: always, services: ['app.example.test'], message: 'Audit' });
  t.equal((await freeze('all', { windows: always })).statusCode, 201);
  t.equal((await freeze('far', { windows: [{ from: '2126-01-01', to: '2126-01-02' }] })).statusCode, 201);
  const all = { name: 'all', until: null };
  const page = await look(api);
  t.same(glanceOf(page, 'api.example.test')?.frozen, [all]);
  t.same(glanceOf(page, 'app.example.test')?.frozen, [all, { name: 'one', message: 'Audit', until: null }]);
  await api.request('DELETE', '/v1/freezes/all');
  t.equal(glanceOf(await look(api), 'api.example.test')?.frozen, undefined);
});
