/** The activity: every change, found by who, what, when and what it is about, and taken along as CSV. */
import t from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';

const app = '/v1/services/app.example.test';

async function start(t: { teardown(work: () => unknown): void }): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

async function kindsOf(api: ApiFixture, query: string): Promise<string[]> {
  const reply = await api.request('GET', `/v1/revisions?${query}`);
  t.equal(reply.statusCode, 200, reply.body);
  return reply.json().items.map(({ kind }: { kind: string }) => kind);
}

t.test('is narrowed by who, kind and time, together with what it is about', async (t) => {
  const api = await start(t);
  const made = await api.request('POST', '/v1/tokens', { body: { name: 'carol', scope: 'release' } });
  const carol = { token: made.json().secret };
  await api.request('PUT', `${app}/weights`, { body: { blue: 1, green: 1 }, ...carol });
  const release = await api.request('POST', `${app}/releases`, {
    body: { to: 'green', steps: [{ setWeight: 60 }, { pause: {} }] },
    ...carol,
  });
  await api.request('POST', `${app}/releases/${release.json().id}/abort`, { body: {} });
  t.same(await kindsOf(api, 'actor=carol'), ['shift', 'release.create']);
  t.same(await kindsOf(api, 'actor=nobody'), []);
  t.same(await kindsOf(api, 'kind=release.'), ['release.create', 'release.abort']);
  t.same(await kindsOf(api, 'kind=release'), [], 'a kind is said whole, unless it ends in a dot');
  t.same(await kindsOf(api, 'kind=release.&actor=carol&name=app.example.test'), ['release.create']);
  t.same(await kindsOf(api, 'kind=service.put&name=api.example.test&order=newest'), ['service.put']);
  const at = (ms: number): string => encodeURIComponent(new Date(Date.now() + ms).toISOString());
  const all = (await kindsOf(api, '')).length;
  t.equal((await kindsOf(api, `since=${at(-60_000)}&until=${at(60_000)}`)).length, all);
  for (const order of ['newest', 'oldest']) {
    t.same(await kindsOf(api, `since=${at(60_000)}&order=${order}`), []);
    t.same(await kindsOf(api, `until=${at(-60_000)}&order=${order}`), []);
  }
  t.equal((await kindsOf(api, 'since=2020-01-31')).length, all, 'a date is its beginning, in UTC');
  for (const time of [
    'yesterday',
    '2026',
    '2026-13-01',
    '2026-02-30',
    '2026-02-30T00:00:00Z',
    '1',
    '2026-01-31T25:00:00Z',
    '2026-01-31T12:00:00',
  ]) {
    const reply = await api.request('GET', `/v1/revisions?since=${time}`);
    t.match(reply.json(), { code: 'query_invalid', detail: /since is a time such as/ }, time);
  }
});

t.test('is CSV of the same, and no cell of it is a formula', async (t) => {
  const api = await start(t);
  const reason = '=HYPERLINK("https://evil.example","click")';
  const body = { blue: 0, green: 1, reason, links: ['https://a.example/1', 'https://a.example/2'] };
  await api.request('PUT', `${app}/weights`, { body });
  const reply = await api.request('GET', '/v1/revisions?format=csv&order=newest&limit=1');
  t.match(reply.headers['content-type'], /^text\/csv/);
  t.equal(reply.headers['teal-next'], '4');
  const [head, line, end] = reply.body.split('\r\n');
  t.equal(head, 'revision,at,actor,kind,subject,name,from,to,summary,reason,links,request');
  t.match(
    line,
    /^4,\d{4}-[^,]+Z,settings-admin,shift,service,app\.example\.test,"\{""blue"":90,""green"":10\}","\{""blue"":0,""green"":1\}",/,
  );
  t.ok(
    line.includes(`"'=HYPERLINK(""https://evil.example"",""click"")",https://a.example/1 https://a.example/2,`),
    line,
  );
  t.equal(end, '', 'each line has its end');
  // Where a comma stands in numbers, cells are what lies between semicolons.
  const hidden = 'as a;=cmd|\' /c calc\'!A0; \uff1d1+1;b=2 - 1;"=1+1;"';
  await api.request('PUT', `${app}/weights`, { body: { blue: 1, green: 1, reason: hidden } });
  const { body: said } = await api.request('GET', '/v1/revisions?format=csv&order=newest&limit=1');
  t.ok(said.includes(`,"as a;'=cmd|' /c calc'!A0;' \uff1d1+1;b=2 - 1;'""=1+1;""",`), said);
  const rest = await api.request('GET', '/v1/revisions?format=csv&order=newest&after=4');
  t.equal(rest.headers['teal-next'], undefined);
  t.equal(rest.body.split('\r\n').length, 1 + 3 + 1);
});

t.test('a token that is limited takes along what it may see', async (t) => {
  const api = await start(t);
  const made = await api.request('POST', '/v1/tokens', {
    body: { name: 'one', scope: 'read', services: ['app.example.test'] },
  });
  const shift = { 'app.example.test': { blue: 0, green: 1 }, 'api.example.test': { blue: 0, green: 1 } };
  await api.request('POST', '/v1/shifts', { body: { services: shift, reason: 'api too' } });
  const { body } = await api.request('GET', '/v1/revisions?format=csv', { token: made.json().secret });
  t.match(body, /app\.example\.test/);
  t.notMatch(body, /api\.example|api too/);
});
