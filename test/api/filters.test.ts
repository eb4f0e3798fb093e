/** Lists are narrowed on the server, over all there is: no page of what was loaded first hides what is there. */
import t from 'tap';
import { type Page, searchedPage } from '../../src/api/v1/page.ts';
import { PAGE_BYTES, Passed } from '../../src/control/listing.ts';
import { atOnce, type Sliced } from '../../src/control/slices.ts';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';

const zone = '/v1/zones/example.test';
const pools = { a: { weight: 1, targets: ['192.0.2.1'] }, b: { weight: 1, targets: ['192.0.2.2'] } };
const number = (i: number): string => String(i).padStart(3, '0');

async function start(t: { teardown(work: () => unknown): void }): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

async function namesOf(api: ApiFixture, url: string, token?: string): Promise<string[]> {
  const reply = await api.request('GET', url, token === undefined ? {} : { token });
  t.equal(reply.statusCode, 200, reply.body);
  return reply.json().items.map(({ name, type }: { name: string; type?: string }) => (type ? `${name}/${type}` : name));
}

/** All pages, however short. */
async function walked(api: ApiFixture, url: string): Promise<string[]> {
  const names: string[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const from: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
    const { items, next } = (await api.request('GET', `${url}${from}`)).json();
    names.push(...items.map(({ name }: { name: string }) => name));
    after = next;
  }
  return names;
}

t.test('the 204th service and the 251st record are found', async (t) => {
  const api = await start(t);
  for (let i = 0; i < 204; i++) {
    const labels = i % 2 === 0 ? { team: 'even' } : { team: 'odd', tier: 'a=b' };
    await api.request('PUT', `/v1/services/s${number(i)}.example.test`, { body: { pools, labels } });
  }
  const records = Array.from({ length: 251 }, (_, i) => ({
    put: {
      name: `r${number(i)}.example.test`,
      type: i % 10 === 0 ? 'TXT' : 'A',
      ttlSeconds: 60,
      rdata: [i % 10 === 0 ? '"x"' : '192.0.2.1'],
      ...(i === 250 && { labels: { owner: 'last' } }),
    },
  }));
  t.equal((await api.request('POST', `${zone}/changes`, { body: { changes: records } })).statusCode, 200);

  t.same(await namesOf(api, '/v1/services?q=S203'), ['s203.example.test']);
  t.same(await namesOf(api, '/v1/services?q=s203.example.TEST.&zone=Example.test'), ['s203.example.test']);
  t.same(await namesOf(api, '/v1/services?q=s203&zone=other.test'), []);
  t.equal((await namesOf(api, '/v1/services?label=team%3Dodd&limit=1000')).length, 102);
  t.equal((await namesOf(api, '/v1/services?label=tier&label=team%3Dodd&limit=1000')).length, 102);
  t.equal((await namesOf(api, '/v1/services?label=tier%3Da%3Db&label=team%3Deven')).length, 0);
  t.same(await namesOf(api, `${zone}/rrsets?q=r250`), ['r250.example.test/TXT']);
  t.same(await namesOf(api, `${zone}/rrsets?name=R250.example.test`), ['r250.example.test/TXT']);
  t.same(await namesOf(api, `${zone}/rrsets?label=owner%3Dlast`), ['r250.example.test/TXT']);
  t.equal((await namesOf(api, `${zone}/rrsets?type=txt&limit=1000`)).length, 26);
  t.same(await namesOf(api, `${zone}/rrsets?type=A&name=r250.example.test`), []);

  for (const [url, count] of [
    ['/v1/services?q=s&label=team%3Deven&limit=7', 102],
    [`${zone}/rrsets?q=r2&limit=7`, 51],
    [`${zone}/rrsets?type=TXT&limit=1`, 26],
  ] as const) {
    const names = await walked(api, url);
    t.equal(new Set(names).size, names.length, 'none twice');
    t.equal(names.length, count, `none left out: ${url}`);
  }
});

t.test('zones, releases, revisions and tokens are narrowed too', async (t) => {
  const api = await start(t);
  const other = { nameservers: ['ns1.example.test'], hostmaster: 'h.example.test', labels: { stage: 'prod' } };
  await api.request('PUT', '/v1/zones/other.test', { body: other });
  await api.request('PUT', '/v1/services/x.other.test', { body: { pools } });
  t.same(await namesOf(api, '/v1/zones?q=OTHER'), ['other.test']);
  t.same(await namesOf(api, '/v1/zones?label=stage%3Dprod'), ['other.test']);
  t.same(await namesOf(api, '/v1/zones?label=stage%3Dtest'), []);

  const release = { to: 'green', steps: [{ setWeight: 50 }, { pause: {} }] };
  await api.request('POST', '/v1/services/app.example.test/releases', { body: release });
  const made = await api.request('POST', '/v1/services/api.example.test/releases', { body: release });
  await api.request('POST', `/v1/releases/${made.json().id}/abort`, { body: {} });
  const of = async (query: string) =>
    (await api.request('GET', `/v1/releases?${query}`))
      .json()
      .items.flatMap((one: { services: object }) => Object.keys(one.services));
  t.same(await of('state=active'), ['app.example.test']);
  t.same(await of('state=paused&q=app'), ['app.example.test']);
  t.same(await of('state=active&q=api'), []);
  t.same(await of('state=aborted'), ['api.example.test']);
  t.same(await of('name=api.example.test'), ['api.example.test']);
  t.same(await of('zone=other.test'), []);
  t.same((await api.request('GET', '/v1/services/api.example.test/releases?state=completed')).json().items, []);

  await api.request('PUT', `${zone}/rrsets/www.example.test/TXT`, { body: { ttlSeconds: 60, rdata: ['"x"'] } });
  const kinds = async (query: string) =>
    (await api.request('GET', `/v1/revisions?${query}`)).json().items.map(({ kind }: { kind: string }) => kind);
  t.same(await kinds('zone=other.test'), ['zone.put', 'service.put']);
  await api.request('PUT', '/v1/zones/other.test/dnssec', { body: {} });
  t.same(await kinds('zone=other.test'), ['zone.put', 'service.put', 'dnssec.sign'], 'its signing is in it');
  t.same(await kinds('name=www.example.test'), ['rrset.put']);
  t.same(await kinds('type=TXT&q=WWW'), ['rrset.put']);
  t.same(await kinds('name=x.other.test&order=newest'), ['service.put']);

  for (const body of [
    { name: 'ci', scope: 'release' },
    { name: 'CI-dns', scope: 'records', expiresAt: new Date(Date.now() + 60_000).toISOString() },
  ]) {
    await api.request('POST', '/v1/tokens', { body });
  }
  t.same((await namesOf(api, '/v1/tokens?q=ci')).sort(), ['CI-dns', 'ci']);
  t.same(await namesOf(api, '/v1/tokens?scope=records'), ['CI-dns']);
  api.clock.aheadMs = 120_000;
  t.same(await namesOf(api, '/v1/tokens?state=expired'), ['CI-dns']);
  t.same(await namesOf(api, '/v1/tokens?state=good'), ['ci']);
});

t.test('what is no filter is refused', async (t) => {
  const api = await start(t);
  for (const [url, code] of [
    ['/v1/services?label=%3Dx', 'query_invalid'],
    ['/v1/services?type=A', 'query_invalid'],
    [`${zone}/rrsets?type=ANY`, 'type_unknown'],
    [`${zone}/rrsets?name=a..b`, 'name_invalid'],
    ['/v1/releases?state=over', 'query_invalid'],
    [`/v1/services?${'label=a&'.repeat(33)}`, 'query_invalid'],
  ] as const) {
    t.match((await api.request('GET', url)).json(), { status: 400, code }, url);
  }
});

t.test('what a token may not see is not found, and no page tells of it', async (t) => {
  const api = await start(t);
  const changes = ['a', 'b', '_acme-challenge', 'z'].map((label) => ({
    put: { name: `${label}.example.test`, type: 'TXT', ttlSeconds: 60, rdata: ['"x"'] },
  }));
  await api.request('POST', `${zone}/changes`, { body: { changes } });
  const make = async (body: object) => (await api.request('POST', '/v1/tokens', { body })).json().secret as string;
  const acme = await make({ name: 'acme', scope: 'records', names: ['_acme-challenge.*'], types: ['TXT'] });
  const list = await api.request('GET', `${zone}/rrsets?limit=1`, { token: acme });
  t.match(list.json(), { items: [{ name: '_acme-challenge.example.test' }] });
  t.equal(list.json().next, undefined, 'not even the name of what would come next');
  t.same(await namesOf(api, `${zone}/rrsets?q=a.example`, acme), []);

  const both = {
    services: ['app.example.test', 'api.example.test'],
    to: 'green',
    steps: [{ setWeight: 50 }, { pause: {} }],
  };
  await api.request('POST', '/v1/releases', { body: both });
  const app = await make({ name: 'app', scope: 'read', services: ['app.example.test'] });
  const found = async (url: string) => (await api.request('GET', url, { token: app })).json().items.length;
  t.equal(await found('/v1/releases?q=app'), 1);
  t.equal(await found('/v1/releases?q=api'), 0, 'whether another service moves along is not told');
  t.equal(await found('/v1/revisions?q=api'), 0);
});

t.test('one request looks through so much and no more, in slices, and the next goes on there', async (t) => {
  const size = 10_000;
  const all = Array.from({ length: 5000 }, (_, i) => ({ id: i, text: 'x'.repeat(size) }));
  const listing = (after: number) => ({
    found: all.slice(after + 1),
    within: (one: (typeof all)[number]) => (one.id % 1000 === 999 ? one : undefined),
    key: ({ id }: { id: number }) => String(id),
    search: 'some' as const,
  });
  const found: number[] = [];
  let pages = 0;
  for (let next: string | undefined = '-1'; next !== undefined; pages++) {
    const work: Sliced<Page> = searchedPage(listing(Number(next)), 100, (one) => one);
    let slices = 0;
    let step = work.next();
    for (; !step.done; step = work.next()) slices++;
    t.ok(slices < 64);
    found.push(...(step.value.items as { id: number }[]).map(({ id }) => id));
    next = step.value.next;
  }
  t.same(found, [999, 1999, 2999, 3999, 4999]);
  t.ok(pages > 2 && pages < 10, `${pages} requests for ${(5000 * size) / PAGE_BYTES} slices`);
  const passed = {
    found: [new Passed('a'), new Passed('b')],
    within: () => undefined,
    key: () => '',
    search: 'all' as const,
  };
  t.same(atOnce(searchedPage(passed, 1, (one) => one)), { items: [] });
});
