/** What hurried requests are held against is compiled once the API listens, and nothing else is. */
import t from 'tap';
import { Hurried } from '../../src/api/hurried.ts';
import { makeDirectory, startApi } from '../fixtures/api.ts';
import { comesTo } from '../fixtures/soon.ts';

t.test('shifts and rollbacks are made ready, each by itself, when somebody can ask', async (t) => {
  const { noted } = Hurried.prototype;
  t.teardown(() => Object.assign(Hurried.prototype, { noted }));
  const all = new Set<string>();
  const compiled: string[] = [];
  Object.assign(Hurried.prototype, {
    noted(this: Hurried, route: { method: string; url: string; httpPart: string }, check: { compile(): void }) {
      const what = `${route.method} ${route.url} ${route.httpPart}`;
      const { compile } = check;
      all.add(what);
      check.compile = () => {
        // Headers have codes of their own: there is nothing to compile.
        if (route.httpPart !== 'headers') compiled.push(what);
        compile();
      };
      return noted.call(this, route, check);
    },
  });
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await api.app.ready();
  t.ok(all.size > 100);
  t.same(compiled, [], 'a start does not wait for it');
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const found = await comesTo(
    () => new Set(compiled),
    ({ size }) => size >= 5,
  );
  t.same([...found].sort(), [
    'POST /v1/services/:name/rollback body',
    'POST /v1/services/:name/rollback params',
    'POST /v1/shifts body',
    'PUT /v1/services/:name/weights body',
    'PUT /v1/services/:name/weights params',
  ]);
});
