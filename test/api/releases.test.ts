/** Releases over HTTP: both forms of their paths, conditions, retries, refusals. */
import t, { type Test } from 'tap';
import type { AnalysisProgress } from '../../src/control/observed/analysis.ts';
import { type ApiFixture, makeDirectory, READER, seed, startApi, weightsOf } from '../fixtures/api.ts';

const app = '/v1/services/app.example.test';
const steps = [{ setWeight: 20 }, { pause: { duration: '1h' } }, { setWeight: 50 }, { pause: {} }, { setWeight: 100 }];

async function start(t: Test): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

const begin = (api: ApiFixture, more: object = {}) =>
  api.request('POST', `${app}/releases`, { body: { to: 'green', steps, ...more } });

t.test('a release from its beginning to its end', async (t) => {
  const api = await start(t);
  const made = await begin(api);
  t.match(made, { statusCode: 201, headers: { 'teal-revision': '4' } });
  t.match(made.json(), { id: '4', state: 'paused', reason: 'pause_step', stepIndex: 1, steps, revision: 4 });
  t.same(made.json().weights, { blue: 80, green: 20 });
  t.same(await weightsOf(api), { blue: 80, green: 20 }, 'the first step is in force once it is answered');
  const read = await api.request('GET', `${app}/releases/4`);
  t.match(read, { statusCode: 200, headers: { etag: '"4"' } });
  t.same(read.json(), made.json());
  t.equal((await api.request('GET', `${app}/releases/4`, { headers: { 'if-none-match': '"4"' } })).statusCode, 304);

  const promoted = await api.request('POST', `${app}/releases/4/promote`);
  t.match(promoted.json(), {
    stepIndex: 3,
    wait: { kind: 'promotion', seconds: null, until: null },
    weights: { green: 50 },
  });
  const verb = async (verb: string, body?: object) =>
    (await api.request('POST', `${app}/releases/4/${verb}`, { body })).json();
  t.match(await verb('pause'), { state: 'paused', reason: 'pause_requested' });
  t.match(await verb('resume', {}), { state: 'paused', reason: 'pause_step' });
  t.match(await verb('abort'), { state: 'aborted', weights: { blue: 90, green: 10 } });
  t.same(await weightsOf(api), { blue: 90, green: 10 });
  t.match(await verb('retry'), { state: 'paused', stepIndex: 1, weights: { green: 20 } });
  t.match(await verb('promote', { full: true }), { state: 'completed', weights: { blue: 0, green: 100 } });
  t.match(await verb('pause'), { status: 409, code: 'release_state', conflict: '4' });
  const kinds = (await api.request('GET', `${app}/history?after=3`))
    .json()
    .items.map(({ kind }: { kind: string }) => kind);
  t.same(
    kinds,
    ['create', 'promote', 'pause', 'resume', 'abort', 'retry', 'promote'].map((word) => `release.${word}`),
  );
});

t.test('while an analysis goes on a GET says how far it is, and is never answered with 304', async (t) => {
  const none = { measurements: 0, failures: 0, inconclusive: 0, errors: 0, consecutiveErrors: 0 };
  const metrics = [
    { name: 'up', ...none, measurements: 2, failures: 1, last: { outcome: 'passed', message: 'answered 200' } },
    { name: 'errors', ...none, errors: 2, consecutiveErrors: 1, last: { outcome: 'error', message: 'answered 503' } },
    { name: 'enough', ...none, last: undefined },
  ] as const;
  const limits = { count: 3, failureLimit: 1, consecutiveErrorLimit: 4 };
  const atMs = Date.UTC(2026, 0);
  const latest = [{ atMs, phase: 'failed', message: 'answered 500', value: 500 }] as const;
  const measured = {
    startedAtMs: atMs,
    failureLimit: 1,
    metrics: [{ name: 'up', counts: { failed: 1, passed: 1 }, latest }],
    verdict: undefined,
  };
  let progress: AnalysisProgress | undefined = { ...limits, lastAtMs: atMs, metrics, measured };
  const api = await startApi(
    makeDirectory(t),
    {},
    { observed: { analysisOf: (id) => (id === '4' ? progress : undefined) } },
  );
  t.teardown(() => api.close());
  await seed(api);
  await begin(api);
  const get = () => api.request('GET', `${app}/releases/4`, { headers: { 'if-none-match': '"4"' } });
  const read = await get();
  t.match(read, { statusCode: 200, headers: { etag: '"4"' } });
  t.same(read.json().analysis, {
    ...limits,
    lastAt: '2026-01-01T00:00:00.000Z',
    metrics: [metrics[0], metrics[1], { ...metrics[2], last: null }],
  });
  const at = '2026-01-01T00:00:00.000Z';
  t.same(read.json().analyses, [
    {
      stepIndex: 1,
      phase: 'running',
      message: '',
      startedAt: at,
      endedAt: null,
      earlier: false,
      failureLimit: 1,
      metrics: [
        {
          name: 'up',
          phase: 'failed',
          counts: { passed: 1, failed: 1, inconclusive: 0, error: 0 },
          measurements: [{ at, phase: 'failed', value: 500, message: 'answered 500' }],
        },
      ],
    },
  ]);
  progress = undefined;
  t.equal((await get()).statusCode, 304);
});

t.test('several services in one release, which has a path of its own', async (t) => {
  const api = await start(t);
  const body = { services: ['app.example.test', 'API.example.test.'], to: 'green', preset: 'Canary10Percent5Minutes' };
  const made = await api.request('POST', '/v1/releases', { body: { ...body, to: 'green' } });
  t.equal(made.statusCode, 201);
  t.equal(made.json().weights, undefined, 'whose would they be');
  t.match(made.json().services, {
    'app.example.test': { weights: { blue: 90, green: 10 }, before: { blue: 90, green: 10 } },
    'api.example.test': { shares: { green: 0.1 }, ttlSeconds: 5, steadyTtlSeconds: 5 },
  });
  t.match((await api.request('GET', '/v1/releases/4')).json(), made.json());
  t.match((await api.request('GET', '/v1/services/api.example.test/releases/4')).json(), {
    id: '4',
    weights: { green: 10 },
  });
  t.match((await api.request('POST', '/v1/releases/4/promote')).json(), { state: 'completed' });
  t.same(await weightsOf(api, 'api.example.test'), { blue: 0, green: 100 });
});

t.test('a dry run answers 200 with the plan', async (t) => {
  const api = await start(t);
  const planned = await begin(api, { dryRun: true });
  t.equal(planned.statusCode, 200);
  t.match(planned.json(), { dryRun: true, plan: [{ weights: { green: 20 }, certain: true }, {}, { certain: false }] });
  t.same((await api.request('GET', `${app}/releases`)).json(), { items: [] });
});

t.test('lists, page by page', async (t) => {
  const api = await start(t);
  for (let i = 0; i < 3; i++) {
    const id = (await begin(api)).json().id;
    await api.request('POST', `/v1/releases/${id}/abort`);
  }
  const ids = async (url: string) => {
    const { items, next } = (await api.request('GET', url)).json();
    return [items.map(({ id }: { id: string }) => id), next];
  };
  t.same(await ids(`${app}/releases`), [['4', '6', '8'], undefined]);
  t.same(await ids(`${app}/releases?limit=2`), [['4', '6'], '6']);
  t.same(await ids('/v1/releases?limit=2&after=6'), [['8'], undefined]);
  t.same(await ids('/v1/services/api.example.test/releases'), [[], undefined]);
  t.match((await api.request('GET', '/v1/services/no.example.test/releases')).json(), { code: 'service_unknown' });
});

t.test('conditions and Idempotency-Key', async (t) => {
  const api = await start(t);
  const headers = { 'idempotency-key': 'deploy-42' };
  const send = () => api.request('POST', `${app}/releases`, { body: { to: 'green', steps }, headers });
  const first = await send();
  const again = await send();
  t.match(again, { statusCode: 201, headers: { 'idempotency-replayed': 'true' }, body: first.body });
  t.match((await begin(api)).json(), { status: 409, code: 'release_active', conflict: '4' });
  const verb = (verb: string, more: Record<string, string>) =>
    api.request('POST', `${app}/releases/4/${verb}`, { headers: more });
  t.equal((await verb('promote', { 'if-match': '"3"' })).statusCode, 412);
  t.equal((await verb('promote', { 'if-match': '"4"', 'idempotency-key': 'p' })).json().stepIndex, 3);
  t.equal((await verb('promote', { 'if-match': '"4"', 'idempotency-key': 'p' })).json().stepIndex, 3, 'not two pauses');
  t.match((await verb('promote', { 'if-match': '"4"' })).json(), { code: 'revision_stale' });
});

t.test('what is refused', async (t) => {
  const api = await start(t);
  const cases: [string, object, string][] = [
    ['no pool', {}, '400 body_invalid /to'],
    ['an unknown word', { to: 'green', steps: [{ wait: {} }] }, '400 body_invalid /steps/0/wait'],
    [
      'an unknown metric',
      { to: 'green', steps: [{ analysis: { metrics: [{ name: 'x', datadog: {} }] } }] },
      '400 body_invalid /steps/0/analysis/metrics/0/datadog',
    ],
    [
      'a duration that is a list',
      { to: 'green', steps: [{ pause: { duration: [] } }] },
      '400 body_invalid /steps/0/pause/duration',
    ],
    ['nothing to do', { to: 'green' }, '422 release_invalid '],
    ['a bad step', { to: 'green', steps: [{ setWeight: 101 }] }, '422 release_invalid /steps/0/setWeight'],
    ['no such pool', { to: 'red', preset: 'AllAtOnce' }, '422 pool_unknown /to'],
  ];
  for (const [what, body, gets] of cases) {
    const reply = (await api.request('POST', `${app}/releases`, { body })).json();
    t.equal(`${reply.status} ${reply.code} ${reply.pointer ?? ''}`, gets, what);
    t.match(reply.detail, /\w \w.*\.$/s, what);
  }
  for (const [method, url, code] of [
    ['GET', `${app}/releases/4`, 'release_unknown'],
    ['GET', '/v1/releases/x', 'release_unknown'],
    ['POST', '/v1/releases/9007199254740993/abort', 'release_unknown'],
    ['GET', `${app}/releases?after=x`, 'query_invalid'],
    ['GET', '/v1/services/a..b/releases/1', 'name_invalid'],
  ] as const) {
    t.match((await api.request(method, url)).json(), { code }, `${method} ${url}`);
  }
  t.match(
    (
      await api.request('POST', `${app}/releases`, { body: { to: 'green', preset: 'AllAtOnce' }, token: READER })
    ).json(),
    {
      code: 'token_forbidden',
    },
  );
  await begin(api);
  for (const id of ['04', '4.0', '+4', '%204', '4e0', '0x4', '']) {
    const { statusCode } = await api.request('GET', `/v1/releases/${id}`);
    t.equal(statusCode, id === '' ? 400 : 404, `${JSON.stringify(id)} is not the id 4`);
  }
  t.match((await api.request('DELETE', app)).json(), { status: 409, code: 'release_active', conflict: '4' });
  t.match((await api.request('DELETE', '/v1/zones/example.test?services=delete')).json(), { code: 'release_active' });
  t.match((await api.request('POST', `${app}/releases/4/abort`, { body: { why: 1 } })).json(), {
    code: 'body_invalid',
  });
});

t.test('a service says its TTL for releases, and keeps it', async (t) => {
  const api = await start(t);
  const service = (await api.request('GET', app)).json();
  const body = { ttlSeconds: 300, pools: service.pools, release: { ttlSeconds: 5 } };
  t.match((await api.request('PUT', app, { body })).json(), { ttlSeconds: 300, release: { ttlSeconds: 5 } });
  t.match((await begin(api)).json(), { state: 'progressing', reason: 'ttl_lowering', weights: { green: 10 } });
  t.match((await api.request('GET', app)).json(), { ttlSeconds: 300, loweredTtlSeconds: 5 });
  t.equal((await api.request('PUT', app, { body })).statusCode, 200, 'what is declared is declared already');
  const bad = await api.request('PUT', app, { body: { ...body, release: { ttlSeconds: -1 } } });
  t.match(bad.json(), { code: 'ttl_invalid', pointer: '/release/ttlSeconds' });
});

t.test('those that are active are listed by themselves', async (t) => {
  const api = await start(t);
  const active = async (query = '') => {
    const { items, next } = (await api.request('GET', `/v1/releases?state=active${query}`)).json();
    return [items.map(({ id }: { id: string }) => id), next];
  };
  t.same(await active(), [[], undefined]);
  const steps = [{ setWeight: 50 }, { pause: {} }, { setWeight: 100 }];
  const begin = async (name: string): Promise<string> =>
    (await api.request('POST', `/v1/services/${name}.example.test/releases`, { body: { to: 'green', steps } })).json()
      .id;
  const [first, second] = [await begin('app'), await begin('api')];
  t.same(await active(), [[first, second], undefined]);
  t.same(await active('&limit=1'), [[first], first]);
  t.same(await active(`&after=${first}`), [[second], undefined]);
  await api.request('POST', `/v1/releases/${first}/abort`);
  t.same(await active(), [[second], undefined], 'one that has ended is not');
});
