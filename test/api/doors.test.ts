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
import { ADMIN, makeDirectory, startApi } from '../fixtures/api.ts';

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
