/** Another API beside /v1, with a parser, credentials and refusals of its own: neither knows of the other. */
import { Readable } from 'node:stream';
import type { InjectOptions } from 'fastify';
import t from 'tap';
import { access } from '../../src/api/access.ts';
import { APIS, createApp } from '../../src/api/app.ts';
import { contextFor, executeForeseen } from '../../src/api/commands.ts';
import type { Api } from '../../src/api/parts.ts';
import { sendProblem } from '../../src/api/problems.ts';
import { Problem } from '../../src/model/errors.ts';
import type { Token } from '../../src/model/token.ts';
import { ADMIN, makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';

const ROWS = 20_000;

/** As tools that were made for other servers want it: keys in headers of their own, plain words, bodies of no type. */
const foreign: Api = {
  prefix: '/foreign',
  isDocumented: false,
  dialect: {
    secretOf: ({ 'x-api-key': key, authorization = '' }) => {
      if (typeof key === 'string') return key;
      const basic = /^Basic ([A-Za-z0-9+/=]+)$/.exec(authorization)?.[1];
      return basic === undefined ? undefined : Buffer.from(basic, 'base64').toString().split(':')[1];
    },
    howToAsk: 'Send X-API-Key.',
    challenge: () => undefined,
    refusal: ({ status, detail }) =>
      status === 401 || status === 404
        ? { status, type: 'text/plain', body: status === 401 ? 'Unauthorized' : 'Not Found' }
        : { status: status === 409 ? 503 : status, type: 'application/json', body: JSON.stringify({ error: detail }) },
  },
  routes(api, parts) {
    api.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) =>
      done(null, JSON.parse(String(text))),
    );
    api.setValidatorCompiler(() => (value) => ({ value }));
    api.post('/echo', { config: access('admin', 'server') }, (request, reply) => reply.code(201).send(request.body));
    api.post('/clash', { config: access('admin', 'server') }, (_request, reply) =>
      sendProblem(reply, new Problem('release_active', 'A release goes on.')),
    );
    api.get('/broken', { config: access('read', 'server') }, () => {
      throw new Error('a fault of ours');
    });
    api.post('/value', { config: access('admin', 'filtered') }, async (request, reply) => {
      const { name, value } = request.body as { name: string; value: string };
      const actor = request.actor as Token;
      const context = { ...contextFor(request, actor, parts.now()), actor: `foreign:${actor.name}` };
      const add = { name, type: 'TXT', ttlSeconds: 60, values: [`"${value}"`] };
      const command = { kind: 'records.change', zone: 'example.test', changes: [{ add }] } as const;
      const result = await executeForeseen(parts, request, reply, [command, context]);
      return result instanceof Problem ? sendProblem(reply, result) : reply.code(204).send();
    });
    api.get('/rows', { config: access('read', 'server') }, (_request, reply) =>
      reply.type('application/json').send(Readable.from(rows(), { objectMode: false })),
    );
  },
};

function* rows(): Generator<string> {
  yield '[0';
  for (let row = 1; row < ROWS; row++) yield `,${row}`;
  yield ']';
}

t.test('an API beside /v1', async (t) => {
  const api = await startApi(makeDirectory(t));
  await seed(api);
  const app = createApp(api.parts, [...APIS, foreign]);
  t.teardown(async () => {
    await app.close();
    await api.close();
  });
  const ask = async (method: string, url: string, more: Pick<InjectOptions, 'headers' | 'payload'> = {}) => {
    const reply = await app.inject({ method: method as 'GET', url, ...more });
    return [reply.statusCode, reply.headers['content-type'], reply.body];
  };
  const key = { 'x-api-key': ADMIN };
  const basic = (secret: string) => ({ authorization: `Basic ${Buffer.from(`anybody:${secret}`).toString('base64')}` });

  await t.test('takes tokens where its clients send them, and those are the tokens of /v1', async (t) => {
    for (const headers of [key, basic(ADMIN)]) {
      t.same(await ask('POST', '/foreign/echo', { headers, payload: '{"a":1}' }), [
        201,
        'application/json; charset=utf-8',
        '{"a":1}',
      ]);
    }
    t.equal((await ask('GET', '/v1/zones', { headers: key }))[0], 401, 'but not under /v1');
    const bearer = { authorization: `Bearer ${ADMIN}` };
    t.equal((await ask('POST', '/foreign/echo', { headers: bearer, payload: '1' }))[0], 401, 'nor the other way');
  });

  await t.test('refuses in its own words, whoever finds the fault', async (t) => {
    const unauthorized = [401, 'text/plain', 'Unauthorized'];
    t.same(await ask('GET', '/foreign/rows'), unauthorized);
    t.same(await ask('GET', '/foreign/rows', { headers: { 'x-api-key': 'wrong' } }), unauthorized);
    t.same(await ask('GET', '/foreign/nothing'), unauthorized, 'nobody is told which paths there are');
    t.same(await ask('GET', '/foreign/nothing', { headers: key }), [404, 'text/plain', 'Not Found']);
    t.same(await ask('GET', '/foreign', { headers: key }), [404, 'text/plain', 'Not Found']);
    const forbidden = await ask('POST', '/foreign/echo', { headers: { 'x-api-key': READER }, payload: '1' });
    t.same(forbidden.slice(0, 2), [403, 'application/json']);
    t.match(JSON.parse(String(forbidden[2])), { error: /has the scope read; this needs admin/ });
    t.same((await ask('POST', '/foreign/clash', { headers: key })).slice(0, 2), [503, 'application/json']);
    t.match((await ask('DELETE', '/foreign/rows', { headers: key }))[2], /"error":"DELETE is not for this path/);
    t.match((await ask('GET', '/foreign/broken', { headers: key }))[2], /^{"error":"Something unexpected/);
    const long = await ask('POST', '/foreign/echo', { headers: key, payload: `"${'x'.repeat(70_000)}"` });
    t.match(long, [413, 'application/json', /^{"error":"A body has at most/]);
    const reply = await app.inject({ url: '/foreign/rows' });
    t.equal(reply.headers['www-authenticate'], undefined, 'no browser asks for a password');
  });

  await t.test('streams its replies', async (t) => {
    const [status, type, body] = await ask('GET', '/foreign/rows', { headers: basic(READER) });
    t.same([status, type], [200, 'application/json']);
    t.equal(JSON.parse(String(body)).length, ROWS);
  });

  await t.test('changes records as everybody does, in its own name and within the reach of its token', async (t) => {
    const revision = async () => {
      const newest = await api.request('GET', '/v1/revisions?order=newest&limit=1');
      return newest.json().items[0];
    };
    const value = (name: string) => JSON.stringify({ name: `${name}.example.test`, value: 'v' });
    t.match(await ask('POST', '/foreign/value', { headers: key, payload: value('a') }), [204]);
    t.match(await revision(), { actor: 'foreign:settings-admin', kind: 'records.change' });
    const outside = await ask('POST', '/foreign/value', { headers: key, payload: '{"name":"a.test","value":"v"}' });
    t.match(outside, [422, 'application/json', /"error":/]);
    const limited = { name: 'limited', scope: 'admin', zones: ['other.test'] };
    const { secret } = (await api.request('POST', '/v1/tokens', { body: limited })).json();
    const refused = await ask('POST', '/foreign/value', { headers: { 'x-api-key': secret }, payload: value('b') });
    t.match(refused, [403, 'application/json', /"error":"The token foreign:limited is limited, and this would also/]);
    t.match(await revision(), { kind: 'token.create' });
    const told = api.log.filter(({ command, path }) => command === 'records.change' && path === '/foreign/value');
    t.match(told.at(-1), { actor: 'foreign:limited', code: 'token_forbidden' });
  });

  await t.test(
    'changes nothing of /v1: not its parser, not its checks, not its refusals, not its document',
    async (t) => {
      const headers = { authorization: `Bearer ${ADMIN}` };
      const put = (more: object, payload: string) =>
        ask('PUT', '/v1/services/app.example.test/weights', { headers: { ...headers, ...more }, payload });
      const problem = 'application/problem+json';
      t.match(await put({}, '{"blue":1,"green":1}'), [415, problem, /"code":"media_type_unknown"/]);
      t.match(await put({ 'content-type': 'application/json' }, '{"weights":'), [
        400,
        problem,
        /"code":"body_invalid"/,
      ]);
      const unknown = JSON.stringify({ services: {}, more: 1 });
      const shift = { headers: { ...headers, 'content-type': 'application/json' }, payload: unknown };
      t.match(await ask('POST', '/v1/shifts', shift), [400, problem, /Unknown property/]);
      t.match(await ask('GET', '/v1/zones'), [401, problem, /"code":"token_missing"/]);
      t.match(await ask('GET', '/v1/nothing', { headers }), [404, problem, /"code":"route_unknown"/]);
      t.match(await ask('GET', '/elsewhere', { headers }), [404, problem, /"code":"route_unknown"/]);
      t.match(await ask('GET', '/foreign%zz', { headers }), [400, problem, /"code":"url_invalid"/]);
      const document = (await app.inject('/openapi.json')).json();
      t.same(document, (await api.app.inject('/openapi.json')).json());
    },
  );
});
