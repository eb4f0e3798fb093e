/** The API on real sockets: TLS, bytes that are not HTTP, bodies that are cut off. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import t, { type Test } from 'tap';
import type { ApiOptions } from '../../src/api/parts.ts';
import { ADMIN, type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';
import { closed, exchange } from '../fixtures/exchange.ts';

/** Self-signed for localhost, 127.0.0.1 and ::1, for these tests only; good until 2124. */
const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));

async function listen(t: Test, options: Partial<ApiOptions> = {}): Promise<{ api: ApiFixture; port: number }> {
  const api = await startApi(makeDirectory(t), options);
  t.teardown(() => api.close());
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  return { api, port: (api.app.server.address() as AddressInfo).port };
}

t.test('it speaks TLS with the certificate of the settings', async (t) => {
  const { port } = await listen(t, { tls: { cert: pem('cert'), key: pem('key') } });
  const request = https.get({
    port,
    host: '127.0.0.1',
    path: '/v1/zones',
    ca: pem('cert'),
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  const [response] = await once(request, 'response');
  t.equal(response.statusCode, 200);
  t.match(response.socket.getProtocol(), /^TLSv1\.[23]$/);
  response.resume();
  const plain = await exchange(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  t.notMatch(plain, 'ok', 'plain HTTP on its port gets nothing');
});

t.test('bytes that are not HTTP are refused as everything else is', async (t) => {
  const { api, port } = await listen(t);
  for (const [bytes, status, code] of [
    ['nonsense\r\n\r\n', 400, 'request_invalid'],
    ['GET /v1/zones HTTP/1.1\r\nbad header\r\n\r\n', 400, 'request_invalid'],
    [
      'GET /v1/zones HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'request_invalid',
    ],
    [`GET /v1/zones/${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'headers_too_large'],
    [`GET /v1/zones HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ] as const) {
    const reply = await exchange(port, bytes);
    t.match(reply, new RegExp(`^HTTP/1.1 ${status} `));
    t.match(reply, 'Content-Type: application/problem+json');
    t.match(JSON.parse(reply.slice(reply.indexOf('{'))), { status, code });
  }
  t.equal((await api.request('GET', '/healthz')).statusCode, 200, 'it still answers');
});

t.test('a chunked body is measured as it comes', async (t) => {
  const { port } = await listen(t, { bodyMaxBytes: 1000 });
  const head = `PUT /v1/zones/a.test HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMIN}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
  const chunk = `200\r\n${' '.repeat(512)}\r\n`;
  t.match(await exchange(port, head + chunk.repeat(3)), '"code":"body_too_large"');
});

t.test('an expectation that nobody knows is passed over', async (t) => {
  const { port } = await listen(t);
  const reply = await exchange(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n');
  t.match(reply, /^HTTP\/1.1 200 /);
});

t.test('a client that hangs up in the middle of a body changes nothing', async (t) => {
  const { api, port } = await listen(t);
  await seed(api);
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `PUT /v1/services/app.example.test/weights HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMIN}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"blue":0,"green":1}`,
  );
  await once(socket, 'connect');
  socket.end();
  await closed(socket.resume());
  t.equal((await api.request('GET', '/v1/services/app.example.test/weights')).headers.etag, '"2"');
});

t.test('one connection carries many requests, and a stop ends it', async (t) => {
  const { api, port } = await listen(t);
  const socket = connect(port, '127.0.0.1');
  for (let i = 0; i < 3; i++) {
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    t.match(String(await once(socket, 'data')), /^HTTP\/1.1 200 /);
  }
  const isClosed = closed(socket);
  await api.app.close();
  await isClosed;
  const late = connect(port, '127.0.0.1');
  t.match(await once(late, 'connect').catch((error) => error), { code: 'ECONNREFUSED' }, 'nobody listens any more');
});
