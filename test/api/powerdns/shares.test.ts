/** What a token may hold of the server at once is counted in one, whichever API it asks through. */
import t, { type Test } from 'tap';
import { APIS, createApp } from '../../../src/api/app.ts';
import type { ApiParts } from '../../../src/api/parts.ts';
import { powerdns } from '../../../src/api/powerdns/index.ts';
import { ADMIN, makeDirectory, READER, seed, startApi } from '../../fixtures/api.ts';
import { replace } from '../../fixtures/powerdns.ts';

const FILE = '/v1/zones/example.test/file';
const ZONES = '/api/v1/servers/localhost/zones';
const ZONE = `${ZONES}/example.test.`;

/** Something that waits until it is let go. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), wait: <Result>(work: () => Result | Promise<Result>) => opened.then(work) };
}

async function start(t: Test, change: (parts: ApiParts) => Partial<ApiParts>) {
  const api = await startApi(makeDirectory(t));
  await seed(api);
  const app = createApp({ ...api.parts, ...change(api.parts) }, [...APIS, powerdns]);
  t.teardown(async () => {
    await app.close();
    await api.close();
  });
  const ask = (method: string, url: string, token: string, body?: object) =>
    app.inject({
      ...{ method: method as 'GET', url },
      headers: { authorization: `Bearer ${token}`, 'x-api-key': token },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    });
  return { app, ask };
}

/** Until all that was asked has come to the gate, or has been refused. */
const settle = async () => {
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
};

t.test('whole zones: sixteen at once for a token, as files, as lists and as exports together', async (t) => {
  const { open, wait } = gate();
  let waiting = 0;
  const held = <Args extends readonly unknown[], Result>(work: (...args: Args) => Result) =>
    ((...args: Args) => {
      waiting++;
      return wait(() => work(...args));
    }) as unknown as (...args: Args) => Result;
  const { ask } = await start(t, ({ zoneFiles }) => ({
    zoneFiles: {
      list: held(zoneFiles.list.bind(zoneFiles)),
      export: held(zoneFiles.export.bind(zoneFiles)),
      import: zoneFiles.import.bind(zoneFiles),
      replaceSignatures: zoneFiles.replaceSignatures.bind(zoneFiles),
    },
  }));
  const urls = [FILE, ZONE, `${ZONE}/export`, FILE];
  const sixteen = Array.from({ length: 16 }, (_, i) => ask('GET', urls[i % 4] as string, ADMIN));
  while (waiting < 16) await settle();
  for (const url of urls) {
    const { statusCode, headers, body } = await ask('GET', url, ADMIN);
    t.match({ statusCode, headers }, { statusCode: 429, headers: { 'retry-after': '1' } }, url);
    t.match(body, /share of zones at once, 16/, url);
  }
  const made = await ask('POST', ZONES, ADMIN, { name: 'new.test.', nameservers: ['ns1.example.net.'] });
  t.equal(made.statusCode, 429, 'a zone that could not be told of is not made');
  const other = ask('GET', ZONE, READER);
  while (waiting < 17) await settle();
  open();
  t.same(
    (await Promise.all([...sixteen, other])).map(({ statusCode }) => statusCode),
    Array.from({ length: 17 }, () => 200),
    'another token has its own',
  );
  t.equal((await ask('GET', ZONE, ADMIN)).statusCode, 200, 'and what was held is given back');
  t.equal((await ask('GET', `${ZONES}/new.test.`, ADMIN)).statusCode, 404);
});

t.test('requests at once are counted in one, through a door and beside it', async (t) => {
  const { open, wait } = gate();
  let waiting = 0;
  const { ask } = await start(t, ({ engine }) => ({
    engine: {
      rehearse: engine.rehearse.bind(engine),
      execute: ((...words: Parameters<typeof engine.execute>) => {
        waiting++;
        return wait(() => engine.execute(...words));
      }) as typeof engine.execute,
    },
  }));
  const patch = (i: number) => ({ rrsets: [replace(`h${i}.example.test.`, 'A', 60, '192.0.2.1')] });
  const held: ReturnType<typeof ask>[] = [];
  for (let i = 0; i < 100; i++) {
    held.push(ask('PATCH', ZONE, ADMIN, patch(i)));
    // No more of them than may wait for their turn.
    if (i % 50 === 49) while (waiting <= i) await settle();
  }
  t.equal((await ask('GET', '/v1/zones', ADMIN)).statusCode, 429, 'what a door holds is not there beside it');
  t.match(await ask('GET', ZONES, ADMIN), { statusCode: 429, body: /^{"error":".*share of requests at once, 100/ });
  t.equal((await ask('GET', '/v1/zones', READER)).statusCode, 200);
  open();
  t.ok((await Promise.all(held)).every(({ statusCode }) => statusCode === 204));
  t.equal((await ask('GET', '/v1/zones', ADMIN)).statusCode, 200);
});
