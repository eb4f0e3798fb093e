/** What the API leaves in the log: a line for each change and each refusal, and no flood where the store refuses all. */
import t from 'tap';
import { makeDirectory, seed, startApi } from '../fixtures/api.ts';

const weights = '/v1/services/app.example.test/weights';
const INFO = 30;
const WARN = 40;
const ERROR = 50;

t.test('a store that refuses is told once, and again when it refuses after a change', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  api.log.length = 0;
  const shift = async (green: number) => (await api.request('PUT', weights, { body: { blue: 1, green } })).statusCode;
  for (let round = 0; round < 2; round++) {
    api.setReadOnly(true);
    for (let i = 0; i < 20; i++) t.equal(await shift(50 + round), 503);
    api.setReadOnly(false);
    t.equal(await shift(50 + round), 200);
  }
  t.match(
    api.log.map(({ level, code, revision }) => ({ level, code, revision })),
    [{ level: ERROR, code: 'store_unavailable' }, { level: INFO }, { level: ERROR }, { level: INFO }],
  );
  t.equal(api.log.length, 4);
  t.match(api.log[0], { actor: 'settings-admin', command: 'weights.put', path: weights, client: '127.0.0.1' });
});

t.test('what a client did wrong is told each time, what changes nothing not at all', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  api.log.length = 0;
  for (let i = 0; i < 3; i++) await api.request('PUT', weights, { body: { blue: 0, green: 0 } });
  t.match(api.log, [{ level: INFO, code: 'weights_all_zero' }, { level: INFO }, { level: INFO }]);
  api.log.length = 0;
  for (let i = 0; i < 3; i++) await api.request('PUT', weights, { body: { blue: 5, green: 5 } });
  t.match(api.log, [{ level: INFO, kind: 'shift' }]);
  t.equal(api.log.length, 1);
});

t.test('a release that is taken back is a warning, with where its service went', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const releases = '/v1/services/app.example.test/releases';
  const body = { to: 'green', steps: [{ setWeight: 50 }, { pause: {} }] };
  const { id } = (await api.request('POST', releases, { body })).json();
  const began = [{ service: 'app.example.test', from: { blue: 90, green: 10 }, to: { blue: 50, green: 50 } }];
  t.match(api.log.at(-1), { level: INFO, kind: 'release.create', release: id, changes: began });
  api.log.length = 0;
  t.equal((await api.request('POST', `${releases}/${id}/abort`)).statusCode, 200);
  t.equal(api.log.length, 1);
  t.match(api.log[0], {
    level: WARN,
    kind: 'release.abort',
    actor: 'settings-admin',
    state: 'aborted',
    reason: 'abort_requested',
    cause: 'Aborted by settings-admin.',
    changes: [{ service: 'app.example.test', to: { blue: 90, green: 10 } }],
  });
});
