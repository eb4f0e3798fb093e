/** The API over a store that cannot be read: 503 with a code on every route, never a 500, and well again without a restart. */
import t from 'tap';
import { makeDirectory, seed, startApi } from '../fixtures/api.ts';
import { breakReads } from '../fixtures/broken-store.ts';
import type { Document } from '../fixtures/openapi.ts';

/** What does not look into the store, or tells of it in words of its own. */
const goOn: Readonly<Record<string, number>> = {
  '/healthz': 200,
  '/metrics': 200,
  '/v1/fleet': 404,
  '/v1/self': 200,
  '/v1/freezes': 200,
  '/v1/freezes/app.example.test': 404,
  '/v1/proposals': 200,
  '/v1/proposals/1': 404,
};

const values: Readonly<Record<string, string>> = {
  '{zone}': 'example.test',
  '{name}': 'app.example.test',
  '{type}': 'A',
  '{id}': '1',
  '{pool}': 'blue',
  '{target}': '192.0.2.10',
  '{webhook}': 'hook',
  '{delivery}': 'd',
};

t.test('every GET of the document', async (t) => {
  const directory = makeDirectory(t);
  const api = await startApi(directory);
  t.teardown(() => api.close());
  await seed(api);
  // The builder thread, which writes zone files, keeps no process alive.
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
  const document = (await api.app.inject('/openapi.json')).json<Document>();
  // A stream of events goes on from what is in memory, and would not end.
  const paths = Object.keys(document.paths).filter(
    (path) => document.paths[path]?.get !== undefined && path !== '/v1/events',
  );
  const urls = paths.map((path) => path.replaceAll(/\{[a-z]+\}/g, (part) => values[part] ?? 'x'));
  const explained = urls.map((url) => (url.endsWith('/explain') ? `${url}?client=192.0.2.1&type=A` : url));
  const mend = breakReads(directory);
  for (const url of explained) {
    const reply = await api.request('GET', url);
    const status = goOn[url] ?? 503;
    t.equal(reply.statusCode, status, url);
    if (status === 503) t.equal(reply.json().code, 'store_unavailable', url);
  }
  t.match((await api.request('GET', '/metrics')).body, /^teal_store_readable 0$/m);
  const shift = () => api.request('PUT', '/v1/services/app.example.test/weights', { body: { blue: 1, green: 1 } });
  t.match((await shift()).json(), { code: 'store_unavailable' });
  mend();
  t.equal((await api.request('GET', '/readyz')).statusCode, 200);
  t.equal((await shift()).statusCode, 200);
  t.match((await api.request('GET', '/metrics')).body, /^teal_store_readable 1$/m);
});
