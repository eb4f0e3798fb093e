/** Zones, RRsets and services over HTTP: made, read, changed, deleted, listed, under any name. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ADMIN, type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';
import { runs } from '../fixtures/runs.ts';

const zone = { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' };
const txt = { ttlSeconds: 60, rdata: ['"one"'] };

async function start(t: Test): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

t.test('a resource lives from its first PUT to its DELETE', async (t) => {
  const api = await start(t);
  const resources: [string, object, object][] = [
    ['/v1/zones/b.test', zone, { ...zone, ttlSeconds: 60 }],
    ['/v1/zones/example.test/rrsets/www.example.test/TXT', txt, { ...txt, rdata: ['"two"'] }],
    [
      '/v1/services/www.example.test',
      { pools: { a: { weight: 1, targets: ['192.0.2.1'] }, b: { weight: 0, targets: ['192.0.2.2'] } } },
      { pools: { a: { targets: ['192.0.2.3'] }, b: { targets: ['192.0.2.2'] } } },
    ],
  ];
  for (const [url, first, second] of resources) {
    const made = await api.request('PUT', url, { body: first });
    t.equal(made.statusCode, 201, `${url} is made`);
    t.equal(made.headers.etag, `"${made.json().revision}"`);
    t.equal(made.headers['teal-revision'], String(made.json().revision));
    t.same((await api.request('GET', url)).json(), made.json(), 'GET shows what PUT replied');

    const again = await api.request('PUT', url, { body: first });
    t.match(again, { statusCode: 200, headers: { etag: made.headers.etag } }, 'the same PUT changes nothing');

    const changed = await api.request('PUT', url, { body: second });
    t.equal(changed.statusCode, 200);
    t.not(changed.headers.etag, made.headers.etag);
    t.same((await api.request('GET', url)).json(), changed.json());

    const deleted = await api.request('DELETE', url);
    t.match(deleted, { statusCode: 204, body: '' });
    t.equal(deleted.headers['teal-revision'], String(changed.json().revision + 1));
    t.equal((await api.request('GET', url)).statusCode, 404);
  }
  const history = (await api.request('GET', '/v1/services/www.example.test/history')).json();
  t.match(
    history.items.map((item: { kind: string }) => item.kind),
    ['service.put', 'service.put', 'service.delete'],
    'its history stays',
  );
});

t.test('a GET that names the current ETag gets 304', async (t) => {
  const api = await start(t);
  // Records that were changed since are told of by the serial, so that such a zone is sent whole (zone-etag.test.ts).
  const { revision: _r, contentRevision: _c, ...zone } = (await api.request('GET', '/v1/zones/example.test')).json();
  await api.request('PUT', '/v1/zones/example.test', { body: { ...zone, ttlSeconds: 1800 } });
  for (const url of [
    '/v1/zones/example.test',
    '/v1/services/app.example.test',
    '/v1/services/app.example.test/weights',
  ]) {
    const { headers } = await api.request('GET', url);
    const etag = String(headers.etag);
    const statusFor = async (ifNoneMatch: string) =>
      (await api.request('GET', url, { headers: { 'if-none-match': ifNoneMatch } })).statusCode;
    t.equal(await statusFor(etag), 304);
    t.equal(await statusFor(`W/${etag}`), 304, 'weak comparison');
    t.equal(await statusFor(`"999", ${etag}`), 304);
    t.equal(await statusFor('*'), 304);
    t.equal(await statusFor('"999"'), 200);
    t.equal(await statusFor('nonsense'), 200, 'a malformed condition is no condition');
    t.match(await api.request('HEAD', url), { statusCode: 200, headers: { etag }, body: '' });
  }
});

t.test("a zone's serial changes with its records, and with them the ETag of its file", async (t) => {
  const api = await start(t);
  const before = await api.request('GET', '/v1/zones/example.test');
  const file = await api.request('GET', '/v1/zones/example.test/file');
  await api.request('PUT', '/v1/zones/example.test/rrsets/www.example.test/TXT', { body: txt });
  const after = await api.request('GET', '/v1/zones/example.test');
  t.not(after.json().serial, before.json().serial);
  t.equal(after.headers.etag, before.headers.etag);
  t.not((await api.request('GET', '/v1/zones/example.test/file')).headers.etag, file.headers.etag);
});

t.test('If-None-Match: * makes, and never changes', async (t) => {
  const api = await start(t);
  const url = '/v1/zones/example.test/rrsets/www.example.test/TXT';
  const put = (text: string) =>
    api.request('PUT', url, { body: { ...txt, rdata: [text] }, headers: { 'if-none-match': '*' } });
  t.equal((await put('"one"')).statusCode, 201);
  t.match((await put('"two"')).json(), { status: 412, code: 'revision_stale' });
  t.same((await api.request('GET', url)).json().rdata, ['"one"']);
});

t.test('a zone with services goes with them only on demand', async (t) => {
  const api = await start(t);
  t.match((await api.request('DELETE', '/v1/zones/example.test')).json(), {
    code: 'zone_has_services',
    conflict: 'api.example.test',
  });
  t.equal((await api.request('DELETE', '/v1/zones/example.test?services=delete')).statusCode, 204);
  t.same((await api.request('GET', '/v1/services')).json(), { items: [] });
});

t.test('a conflict names the other party', async (t) => {
  const api = await start(t);
  await api.request('PUT', '/v1/zones/example.test/rrsets/www.example.test/CNAME', {
    body: { ttlSeconds: 60, rdata: ['example.net.'] },
  });
  const mx = await api.request('PUT', '/v1/zones/example.test/rrsets/www.example.test/MX', {
    body: { ttlSeconds: 60, rdata: ['10 mail.example.net.'] },
  });
  t.match(mx.json(), { status: 409, code: 'cname_conflict', conflict: 'www.example.test/CNAME' });
});

t.test('names in paths: any case, escapes, wildcards, percent-encoded once', async (t) => {
  const api = await start(t);
  const base = '/v1/zones/example.test/rrsets';
  const nameOf = async (path: string) => {
    const put = await api.request('PUT', `${base}/${path}/TXT`, { body: txt });
    return put.json().name ?? put.json().code;
  };
  t.equal(await nameOf('WWW.Example.TEST.'), 'www.example.test');
  t.equal(await nameOf('*.example.test'), '*.example.test');
  t.equal(await nameOf('%2A.example.test'), '*.example.test');
  t.equal(await nameOf('%252A.example.test'), '%2a.example.test', 'decoded once');
  t.equal(await nameOf('0%2F25.example.test'), '0/25.example.test', 'a slash in a name (RFC 2317)');
  t.equal(await nameOf('a%5C.b.example.test'), 'a\\.b.example.test', 'a dot in a label');
  t.equal(await nameOf('%5C000%5C255.example.test'), '\\000\\255.example.test');
  t.equal(await nameOf('%5c%5c.example.test'), '\\\\.example.test');
  t.equal(await nameOf('a%3Fb%23c.example.test'), 'a?b#c.example.test');
  t.equal(await nameOf('a+b.example.test'), 'a+b.example.test', 'a plus is a plus');
  t.equal(await nameOf('xn--bcher-kva.example.test'), 'xn--bcher-kva.example.test');
  t.equal((await api.request('PUT', `${base}/0/25.example.test/TXT`, { body: txt })).statusCode, 404);
});

t.test('every name of up to 255 bytes can be written in a path', async (t) => {
  const api = await start(t);
  const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
  const name = fc
    .array(label, { minLength: 1, maxLength: 4 })
    // A star is refused save as the leftmost label.
    .filter((labels) => labels.slice(1).every((one) => one.length > 1 || one[0] !== 0x2a))
    .filter((labels) => labels.reduce((bytes, one) => bytes + one.length + 1, 0) + 'example.test'.length + 2 <= 255);
  const escaped = (bytes: Uint8Array) => [...bytes].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('');
  // Every character percent-encoded: the longest spelling that there is.
  const encode = (text: string) => text.replaceAll(/./g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  const longest = [63, 63, 63, 48].map((bytes) => new Uint8Array(bytes).fill(0x2f));
  await fc.assert(
    fc.asyncProperty(name, async (labels) => {
      const text = `${labels.map(escaped).join('.')}.example.test`;
      const url = `/v1/zones/example.test/rrsets/${encode(text)}/TXT`;
      const put = await api.request('PUT', url, { body: txt });
      if (!put.json().name) throw new Error(`${text}: ${put.body}`);
      const shown = encodeURIComponent(put.json().name);
      const got = await api.request('GET', `/v1/zones/example.test/rrsets/${shown}/TXT`);
      return got.json().name === put.json().name;
    }),
    { numRuns: runs(100), examples: [[longest]] },
  );
});

t.test('replies are sent as they were made, whatever their schema knows', async (t) => {
  const body = { revision: 1, weights: { blue: '1' }, more: [1] };
  const engine = { execute: () => ({ revision: 1, created: false, replayed: true, body }) } as never;
  const api = await startApi(makeDirectory(t), {}, { engine });
  t.teardown(() => api.close());
  const post = { method: 'POST', url: '/v1/services/a.test/rollback', headers: { authorization: `Bearer ${ADMIN}` } };
  t.same((await api.app.inject(post as never)).json(), body);
});

t.test('lists come in pages', async (t) => {
  const api = await start(t);
  const names = ['a', 'b', 'c', 'd', 'e'].map((label) => `${label}.example.test`);
  for (const name of names) {
    await api.request('PUT', `/v1/zones/example.test/rrsets/${name}/TXT`, { body: txt });
    await api.request('PUT', `/v1/zones/${name}.zones.test`, { body: zone });
  }
  const walk = async (path: string, key: string) => {
    const found: unknown[] = [];
    let after = '';
    for (;;) {
      const page = (await api.request('GET', `${path}?limit=2${after}`)).json();
      found.push(...page.items.map((item: Record<string, unknown>) => item[key]));
      t.ok(page.items.length <= 2, 'no page is longer than asked for');
      if (page.next === undefined) return found;
      after = `&after=${encodeURIComponent(page.next)}`;
    }
  };
  t.same(await walk('/v1/zones/example.test/rrsets', 'name'), names);
  t.same(await walk('/v1/zones', 'name'), [...names.map((name) => `${name}.zones.test`), 'example.test']);
  t.same(await walk('/v1/services', 'name'), ['api.example.test', 'app.example.test']);
  t.same(await walk('/v1/revisions', 'revision'), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
});

t.test('the log and histories walk in either direction', async (t) => {
  const api = await start(t);
  for (let green = 1; green <= 3; green++) {
    await api.request('PUT', '/v1/services/app.example.test/weights', { body: { blue: 1, green } });
  }
  const numbers = async (query: string) => {
    const { items, next } = (await api.request('GET', `/v1/services/app.example.test/history${query}`)).json();
    return [items.map((item: { revision: number }) => item.revision), next];
  };
  t.same(await numbers(''), [[2, 4, 5, 6], undefined]);
  t.same(await numbers('?limit=2'), [[2, 4], '4']);
  t.same(await numbers('?after=4'), [[5, 6], undefined]);
  t.same(await numbers('?order=newest&limit=3'), [[6, 5, 4], '4']);
  t.same(await numbers('?order=newest&after=4'), [[2], undefined]);
  const log = (await api.request('GET', '/v1/revisions?order=newest&after=6&limit=2')).json();
  t.match(log, { items: [{ revision: 5 }, { revision: 4 }], next: '4' });
  t.match((await api.request('GET', '/v1/revisions?order=newest')).json(), { items: [{ revision: 6 }] });
});
