/** Answers by the hour over HTTP. */
import t from 'tap';
import { makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';

t.test('whoever may read a service may read its hours', async (t) => {
  const hours = {
    of: (name: string) => (name === 'app.example.test' ? [{ atMs: 3_600_000, answers: { blue: 7 } }] : []),
  };
  const api = await startApi(makeDirectory(t), {}, { hours });
  t.teardown(() => api.close());
  await seed(api);
  const reply = await api.request('GET', '/v1/services/APP.example.test/hours', { token: READER });
  t.same(reply.json(), {
    service: 'app.example.test',
    items: [{ at: '1970-01-01T01:00:00.000Z', answers: { blue: 7 } }],
  });
  t.same((await api.request('GET', '/v1/services/api.example.test/hours')).json().items, []);
  t.match((await api.request('GET', '/v1/services/none.example.test/hours')).json(), { code: 'service_unknown' });
});
