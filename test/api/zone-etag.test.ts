/** The ETag of a zone is of its settings: records do not move it; lists, files and changes have theirs. */
import t from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';

const zone = '/v1/zones/example.test';

async function start(t: { teardown(work: () => unknown): void }): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

const etagOf = async (api: ApiFixture, url: string): Promise<string> =>
  String((await api.request('GET', url)).headers.etag);
const settings = { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' };
const a = { ttlSeconds: 60, rdata: ['192.0.2.1'] };

/** Each way in which records are changed. */
const recordWrites: [what: string, method: string, path: string, body?: unknown][] = [
  ['an RRset', 'PUT', `${zone}/rrsets/www.example.test/A`, a],
  [
    'a list of changes',
    'POST',
    `${zone}/changes`,
    { changes: [{ add: { name: 'b.example.test', type: 'TXT', values: ['"x"'] } }] },
  ],
  ['a delete', 'DELETE', `${zone}/rrsets/www.example.test/A`],
  [
    'a service',
    'PUT',
    '/v1/services/x.example.test',
    { pools: { a: { weight: 1, targets: ['192.0.2.1'] }, b: { weight: 1, targets: ['192.0.2.2'] } } },
  ],
  ['the end of a service', 'DELETE', '/v1/services/x.example.test'],
];

t.test('records leave it as it is, settings move it', async (t) => {
  const api = await start(t);
  const before = await etagOf(api, zone);
  for (const [what, method, path, body] of recordWrites) {
    const file = await etagOf(api, `${zone}/file`);
    const reply = await api.request(method, path, { ...(body !== undefined && { body }) });
    t.ok(reply.statusCode < 300, reply.body);
    t.equal(await etagOf(api, zone), before, what);
    t.not(await etagOf(api, `${zone}/file`), file, `${what}: the file has another`);
  }
  const read = (await api.request('GET', zone)).json();
  t.equal(`"${read.revision}"`, before);
  t.equal(`"${read.contentRevision}"`, await etagOf(api, `${zone}/file`));
  t.match((await api.request('GET', '/v1/zones')).json().items, [read]);

  const headers = { 'if-match': before };
  const changed = await api.request('PUT', zone, { body: { ...settings, ttlSeconds: 1234 }, headers });
  t.equal(changed.statusCode, 200, 'settings are changed on what was seen of them, whatever the records did');
  t.equal(await etagOf(api, zone), changed.headers.etag);
  t.match((await api.request('PUT', zone, { body: settings, headers })).json(), { code: 'revision_stale' });
});

t.test('a file whose settings are as they were leaves it, another moves it', async (t) => {
  const api = await start(t);
  const before = await etagOf(api, zone);
  const file = (await api.request('GET', `${zone}/file`, { headers: { accept: 'text/dns' } })).body;
  const put = (body: string, more: Record<string, string> = {}) =>
    api.request('PUT', `${zone}/file`, { body, headers: { 'content-type': 'text/dns', ...more } });
  const imported = await put(`${file}\nnew.example.test. 60 A 192.0.2.9\n`);
  t.equal(imported.statusCode, 200, imported.body);
  t.equal(await etagOf(api, zone), before);
  t.equal(`"${imported.json().revision}"`, imported.headers.etag);
  t.match((await put(file, { 'if-match': before })).json(), { code: 'revision_stale' }, 'the records have moved');
  t.equal((await put(file.replace('hostmaster.', 'other.'))).statusCode, 200);
  t.not(await etagOf(api, zone), before);
});

t.test('nothing is said to be as it was that is not', async (t) => {
  const api = await start(t);
  await api.request('PUT', zone, { body: { ...settings, ttlSeconds: 99 } });
  const etag = await etagOf(api, zone);
  const ask = () => api.request('GET', zone, { headers: { 'if-none-match': etag } });
  t.equal((await ask()).statusCode, 304);
  await api.request('PUT', `${zone}/rrsets/www.example.test/A`, { body: a });
  const reply = await ask();
  t.equal(reply.statusCode, 200, 'the serial is another');
  t.equal(reply.headers.etag, etag);
});

t.test('a body that was read is written back, whatever the records did since', async (t) => {
  const api = await start(t);
  const read = await api.request('GET', zone);
  const body = read.json<object>();
  await api.request('PUT', `${zone}/rrsets/www.example.test/A`, { body: a });
  const headers = { 'if-match': String(read.headers.etag) };
  const reply = await api.request('PUT', zone, { body: { ...body, ttlSeconds: 77 }, headers });
  t.equal(reply.statusCode, 200, reply.body);
  const old = await api.request('PUT', zone, { body: { ...body, ttlSeconds: 78 } });
  t.match(old.json(), { code: 'member_read_only' }, 'one from before the settings changed is not');
});

t.test('a delete takes the tag that the zone shows', async (t) => {
  const api = await start(t);
  const etag = await etagOf(api, zone);
  await api.request('PUT', `${zone}/rrsets/www.example.test/A`, { body: a });
  const remove = (ifMatch: string) =>
    api.request('DELETE', `${zone}?services=delete`, { headers: { 'if-match': ifMatch } });
  t.equal((await remove('"999"')).statusCode, 412);
  t.equal((await remove(etag)).statusCode, 204);
});

t.test('a list of changes holds its If-Match against the records', async (t) => {
  const api = await start(t);
  const { contentRevision } = (await api.request('GET', zone)).json();
  const changes = [{ add: { name: 'b.example.test', type: 'TXT', values: ['"x"'] } }];
  const send = () =>
    api.request('POST', `${zone}/changes`, { body: { changes }, headers: { 'if-match': `"${contentRevision}"` } });
  t.equal((await send()).statusCode, 200);
  t.equal((await send()).statusCode, 412);
});
