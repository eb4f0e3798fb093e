/** The door on real sockets, with short times: whoever keeps the server waiting is sent away, and told why where he listens. */
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { DOOR_TIMES, DoorConnection } from '../../../src/api/door/connection.ts';
import type { DoorOptions } from '../../../src/api/door/door.ts';
import type { ApiOptions } from '../../../src/api/parts.ts';
import { ADMIN, makeDirectory, READER, seed, startApi } from '../../fixtures/api.ts';
import { attack, head } from '../../fixtures/attacks.ts';
import { exchange } from '../../fixtures/exchange.ts';
import { comesTo } from '../../fixtures/soon.ts';

const SOON = { handshakeMs: 300, headMs: 300, stallMs: 300, lingerMs: 300, stopMs: 300 };
/** For what is sent whole: a busy machine may take its time to read it. */
const READ = { ...SOON, headMs: 10_000, stallMs: 10_000 };
const ROOM = { maxConnections: 100, maxConnectionsPerPrefix: 100, prefixOf: () => undefined };

async function listen(t: Test, door: Partial<DoorOptions> = {}, options: Partial<ApiOptions> = {}) {
  const api = await startApi(makeDirectory(t), { door: { ...ROOM, times: SOON, ...door }, ...options });
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(() => api.close());
  return { api, port: (api.app.server.address() as AddressInfo).port };
}

/** The words that it has for what is sent to it. One that stood still may take what it has not read yet for silence. */
function words(port: number, bytes: string): Promise<string> {
  return comesTo(() => exchange(port, bytes), Boolean);
}

function problemIn(reply: string) {
  t.match(reply, 'application/problem+json');
  return JSON.parse(reply.slice(reply.indexOf('{')));
}

const length = (bytes: number) => `Content-Type: application/json\r\nContent-Length: ${bytes}\r\n`;

t.test('a head that stops is told so, silence is not', async (t) => {
  const { port } = await listen(t);
  t.match(problemIn(await words(port, 'GET /v1/zones HTTP/1.1\r\nHos')), { code: 'request_timeout', status: 408 });
  t.equal(await exchange(port, ''), '');
});

t.test('a body that stops is told so, and changes nothing', async (t) => {
  const { api, port } = await listen(t);
  await seed(api);
  const put = head(ADMIN, 'PUT /v1/services/app.example.test/weights', length(100));
  const reply = await words(port, `${put}{"blue":0,"green":1}`);
  t.match(reply, /^HTTP\/1.1 408 /);
  t.match(problemIn(reply), { code: 'request_timeout' });
  t.equal((await api.request('GET', '/v1/services/app.example.test/weights')).headers.etag, '"2"');
});

t.test('a body that nobody wanted is waited for, but not for long', async (t) => {
  const { port } = await listen(t, { times: READ });
  const reply = await exchange(port, `${head('wrong', 'PUT /v1/zones/a.test', length(100))}{`);
  t.match(reply, /^HTTP\/1.1 401 /);
});

t.test('a TLS handshake that does not begin, or stops, is cut off', async (t) => {
  const pem = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));
  const { port } = await listen(t, {}, { tls: { cert: pem('cert'), key: pem('key') } });
  t.equal(await exchange(port, ''), '');
  t.equal(await exchange(port, '\x16\x03\x01\x02\x00'), '');
  const secured = await attack(port, 5, { tls: true });
  while (secured.open() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  t.pass('one that is silent after its handshake is closed too');
});

t.test('a reply that nobody reads is given up', async (t) => {
  const socket = Object.assign(new EventEmitter(), { bytesRead: 1, bytesWritten: 0, writableLength: 0 });
  const how = { prefix: undefined, isTls: false, nowMs: 0 };
  const connection = new DoorConnection(socket as unknown as Socket, how, () => {});
  const isLate = (second: number) => connection.isLate(second * 1000, DOOR_TIMES);
  t.notOk(isLate(0));
  t.notOk(isLate(3600), 'one that owes it nothing may be idle');
  Object.assign(socket, { bytesWritten: 300_000, writableLength: 200_000 });
  t.notOk(isLate(3601));
  t.notOk(isLate(3630));
  t.ok(isLate(3631), 'nothing has left for 30 s');
  socket.writableLength = 100_000;
  t.notOk(isLate(3632), 'something has');
});

t.test('what Node would refuse without a word has one', async (t) => {
  const { port } = await listen(t, { times: READ });
  const cases: [string, number, string][] = [
    ['GET /healthz HTTP/1.1\r\n\r\n', 400, 'request_invalid'],
    ['GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'request_invalid'],
    ['GET /healthz HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n', 400, 'request_invalid'],
    ['GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n', 400, 'request_invalid'],
    ['GET /healthz HTTP/1.1\r\nHost:\r\n\r\n', 400, 'request_invalid'],
    [
      `GET /v1/zones HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${READER}\r\nAuthorization: Bearer x\r\n\r\n`,
      400,
      'request_invalid',
    ],
    ['CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n', 405, 'method_unknown'],
    ['FROB / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'request_invalid'],
    ['GET / HTTP/3.7\r\nHost: a\r\n\r\n', 400, 'request_invalid'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'request_invalid'],
    ['OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 401, 'token_missing'],
    ['PROPFIND /v1/zones HTTP/1.1\r\nHost: a\r\n\r\n', 401, 'token_missing'],
    ['GET http://evil.test/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n', 421, 'host_unknown'],
  ];
  for (const [bytes, status, code] of cases) {
    const reply = await exchange(port, bytes.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    t.match(reply, new RegExp(`^HTTP/1.1 ${status} `), JSON.stringify(bytes.slice(0, 60)));
    t.match(problemIn(reply), { status, code });
  }
  t.match(await exchange(port, 'GET /healthz HTTP/1.0\r\n\r\n'), /^HTTP\/1.1 200 /, 'HTTP/1.0 had no Host');
  const upgrade = 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n';
  t.match(await exchange(port, upgrade), /^HTTP\/1.1 200 /, 'an upgrade may be passed over (RFC 9110 §7.8)');
});

t.test('a refusal is never taken for the reply to an earlier request', async (t) => {
  const { port } = await listen(t, { times: READ });
  const reply = await exchange(port, 'GET /v1/zones HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
  t.notMatch(reply.slice(0, 20), '400', 'the first reply is not that to the second request');
});

t.test('with all places taken an operator still comes in, and stays', async (t) => {
  const { api, port } = await listen(t, { maxConnections: 20, times: {} });
  const flood = async () => attack(port, 50, { bytes: 'GET /v1/zones HTTP/1.1\r\nHos' });
  const first = await flood();
  const operator: Socket = connect(port, '127.0.0.1');
  const ask = async () => {
    operator.write(head(ADMIN, 'GET /v1/zones'));
    return String((await once(operator, 'data'))[0]);
  };
  t.match(await ask(), /^HTTP\/1.1 200 /);
  const second = await flood();
  t.match(await ask(), /^HTTP\/1.1 200 /, 'on the same connection, after another flood');
  await api.app.close();
  first.stop();
  second.stop();
  operator.destroy();
});

t.test('a stop waits for nobody who keeps it waiting', async (t) => {
  const { api, port } = await listen(t, { times: { stopMs: 100 } });
  const bytes = [
    '',
    'GET / HT',
    `${head(ADMIN, 'PUT /v1/zones/a.test', length(9))}{`,
    `${head(READER, 'GET /openapi.json').repeat(50)}GET / HTTP`,
  ];
  const all = await Promise.all(bytes.map((one) => attack(port, 5, { bytes: one })));
  await api.app.close();
  for (const each of all) each.stop();
  t.pass('it is closed');
});
