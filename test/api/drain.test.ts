/** The drain report over HTTP. */
import t from 'tap';
import { makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';

const url = '/v1/services/app.example.test/drain';

t.test('who may read may read it, and it says what it knows', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const first = await api.request('GET', url, { token: READER });
  t.equal(first.statusCode, 200);
  t.match(first.json(), {
    service: 'app.example.test',
    pools: { blue: { weight: 90, answers: 0, lastAnswerAt: null, drainedAt: null, drained: false } },
    message: /^No pool is draining/,
  });
  await api.request('PUT', '/v1/services/app.example.test/weights', { body: { blue: 0, green: 1 } });
  t.match((await api.request('GET', url)).json(), {
    pools: { blue: { weight: 0, drainedAt: null, drained: true }, green: { drained: false } },
    message:
      /^blue is drained: it has given no answer that a cache could hold; existing connections are not ended by DNS$/,
  });
});
