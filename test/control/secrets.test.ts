/** Secrets are written once: in force and on the wire, and in nothing that anybody can read again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t from 'tap';
import type { Command } from '../../src/control/commands/command.ts';
import { dataOf, eventsOf } from '../../src/control/events/event.ts';
import { makeGate } from '../../src/control/gates/gates.ts';
import { Grant } from '../../src/control/grant.ts';
import { Outbound } from '../../src/control/outbound/outbound.ts';
import type { Metric, Release } from '../../src/model/release.ts';
import { systemClock } from '../../src/server/system-clock.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { parseNetwork } from '../../src/wire/network.ts';
import { bluegreen, type EngineFixture, makeEngine, temporaryFolder, withService } from '../fixtures/engine.ts';
import { serve } from '../fixtures/http-server.ts';

const SECRET = 's3cret-of-the-test';
const set = { set: true } as const;
const name = 'app.example.com';
const checked = (headers: object): Command => ({
  kind: 'service.put',
  name,
  body: bluegreen(100, 0, { health: { http: { path: '/up', headers } } }),
});
const gated = (metric: object, more: object = {}): Command => ({
  kind: 'release.create',
  services: [name],
  body: { to: 'green', steps: [{ setWeight: 10 }, { analysis: { metrics: [{ name: 'gate', ...metric }] } }] },
  dryRun: false,
  single: true,
  ...more,
});
const headersOf = ({ store }: EngineFixture) => store.service(name)?.health?.http?.headers;
const metricOf = ({ store }: EngineFixture) =>
  store.activeReleaseOf(name)?.steps[1]?.analysis?.metrics[0] as Required<Metric>;

/** All that the API could show, as JSON. */
function shown({ store, queries }: EngineFixture): string {
  const grant = new Grant(store, undefined);
  const events = store.revisions(0, 100).flatMap((revision) => eventsOf(revision, store));
  return JSON.stringify([
    queries.service(name),
    queries.services(undefined, 100, grant),
    queries.releases(undefined, 0, 100, grant),
    queries.revisions(undefined, 100, false, grant),
    queries.history(name, undefined, 100, false, grant),
    queries.webhooks('', 100),
    events.map((event) => dataOf(event, grant)),
  ]);
}

t.test('a header of a health check is in force and shown nowhere', async (t) => {
  const fixture = withService(makeEngine(t));
  const { must, execute, store } = fixture;
  const idempotency = { token: 'test', key: 'k', bodyHash: 'h' };
  const made = must(checked({ Authorization: `Bearer ${SECRET}`, 'x-api-key': SECRET }), { idempotency });
  t.match(made.body, { health: { http: { headers: { authorization: set, 'x-api-key': set } } } });
  t.same(headersOf(fixture), { authorization: `Bearer ${SECRET}`, 'x-api-key': SECRET });
  t.match(shown(fixture), '"authorization":{"set":true}');
  t.notMatch(shown(fixture), SECRET);

  const read = (fixture.queries.service(name) as { body: Record<string, object> }).body;
  const { ttlSeconds, pick, salt, pins, previewNames, health, pools } = read;
  const body = { ttlSeconds, pick, salt, pins, previewNames, health, pools } as never;
  const { revision } = store.service(name) as { revision: number };
  t.match(execute({ kind: 'service.put', name, body }), { revision }, 'what was read changes nothing');
  must(checked({ Authorization: set }));
  t.same(headersOf(fixture), { authorization: `Bearer ${SECRET}` }, 'what is marked stays, the other one goes');
  t.match(execute(checked({ authorization: set, cookie: set })), {
    code: 'health_invalid',
    pointer: '/health/http/headers/cookie',
    detail: /send its value/,
  });
  t.match(execute(checked({ authorization: `Bearer ${SECRET}` })), { revision: store.lastRevision }, 'the same again');
  must(checked({ authorization: 'Bearer other' }));
  t.match(
    store.revision(store.lastRevision)?.summary,
    /other headers of its health check/,
    'looks alike, so it is said',
  );

  must({ kind: 'weights.put', name, weights: { blue: 0, green: 100 } });
  must({ kind: 'rollback', name });
  t.same(headersOf(fixture), { authorization: 'Bearer other' }, 'a rollback keeps what is in force');
  must(checked({ authorization: `Bearer ${SECRET}` }));
  must({ kind: 'service.delete', name });
  t.notMatch(shown(fixture), SECRET);
});

t.test('no name of a header of objects brings a secret in', async (t) => {
  const { execute } = withService(makeEngine(t));
  for (const header of ['constructor', '__proto__', 'toString']) {
    const headers = JSON.parse(`{"${header}":{"set":true}}`);
    t.match(execute(checked(headers)), { code: 'health_invalid', detail: /send its value/ }, header);
  }
});

t.test('the credentials of a gate are sent and shown nowhere', async (t) => {
  const seen: (string | undefined)[] = [];
  const url = await serve(t, ({ headers }, response) => {
    seen.push(headers.authorization, headers['x-scope-orgid'] as string | undefined);
    response.end('{"status":"success","data":{"resultType":"scalar","result":[0,"1"]}}');
  });
  const allow = [parseNetwork('127.0.0.0/8') as never];
  const outbound = new Outbound({ allow, deny: [] }, systemClock);
  const gate = makeGate({ outbound } as never);
  const basic = { username: 'teal', password: SECRET };
  const query = { address: url, query: 'up' };
  const range = { thresholdRange: { min: 1 } };
  const login = `Basic ${Buffer.from(`teal:${SECRET}`).toString('base64')}`;
  const cases: [object, string | undefined, string | undefined][] = [
    [{ web: { url, bearer: SECRET } }, `Bearer ${SECRET}`, undefined],
    [{ web: { url, basic } }, login, undefined],
    [{ prometheus: { ...query, basic, headers: { 'X-Scope-OrgID': 'tenant-1' } }, ...range }, login, 'tenant-1'],
    [
      { prometheus: { ...query, headers: { authorization: `Token ${SECRET}` } }, ...range },
      `Token ${SECRET}`,
      undefined,
    ],
  ];
  for (const [metric, authorization, tenant] of cases) {
    const fixture = withService(makeEngine(t));
    const { must, store } = fixture;
    const plan = must(gated(metric, { dryRun: true }));
    const made = must(gated(metric));
    const release = store.activeReleaseOf(name) as Release;
    seen.length = 0;
    const asking = { release, timeoutMs: 5000, stopped: new AbortController().signal };
    t.match(await gate(metricOf(fixture), asking), { outcome: 'passed' });
    t.same(seen, [authorization, tenant]);
    t.match(JSON.stringify(made.body), '{"set":true}');
    const told = shown(fixture) + JSON.stringify([plan.body, made.body]);
    for (const hidden of [SECRET, 'tenant-1', login]) t.notMatch(told, hidden);

    // What was read starts the next one, where the same is asked.
    must({ kind: 'release.abort', id: release.id });
    const read = fixture.queries.release(release.id, undefined, new Grant(store, undefined)) as { body: object };
    const { steps } = read.body as Pick<Release, 'steps'>;
    const again: Command = {
      ...(gated({}) as Extract<Command, { kind: 'release.create' }>),
      body: { to: 'green', steps },
    };
    must(again);
    t.same(metricOf(fixture), release.steps[1]?.analysis?.metrics[0]);
  }
});

t.test('a secret of a gate goes nowhere but where it went', async (t) => {
  const fixture = withService(makeEngine(t));
  const { must, code, execute } = fixture;
  const web = (url: string, more: object) => gated({ web: { url, ...more } });
  t.match(execute(web('https://a.test/', { bearer: set })), {
    code: 'release_invalid',
    pointer: '/steps/1/analysis/metrics/0/web/bearer',
  });
  const made = must(web('https://a.test/', { basic: { username: 'u', password: SECRET } }));
  must({ kind: 'release.abort', id: String(made.revision) });
  const basic = { username: 'u', password: set };
  for (const url of ['https://b.test/', 'http://a.test/', 'https://a.test:444/']) {
    t.equal(code(web(url, { basic })), 'release_invalid', url);
  }
  t.equal(code(web('https://a.test/', { basic: { username: 'v', password: set } })), 'release_invalid', 'another user');
  t.equal(code(web('https://a.test/other', { basic })), 'none');
});

t.test('credentials that could not be sent are refused, and not said again', async (t) => {
  const { execute } = withService(makeEngine(t));
  const web = { url: 'https://a.test/' };
  const cases: [object, string, RegExp][] = [
    [{ bearer: `Bearer ${SECRET}` }, '/bearer', /without the word Bearer/],
    [{ bearer: `${SECRET}\n` }, '/bearer', /RFC 6750/],
    [{ basic: { username: 'a:b', password: SECRET } }, '/basic/username', /no colon/],
    [{ basic: { username: 'a', password: `${SECRET}\0` } }, '/basic/password', /control characters/],
    [{ basic: { username: 'a', password: SECRET.repeat(100) } }, '/basic/password', /bytes/],
    [{ basic: { username: 'a', password: SECRET }, bearer: SECRET }, '/bearer', /one way/],
    [{ bearer: SECRET, headers: { Authorization: SECRET } }, '/bearer', /one way/],
    [{ headers: { host: SECRET } }, '/headers/host', /cannot be set/],
    [{ headers: { 'x-key': `${SECRET}\r\nx: y` } }, '/headers/x-key', /printable/],
  ];
  for (const [credentials, pointer, detail] of cases) {
    const refused = execute(gated({ web: { ...web, ...credentials } }));
    t.match(refused, { code: 'release_invalid', pointer: `/steps/1/analysis/metrics/0/web${pointer}`, detail });
    t.notMatch(JSON.stringify(refused), SECRET);
  }
  const inUrl = execute(gated({ web: { url: `https://u:${SECRET}@a.test/` } }));
  t.match(inUrl, { code: 'release_invalid', detail: /`basic` takes both/ });
  t.notMatch(JSON.stringify(inUrl), SECRET);
  const webhook = { url: `https://u:${SECRET}@a.test/`, triggers: ['on-revision'] } as const;
  const ofWebhook = execute({ kind: 'webhook.put', name: 'w', body: webhook, freshSecret: 'whsec_x' });
  t.match(ofWebhook, { code: 'webhook_invalid' });
  t.notMatch(JSON.stringify(ofWebhook), SECRET);
});

t.test("a webhook's secret is shown as set, which keeps it", async (t) => {
  const fixture = withService(makeEngine(t));
  const { execute, must, store } = fixture;
  const secret = `whsec_${Buffer.alloc(32, SECRET).toString('base64')}`;
  const freshSecret = `whsec_${Buffer.alloc(32, 'fresh').toString('base64')}`;
  const put = (more: object): Command => {
    return {
      kind: 'webhook.put',
      name: 'w',
      body: { url: 'https://w.test/', triggers: ['on-revision'], ...more },
      freshSecret,
    };
  };
  t.match(execute(put({ secret: set })), { code: 'webhook_invalid', pointer: '/secret' });
  t.match(must(put({ secret })).body, { secret: set });
  t.match(must(put({ secret: set, url: 'https://w2.test/' })).body, { secret: set });
  t.equal(store.webhook('w')?.secret, secret);
  t.notMatch(shown(fixture), secret);
  must({ kind: 'webhook.delete', name: 'w' });
  t.match(must(put({})).body, { secret: freshSecret }, 'the one that was made, this once');
  t.match(fixture.queries.webhook('w'), { body: { secret: set } });
});

t.test('what earlier versions wrote into the log is masked when it is read', async (t) => {
  const folder = temporaryFolder(t);
  const before = withService(makeEngine(t, { folder }));
  before.must(checked({ authorization: `Bearer ${SECRET}` }));
  before.close();
  const file = join(folder, 'teal.db');
  const database = new Sqlite(file);
  database.exec('DROP TRIGGER subjects_stay');
  const changed = database
    .prepare(`UPDATE subjects SET after = replace(after, '{"set":true}', '"Bearer ${SECRET}"')`)
    .run().changes;
  database.close();
  t.ok(changed > 0);
  const store = openStore(folder);
  t.teardown(() => store.close());
  const log = JSON.stringify([store.revisions(0, 100), store.history('service', name, 1000, 100), store.revision(3)]);
  t.match(log, '"authorization":{"set":true}');
  t.notMatch(log, SECRET);
});

t.test('the log on the disk holds no secret', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must(checked({ authorization: `Bearer ${SECRET}` }), {
    idempotency: { token: 'test', key: 'k', bodyHash: 'h' },
  });
  fixture.must(gated({ web: { url: 'https://a.test/', bearer: SECRET } }));
  fixture.close();
  const database = new Sqlite(join(fixture.folder, 'teal.db'));
  t.teardown(() => database.close());
  for (const table of ['subjects', 'revisions', 'idempotency', 'deliveries']) {
    t.notMatch(JSON.stringify(database.prepare(`SELECT * FROM ${table}`).all()), SECRET, table);
  }
  t.match(JSON.stringify(database.prepare('SELECT * FROM services').all()), SECRET, 'the service itself has it');
  t.ok(readFileSync(join(fixture.folder, 'teal.db')).length > 0);
});
