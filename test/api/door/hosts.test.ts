/** Host headers: what is well-formed, and under which names anybody is told anything. */
import t from 'tap';
import { isKnownHost } from '../../../src/api/door/hosts.ts';
import { ADMIN, makeDirectory, READER, startApi } from '../../fixtures/api.ts';

const known = [
  '127.0.0.1:8053',
  '127.0.0.1',
  '[::1]:8053',
  'localhost',
  'LOCALHOST:80',
  'teal',
  'teal:8053',
  'x.localhost',
];
const listed = ['teal.example.com', 'TEAL.Example.com:8053', 'teal.example.com.'];
const foreign = [
  'evil.test',
  'evil.test:8053',
  '127.0.0.1.evil.test',
  'localhost.evil.test',
  '[evil.test]',
  '0x7f.1',
  'a.b.',
];

t.test('addresses, names without a dot and those of the settings are known', async (t) => {
  for (const host of [...known, ...listed]) t.ok(isKnownHost(host, ['teal.example.com']), host);
  for (const host of [...foreign, ...listed]) t.notOk(isKnownHost(host, []), host);
  for (const host of foreign) t.ok(isKnownHost(host, ['*']), host);
  t.ok(isKnownHost(undefined, []), 'a browser sends one always');
});

t.test('what needs no token is told under known names only', async (t) => {
  const api = await startApi(makeDirectory(t), { metricsPublic: true, hosts: ['teal.example.com'] });
  t.teardown(() => api.close());
  const ask = async (url: string, host: string, token?: string) => {
    const headers = { host, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    return (await api.app.inject({ url, headers })).statusCode;
  };
  for (const url of ['/metrics', '/openapi.json', '/docs/json']) {
    for (const host of ['evil.test', 'evil.test:8053']) t.equal(await ask(url, host), 421, `${url} for ${host}`);
    for (const host of ['127.0.0.1:8053', 'teal', 'teal.example.com'])
      t.equal(await ask(url, host), 200, `${url} for ${host}`);
  }
  t.equal(await ask('/metrics', 'evil.test', READER), 200, 'who has a token may use any name');
  t.equal(await ask('/metrics', 'evil.test', ADMIN), 200);
  t.equal(await ask('/metrics', 'evil.test', 'a-guess'), 401, 'a guess is a guess here too');
  t.equal(await ask('/healthz', 'evil.test'), 200, 'that it lives is no secret');
  t.equal(await ask('/readyz', 'evil.test'), 200);
  t.equal(await ask('/v1/zones', 'evil.test', READER), 200);
  t.equal(await ask('/v1/zones', 'evil.test'), 401);
});

t.test('over TLS the certificate says whose name it is', async (t) => {
  const { readFileSync } = await import('node:fs');
  const pem = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));
  const api = await startApi(makeDirectory(t), { metricsPublic: true, tls: { cert: pem('cert'), key: pem('key') } });
  t.teardown(() => api.close());
  t.equal((await api.request('GET', '/metrics', { token: null, headers: { host: 'a.example.com' } })).statusCode, 200);
});
