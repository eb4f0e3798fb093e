/** The server of the directory that lies here: a script that is faster than its start waits for it, and for no other. */
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { Api } from '../../src/cli/api.ts';
import { isStarting, type LocalServer, localServer } from '../../src/cli/local-server.ts';
import { freePort } from '../fixtures/free-port.ts';

const connection = (port: number, local?: LocalServer) => ({
  url: `http://127.0.0.1:${port}`,
  urlFrom: 'a test',
  token: undefined,
  tokenFrom: 'nowhere',
  warnings: [],
  ...(local && { local }),
});

/** Lets in whoever has the token. */
async function listen(port: number): Promise<{ server: http.Server; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = [];
  const server = http.createServer(({ method, headers: { authorization } }, response) => {
    asked.push(`${method} ${authorization}`);
    const isKnown = authorization === 'Bearer first';
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKnown ? { done: true } : { code: 'token_missing', detail: 'none' }));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, asked };
}

t.test('a write waits for a server that is on its way up, and takes the token that its start makes', async (t) => {
  const port = await freePort();
  let looks = 0;
  let running: Awaited<ReturnType<typeof listen>> | undefined;
  const local: LocalServer = {
    token: () => (running === undefined ? undefined : { token: 'first', tokenFrom: 'data/admin.token' }),
    async comesUp() {
      if (++looks === 3) running = await listen(port);
      return true;
    },
  };
  const api = new Api(connection(port, local));
  t.same(await api.put('/v1/zones/example.com', { body: {} }), { done: true });
  t.same(running?.asked, ['PUT undefined', 'PUT Bearer first'], 'what was refused for want of a token was not done');
  t.same(await api.get('/v1/zones'), { done: true });
  t.equal(running?.asked.at(-1), 'GET Bearer first');
  running?.server.close();
});

t.test('a token that is here and cannot be read is told of, once', async (t) => {
  const notes: string[] = [];
  const folder = t.testdir({ 'admin.token': {} });
  const local = localServer(folder, (line) => notes.push(line));
  t.equal(local.token(), undefined);
  t.equal(local.token(), undefined);
  t.same(notes, [`teal: ${join(folder, 'admin.token')} cannot be read (EISDIR): it is for whoever runs the server`]);
  localServer(t.testdir(), (line) => notes.push(line)).token();
  t.equal(notes.length, 1, 'none that is not there');
});

t.test('requests that are under way together wait together, and each takes the token that one has found', async (t) => {
  const notes: string[] = [];
  let looks = 0;
  const local = localServer(
    t.testdir(),
    (line) => notes.push(line),
    () => ++looks < 3,
  );
  t.same(await Promise.all([1, 2, 3, 4].map(() => local.comesUp())), [true, true, true, true]);
  t.equal(looks, 1, 'the time that all have is used once');
  t.equal(await local.comesUp(), true);
  t.equal(await local.comesUp(), false);
  t.equal(notes.length, 1);

  const { server, asked } = await listen(0);
  t.teardown(() => server.close());
  // None when it was looked for, and there by the time of the replies.
  const found = { token: () => ({ token: 'first', tokenFrom: 'data/admin.token' }), comesUp: async () => false };
  const api = new Api(connection((server.address() as net.AddressInfo).port, found));
  const replies = await Promise.all(['/a', '/b', '/c', '/d'].map((path) => api.get(path)));
  t.same(replies, Array(4).fill({ done: true }));
  t.same(asked.sort(), [...Array(4).fill('GET Bearer first'), ...Array(4).fill('GET undefined')]);
});

t.test('it waits for nothing that is not on its way, and sends the token of here to nobody else', async (t) => {
  const port = await freePort();
  const local: LocalServer = { token: () => undefined, comesUp: async () => false };
  await t.rejects(new Api(connection(port, local)).get('/v1/zones'), { message: /nobody listens there/ });
  await t.rejects(new Api(connection(port)).get('/v1/zones'), { message: /nobody listens there/ });
  const { server, asked } = await listen(0);
  t.teardown(() => server.close());
  const there = (server.address() as net.AddressInfo).port;
  for (const at of [connection(there), connection(there, local)]) {
    await t.rejects(new Api(at).get('/v1/zones'), { message: /token_missing/ });
  }
  t.same(asked, ['GET undefined', 'GET undefined']);
});

t.test('who holds the directory, and since when, is what the kernel says', async (t) => {
  const folder = t.testdir({ 'teal.lock': '' });
  const { ino } = statSync(join(folder, 'teal.lock'));
  const stat = (ticks: number) => `4711 (a ) b (c) S 1 ${'0 '.repeat(17)}${ticks} 0 0`;
  const files = (more: Record<string, string>) => {
    const all: Record<string, string> = {
      '/proc/locks': `1: POSIX  ADVISORY  READ 1 fe:00:${ino} 0 0\n2: POSIX  ADVISORY  WRITE 9 fe:00:1${ino} 0 EOF\n3: POSIX  ADVISORY  WRITE 4711 fe:00:${ino} 1073741824 1073742335\n`,
      '/proc/4711/stat': stat(100_000),
      '/proc/uptime': '1002.50 1900.00\n',
      ...more,
    };
    return (file: string): string => all[file] ?? t.fail(`${file} was read`);
  };
  t.equal(isStarting(folder, files({})), true, 'begun 2.5 seconds ago');
  t.equal(isStarting(folder, files({ '/proc/uptime': '1100.00 0' })), false, 'it has run for 100 seconds');
  t.equal(isStarting(folder, files({ '/proc/locks': '' })), false, 'nobody holds it');
  const gone = (file: string): string => {
    throw new Error(`ENOENT ${file}`);
  };
  t.equal(isStarting(folder, gone), false, 'another system');
  rmSync(join(folder, 'teal.lock'));
  t.equal(isStarting(folder, files({})), false, 'no data directory');
  t.equal(isStarting(folder), false);
});
