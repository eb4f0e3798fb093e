/** One request asks for so much work and no more: pages by what is in them, bodies by what may mean something. */
import t from 'tap';
import { type Page, page } from '../../src/api/v1/page.ts';
import { PAGE_BYTES, walk } from '../../src/control/listing.ts';
import { makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';

/** Nothing is out of reach. */
const whole = <Item>(item: Item): Item => item;

t.test('a page ends where it is long enough, and the next one goes on there', async (t) => {
  const size = 10_000;
  const all = Array.from({ length: 100 }, (_, i) => ({ id: i, text: 'x'.repeat(size) }));
  let reads = 0;
  const read = (from: number) =>
    walk<(typeof all)[number]>((last) => {
      reads++;
      const next = all[last === undefined ? from : last.id + 1];
      return next === undefined ? [] : [next];
    });
  const found: unknown[] = [];
  let at: string | undefined = '0';
  while (at !== undefined) {
    reads = 0;
    const listing = {
      found: read(Number(at)),
      within: whole<(typeof all)[number]>,
      key: ({ id }: { id: number }) => String(id + 1),
    };
    const got: Page = page(listing, 1000, (item) => item);
    const bytes = JSON.stringify(got.items).length;
    t.ok(bytes <= PAGE_BYTES + 2 * size, `${bytes} bytes`);
    t.ok(reads <= got.items.length + 1, 'nothing is read that is not wanted');
    found.push(...got.items);
    at = got.next;
  }
  t.same(found, all);
});

t.test('what is out of reach counts too, and an item that is larger than a page is a page', async (t) => {
  const hidden = Array.from({ length: 100 }, (_, i) => ({ id: i, text: 'x'.repeat(10_000) }));
  const listing = { found: hidden, within: () => undefined, key: ({ id }: { id: number }) => String(id) };
  const first = page(listing, 1000, (item) => item);
  t.same(first.items, []);
  t.ok(Number(first.next) < 50);
  const large = [{ text: 'x'.repeat(2 * PAGE_BYTES) }, { text: '' }];
  const one = page({ found: large, within: whole, key: () => 'first' }, 1000, (item) => item);
  t.equal(one.items.length, 1);
  t.equal(one.next, 'first');
  t.same(
    page({ found: [large[1]], within: whole, key: () => 'last' }, 1, (item) => item),
    { items: [{ text: '' }] },
  );
});

t.test('lists of large services are whole, page by page', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const targets = Array.from({ length: 32 }, (_, i) => `2001:db8:1111:2222:3333:4444:5555:${(i + 16).toString(16)}`);
  const pools = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`pool-${i}`, { weight: 1, targets }]));
  const names = Array.from({ length: 20 }, (_, i) => `s${String(i).padStart(2, '0')}.example.test`);
  for (const name of names)
    t.equal((await api.request('PUT', `/v1/services/${name}`, { body: { pools } })).statusCode, 201);
  for (const [list, count] of [
    ['/v1/services?limit=1000', 22],
    ['/v1/revisions?limit=1000', 23],
    ['/v1/revisions?limit=1000&order=newest', 23],
  ] as const) {
    let [found, pages] = [0, 0];
    for (let after: string | undefined = ''; after !== undefined; pages++) {
      const reply = await api.request('GET', `${list}${after === '' ? '' : `&after=${after}`}`);
      t.ok(reply.body.length <= 2 * PAGE_BYTES, `${reply.body.length} bytes`);
      found += reply.json().items.length;
      after = reply.json().next;
    }
    t.equal(found, count, list);
    t.ok(pages > 1, `${pages} pages`);
  }
});

t.test('a body that is too long to mean anything is refused before it is read', async (t) => {
  const api = await startApi(makeDirectory(t), { bodyMaxBytes: 2 ** 20 });
  t.teardown(() => api.close());
  const object = (count: number, value: string) =>
    `{${Array.from({ length: count }, (_, i) => `"p${i}":${value}`).join(',')}}`;
  const routes: [string, string][] = [
    ['PUT', '/v1/services/a.test/weights'],
    ['PUT', '/v1/services/a.test'],
    ['POST', '/v1/shifts'],
    ['POST', '/v1/services'],
    ['POST', '/v1/releases'],
    ['POST', '/v1/tokens'],
    ['PUT', '/v1/zones/a.test'],
    ['PUT', '/v1/zones/a.test/rrsets/a.test/A'],
    ['POST', '/v1/zones/a.test/changes'],
    ['PUT', '/v1/webhooks/a'],
  ];
  for (const [method, url] of routes) {
    t.match(await api.request(method, url, { body: object(90_000, '1') }), { statusCode: 413 }, `${method} ${url}`);
  }
  const many = await api.request('PUT', '/v1/services/a.test/weights', { body: object(1001, '1') });
  t.match(many.json(), { code: 'body_invalid', detail: /at most 1000 properties/ });
  const body = { ttlSeconds: 1, rdata: Array.from({ length: 6000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`) };
  const url = '/v1/zones/a.test/rrsets/www.a.test/A';
  const zone = { nameservers: ['ns.other.test'], hostmaster: 'a.a.test' };
  t.equal((await api.request('PUT', '/v1/zones/a.test', { body: zone })).statusCode, 201);
  t.match((await api.request('PUT', url, { body })).json(), { code: 'rrset_invalid', detail: /at most \d+ records/ });
});

t.test('what one token asks for in slices is not in the way of another', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const order: string[] = [];
  const ask = async (name: string, request: Promise<{ statusCode: number; body: string }>) => {
    const { statusCode, body } = await request;
    t.equal(statusCode, 200, body);
    order.push(name);
  };
  const services = Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => [
      `s${i}.example.test`,
      { pools: { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } } },
    ]),
  );
  const compared = api.request('POST', '/v1/services', { body: { services, dryRun: true } });
  const explained = api.request('GET', '/v1/services/app.example.test/explain?draws=10000&client=203.0.113.7');
  const read = api.request('GET', '/v1/services/app.example.test', { token: READER });
  await Promise.all([ask('dry run', compared), ask('explain', explained), ask('read', read)]);
  t.equal(order[0], 'read', 'though it came last');
});
