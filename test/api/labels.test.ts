/** Labels on zones, RRsets, services and pools: set, kept by whatever does not name them, and no part of any answer. */
import t, { type Test } from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';

async function start(t: Test): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

const zone = '/v1/zones/example.test';
const app = '/v1/services/app.example.test';
const www = `${zone}/rrsets/www.example.test/A`;
const labels = { team: 'web', 'example.com/stage': 'canary' };

const get = async (api: ApiFixture, url: string) => (await api.request('GET', url)).json();
const put = async (api: ApiFixture, url: string, body: object) => {
  const reply = await api.request('PUT', url, { body });
  if (reply.statusCode >= 300) throw new Error(reply.body);
  return reply;
};

t.test('of a service and its pools: kept by shifts, releases and bodies that name none', async (t) => {
  const api = await start(t);
  const { serial } = await get(api, zone);
  const { pools, ...rest } = await get(api, app);
  const etag = (await api.request('GET', app)).headers.etag;
  const { blue, green } = pools;
  const body = { ttlSeconds: rest.ttlSeconds, pools: { blue: { ...blue, labels: { color: 'b' } }, green } };
  const changed = await put(api, app, { ...body, labels });
  t.not(changed.headers.etag, etag, 'the ETag changes');
  const expected = { labels, pools: { blue: { labels: { color: 'b' } } } };
  t.match(changed.json(), expected);
  t.equal((await get(api, zone)).serial, serial, 'nothing is answered otherwise');
  const { revision } = await get(api, app);
  t.equal((await put(api, app, body)).json().revision, revision, 'a body that names none changes nothing');
  await put(api, `${app}/weights`, { blue: 7, green: 1 });
  t.match(await get(api, app), expected, 'after a shift');
  await api.request('POST', `${app}/rollback`, { body: {} });
  t.match(await get(api, app), expected, 'after a rollback');
  await api.request('POST', `${app}/releases`, { body: { to: 'green', steps: [{ setWeight: 10 }, { pause: {} }] } });
  t.match(await get(api, app), expected, 'within a release');
  const { labels: none, pools: left } = (await put(api, app, { ...body, pools: { blue, green }, labels: {} })).json();
  t.same([none, left.blue.labels], [undefined, { color: 'b' }]);
  const history = await get(api, `${app}/history?order=newest&limit=1`);
  t.match(history.items[0].subjects[0], { before: { labels }, after: { labels: undefined } });
});

t.test('of a zone: kept by its records, and by a file', async (t) => {
  const api = await start(t);
  const { name: _name, revision: _revision, contentRevision: _content, serial, ...body } = await get(api, zone);
  t.match((await put(api, zone, { ...body, labels })).json(), { labels, serial });
  await put(api, www, { ttlSeconds: 60, rdata: ['192.0.2.1'] });
  t.match(await get(api, zone), { labels });
  t.match((await put(api, zone, { ...body, negativeTtlSeconds: 7 })).json(), { labels, negativeTtlSeconds: 7 });
  await importAgain(api, (file) => `${file}\nmore.example.test. 60 A 192.0.2.9\n`);
  t.match(await get(api, zone), { labels });
  t.notOk('labels' in (await put(api, zone, { ...body, labels: {} })).json());
});

t.test('of an RRset: kept by single values and by a file that has it', async (t) => {
  const api = await start(t);
  await put(api, www, { ttlSeconds: 60, rdata: ['192.0.2.1'], labels });
  const { serial, revision } = await get(api, zone);
  t.match(await get(api, www), { labels });
  await put(api, www, { ttlSeconds: 60, rdata: ['192.0.2.1'], labels: { team: 'db' } });
  t.match(await get(api, zone), { serial, revision }, 'nothing is answered otherwise');
  const change = (...changes: object[]) => api.request('POST', `${zone}/changes`, { body: { changes } });
  const of = { name: 'www.example.test', type: 'A' };
  await change({ add: { ...of, values: ['192.0.2.2'] } });
  await change({ remove: { ...of, values: ['192.0.2.1'] } });
  await put(api, www, { ttlSeconds: 30, rdata: ['192.0.2.3'] });
  t.match(await get(api, www), { ttlSeconds: 30, rdata: ['192.0.2.3'], labels: { team: 'db' } });
  await importAgain(api, (file) => `${file.replace('192.0.2.3', '192.0.2.4')}\nmore.example.test. 60 A 192.0.2.9\n`);
  t.match(
    await get(api, www),
    { rdata: ['192.0.2.4'], labels: { team: 'db' } },
    'a file knows no labels, and takes none',
  );
  t.notOk('labels' in (await get(api, `${zone}/rrsets/more.example.test/A`)));
  await change({ delete: of }, { put: { ...of, ttlSeconds: 60, rdata: ['192.0.2.1'] } });
  t.notOk('labels' in (await get(api, www)), 'what is made anew has none');
  await change({ put: { ...of, ttlSeconds: 60, rdata: ['192.0.2.1'], labels } });
  await api.request('DELETE', www);
  await put(api, www, { ttlSeconds: 60, rdata: ['192.0.2.1'] });
  t.notOk('labels' in (await get(api, www)));
});

t.test('they are there after a restart, and what is no label is refused', async (t) => {
  const directory = makeDirectory(t);
  const first = await startApi(directory);
  await seed(first);
  await put(first, www, { ttlSeconds: 60, rdata: ['192.0.2.1'], labels });
  await first.close();
  const api = await startApi(directory);
  t.teardown(() => api.close());
  t.match(await get(api, www), { labels });
  const cases: [string, object, string][] = [
    [www, { ttlSeconds: 60, rdata: ['192.0.2.1'], labels: { 'a=b': 'x' } }, '/labels'],
    [www, { ttlSeconds: 60, rdata: ['192.0.2.1'], labels: { a: 'x\ny' } }, '/labels/a'],
    [
      app,
      { pools: { blue: { targets: ['192.0.2.1'], labels: { '': 'x' } }, green: { targets: ['192.0.2.2'] } } },
      '/pools/blue/labels',
    ],
  ];
  for (const [url, body, pointer] of cases) {
    t.match((await api.request('PUT', url, { body })).json(), { status: 422, code: 'labels_invalid', pointer });
  }
  const number = await api.request('PUT', www, { body: { ttlSeconds: 60, rdata: ['192.0.2.1'], labels: { a: 1 } } });
  t.match(number.json(), { code: 'body_invalid', pointer: '/labels/a' });
});

async function importAgain(api: ApiFixture, edit: (file: string) => string): Promise<void> {
  const file = (await api.request('GET', `${zone}/file`)).body;
  const put = { body: edit(file), headers: { 'content-type': 'text/dns' } };
  const reply = await api.request('PUT', `${zone}/file`, put);
  if (reply.statusCode !== 200) throw new Error(reply.body);
}
