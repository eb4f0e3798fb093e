/** How the console's files are served: to everybody, compressed, kept forever or asked for again, under a policy. */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import t from 'tap';
import { buildConsole, SOURCES } from '../../src/console/build.ts';
import { makeDirectory, startApi } from '../fixtures/api.ts';

t.test('it is built anew when anything changes that it is made of', async (t) => {
  const files = globSync(SOURCES.filter((each) => each.startsWith('src/')));
  const scripts = files.filter((file) => /\.tsx?$/.test(file) && !/\/(build|vite\.config)\.ts$/.test(file));
  t.ok(scripts.length > 20);
  for (const file of scripts) {
    for (const [, clause, from] of readFileSync(file, 'utf8').matchAll(/^(?:im|ex)port ([^;']*?)from '(\.[^']+)'/gm)) {
      if (clause?.startsWith('type ')) continue;
      const imported = normalize(join(dirname(file), from ?? ''));
      t.ok(files.includes(imported), `${file} imports ${imported}`);
    }
  }
});

t.test('a built console', async (t) => {
  await buildConsole();
  const api = await startApi(makeDirectory(t), { consoleFolder: join(process.cwd(), 'dist/console') });
  t.teardown(() => api.close());
  const page = await api.app.inject('/');
  t.equal(page.statusCode, 200, 'the page needs no token');
  t.match(page.headers, {
    'content-type': /text\/html/,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
  });
  const policy = String(page.headers['content-security-policy']);
  t.match(policy, "default-src 'none'; script-src 'self'; style-src 'self';");
  t.match(policy, "connect-src 'self'");
  t.notMatch(policy, /unsafe|https?:|\*|data:/);

  const script = /src="\.(\/assets\/[^"]+\.js)"/.exec(page.body)?.[1] as string;
  const small = await api.app.inject({ url: script, headers: { 'accept-encoding': 'gzip, br' } });
  t.equal(small.headers['content-encoding'], 'br');
  t.match(small.headers['content-type'], 'javascript');
  t.match(small.headers['cache-control'], /immutable/);
  t.match(String(small.headers.vary), /accept-encoding/i);
  const plain = await api.app.inject({ url: script, headers: { 'accept-encoding': 'identity' } });
  t.equal(plain.headers['content-encoding'], undefined);
  t.equal(brotliDecompressSync(small.rawPayload).toString(), plain.body, 'the same script');

  for (const url of ['/.made-of', `${script}.br`, '/assets/', '/assets/../../package.json', '/%2e%2e/package.json'])
    t.equal((await api.app.inject(url)).statusCode, 401, `${url} is no file of the console`);
  t.equal((await api.app.inject({ method: 'POST', url: '/' })).statusCode, 401);
});

t.test('without a build it says what to do', async (t) => {
  const folder = join(makeDirectory(t), 'console');
  mkdirSync(folder);
  writeFileSync(join(folder, 'other.html'), '');
  const api = await startApi(makeDirectory(t), { consoleFolder: folder });
  t.teardown(() => api.close());
  const reply = await api.app.inject('/');
  t.match(reply.json(), { status: 404, code: 'route_unknown', detail: /npm run build:console/ });
});
