/** Doors: what is closed is not there, and what is open is counted and named. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { access } from '../../src/api/access.ts';
import { APIS, createApp } from '../../src/api/app.ts';
import { doorContext } from '../../src/api/door-context.ts';
import { openDoors } from '../../src/api/doors.ts';
import type { Api } from '../../src/api/parts.ts';
import { sendProblem } from '../../src/api/problems.ts';
import { settingKeys } from '../../src/config/keys.ts';
import { Problem } from '../../src/model/errors.ts';
import { ADMIN, type ApiFixture, makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';

/** A path of each door. */
const paths: Readonly<Record<string, string>> = {
  powerdns: '/api/v1/servers/localhost',
  externalDns: '/external-dns/records',
  httpreq: '/httpreq/present',
  acmeDns: '/acme-dns/update',
};

/** As the settings have them. */
const allOpen = (enabled: boolean) => ({
  powerdns: { enabled },
  externalDns: { enabled },
  httpreq: { enabled },
  acmeDns: { enabled, zone: 'acme.example.test', registerFrom: [] },
});

t.test('a door that is closed: 404 for everybody, and a word on how to open it', async (t) => {
  const api = await startApi(makeDirectory(t));
  const doors = await openDoors(allOpen(false));
  const app = createApp(api.parts, [...APIS, ...doors]);
  t.teardown(async () => {
    await app.close();
    await api.close();
  });
  const settings = settingKeys
    .map(({ path }) => path)
    .filter(([group, , key]) => group === 'doors' && key === 'enabled');
  t.same(settings.map(([, door]) => door).sort(), Object.keys(paths).sort(), 'each door is tried here');
  for (const [door, path] of Object.entries(paths)) {
    for (const headers of [{}, { 'x-api-key': ADMIN }, { authorization: `Bearer ${ADMIN}` }]) {
      for (const method of ['GET', 'POST', 'PATCH', 'DELETE'] as const) {
        const more = method === 'GET' ? {} : { payload: 'no JSON, and of no type' };
        const reply = await app.inject({ method, url: path, headers, ...more });
        t.match(reply, { statusCode: 404, headers: { 'content-type': 'application/problem+json' } }, path);
        t.match(reply.json(), { code: 'route_unknown', detail: `the setting doors.${door}.enabled opens it` });
      }
    }
  }
});

t.test('of a door that is closed nothing is loaded', async (t) => {
  const script = `
    const { openDoors } = await import('./src/api/doors.ts');
    const loaded = [];
    const { registerHooks } = await import('node:module');
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    await openDoors(${JSON.stringify(allOpen(false))});
    const before = loaded.length;
    await openDoors(${JSON.stringify(allOpen(true))});
    const folders = ['powerdns', 'external-dns', 'acme'];
    console.log(JSON.stringify([before, folders.every((name) => loaded.some((url) => url.includes('/src/api/' + name)))]));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  t.equal(stdout.trim(), '[0,true]', stderr);
});

t.test('a change through a door says which door, who, and why; requests are counted by door', async (t) => {
  const api = await startApi(makeDirectory(t));
  const side: Api = {
    prefix: '/side',
    door: 'side',
    isDocumented: false,
    routes(scope, { now }) {
      scope.put('/:who', { config: access('admin', 'filtered') }, (request, reply) => {
        const { who } = request.params as { who: string };
        const context = doorContext(request, now(), 'side', who === 'token' ? undefined : who);
        return context instanceof Problem ? sendProblem(reply, context) : reply.send(context);
      });
    },
  };
  const app = createApp(api.parts, [...APIS, side]);
  t.teardown(async () => {
    await app.close();
    await api.close();
  });
  const put = (who: string, headers = {}) =>
    app.inject({ method: 'PUT', url: `/side/${who}`, headers: { authorization: `Bearer ${ADMIN}`, ...headers } });
  const why = { 'teal-reason': 'a%20certificate', 'teal-links': 'https://example.test/1' };
  t.match((await put('token', why)).json(), {
    actor: 'side:settings-admin',
    why: { reason: 'a certificate', links: ['https://example.test/1'] },
  });
  t.match((await put('owner')).json(), { actor: 'side:owner' });
  t.match((await put('token', { 'teal-reason': '%' })).json(), { code: 'header_invalid' });
  const { body } = await api.request('GET', '/metrics');
  t.match(body, 'teal_door_requests_total{door="side",status="200"} 2');
  t.match(body, 'teal_door_requests_total{door="side",status="400"} 1');
  t.notMatch(body, 'door="undefined"');
});

const basic = (secret: string) => ({ authorization: `Basic ${Buffer.from(`any:${secret}`).toString('base64')}` });
const txt = 'A'.repeat(43);

/** How a client of each door changes something of the zone `example.test` with a token, by which name, and how its refusals look. */
const changes: readonly {
  readonly door: keyof typeof paths;
  readonly metric: string;
  readonly actor: string;
  readonly usual: RegExp;
  readonly status: number;
  /** Without the right, without a good token, and with one wrong token too many. */
  readonly refused: readonly [number, number, number];
  readonly ask: (secret: string) => {
    method: 'PATCH' | 'POST';
    url: string;
    headers: Record<string, string>;
    payload: string;
  };
}[] = [
  {
    ...{ door: 'powerdns', metric: 'powerdns', actor: 'pdns:tool', status: 204, refused: [403, 401, 429] },
    usual: /^Asked for through the door powerdns by a tool\/1$/,
    ask: (secret) => ({
      ...{ method: 'PATCH', url: '/api/v1/servers/localhost/zones/example.test.' },
      headers: { 'x-api-key': secret },
      payload: JSON.stringify({
        rrsets: [
          {
            ...{ name: 'p.example.test.', type: 'A', ttl: 60, changetype: 'REPLACE' },
            records: [{ content: '192.0.2.1', disabled: false }],
          },
        ],
      }),
    }),
  },
  {
    ...{ door: 'externalDns', metric: 'external-dns', actor: 'external-dns:cluster-a', status: 204 },
    refused: [403, 401, 503],
    usual: /^Asked for by ExternalDNS with the token tool$/,
    ask: (secret) => ({
      ...{ method: 'POST', url: '/external-dns/records', headers: basic(secret) },
      payload: JSON.stringify({
        create: [
          { dnsName: 'e.example.test', targets: ['192.0.2.1'], recordType: 'A', labels: { owner: 'cluster-a' } },
        ],
      }),
    }),
  },
  {
    ...{ door: 'httpreq', metric: 'httpreq', actor: 'acme:tool', status: 200, refused: [403, 401, 429] },
    usual: /^Asked for through the door httpreq by a tool\/1$/,
    ask: (secret) => ({
      ...{ method: 'POST', url: '/httpreq/present', headers: basic(secret) },
      payload: JSON.stringify({ fqdn: '_acme-challenge.example.test.', value: txt }),
    }),
  },
  {
    ...{ door: 'acmeDns', metric: 'acme-dns', actor: 'acme:tool', status: 200, refused: [401, 401, 429] },
    usual: /^Asked for through the door acme-dns by a tool\/1$/,
    ask: (secret) => ({
      ...{ method: 'POST', url: '/acme-dns/update', headers: { 'x-api-user': 'tool', 'x-api-key': secret } },
      payload: JSON.stringify({ subdomain: 'one', txt }),
    }),
  },
];

t.test(
  'each door, one by one: who, why, how often; the scope records is enough; refusals, and a limit on guesses',
  async (t) => {
    t.same(changes.map(({ door }) => door).sort(), Object.keys(paths).sort(), 'each door is tried here');
    const api: ApiFixture = await startApi(makeDirectory(t), { authFailuresPerMinute: 1 });
    await seed(api);
    const doors = await openDoors({ ...allOpen(true), acmeDns: { enabled: true, zone: 'example.test' } });
    const app = createApp(api.parts, [...APIS, ...doors]);
    t.teardown(async () => {
      await app.close();
      await api.close();
    });
    const make = async (name: string, scope: string) =>
      (await api.request('POST', '/v1/tokens', { body: { name, scope, zones: ['example.test'] } })).json().secret;
    const token = await make('tool', 'records');
    const newest = async () => (await api.request('GET', '/v1/revisions?order=newest&limit=1')).json().items[0];
    for (const [i, { door, metric, actor, usual, status, refused, ask }] of changes.entries()) {
      const send = async (secret: string, more: Record<string, string> = {}) => {
        const { headers, ...rest } = ask(secret);
        const remoteAddress = `192.0.2.${i + 1}`;
        return app.inject({
          ...rest,
          remoteAddress,
          headers: { 'user-agent': 'a tool/1\t\u00e9', ...headers, ...more },
        });
      };
      const why = { reason: 'as OPS-7 says', links: ['https://example.test/OPS-7'] };
      const done = await send(token, { 'teal-reason': 'as%20OPS-7%20says', 'teal-links': why.links[0] as string });
      t.equal(done.statusCode, status, `${door} ${done.body}`);
      const made = await newest();
      t.match(made, { actor, ...why }, `${door}: who and why`);
      await api.request('DELETE', `/v1/zones/example.test/rrsets/${made.subjects[0].name}`);
      const { revision } = await newest();
      t.match([(await send(READER)).statusCode, (await send('teal_wrong')).statusCode], refused.slice(0, 2), door);
      const late = await send('teal_wrong');
      t.match([late.statusCode, Number(late.headers['retry-after']) > 0], [refused[2], true], `${door}: guesses`);
      t.equal((await newest()).revision, revision, 'nothing is done');
      t.equal((await send(token)).statusCode, status, 'a right token is not held up');
      t.match((await newest()).reason, usual, `${door}: where nobody says why`);
      const { body } = await api.request('GET', '/metrics');
      t.match(body, `teal_door_requests_total{door="${metric}",status="${status}"} 2\n`);
      for (const each of new Set(refused)) {
        const count = refused.filter((other) => other === each).length;
        t.match(body, `teal_door_requests_total{door="${metric}",status="${each}"} ${count}\n`);
      }
    }
  },
);
