/** One probe through a real socket, and servers that hang, redirect, pour or lie: bounded, and never taken for up. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import t from 'tap';
import { makeProbe } from '../../../src/control/health/probe.ts';
import { Outbound } from '../../../src/control/outbound/outbound.ts';
import { Problem } from '../../../src/model/errors.ts';
import { type HealthBody, makeHealthCheck } from '../../../src/model/health.ts';
import type { ProbeResult } from '../../../src/model/health-state.ts';
import { type Network, parseNetwork } from '../../../src/wire/network.ts';
import { listen, serve } from '../../fixtures/http-server.ts';

const TARGET = '192.0.2.10';
const stopped = new AbortController().signal;
const loopback = new Outbound({ allow: [parseNetwork('127.0.0.0/8') as Network], deny: [] });

/** Probes the target where the server of `url` is. */
function probe(url: string, body: HealthBody, outbound = loopback): Promise<ProbeResult> {
  const checked = { name: 'app.example.com', targets: [TARGET] };
  const check = makeHealthCheck(
    { intervalSeconds: 10, timeoutSeconds: 1, probe: { [TARGET]: new URL(url).host }, ...body },
    checked,
  );
  if (check instanceof Problem) throw new Error(check.detail);
  return makeProbe(outbound)(check, TARGET, stopped);
}

t.test('the target is asked at its place, for its host', async (t) => {
  const seen: unknown[] = [];
  const url = await serve(t, ({ method, url, headers }, response) => {
    seen.push([method, url, headers.host, headers['user-agent'], headers['x-a']]);
    response.end('all is ok');
  });
  t.same(await probe(url, { http: {} }), { outcome: 'passed', reason: 'answered 200' });
  const http = { method: 'POST', path: '/up?x=1', host: '2001:db8::1', headers: { 'X-A': 'b', 'User-Agent': 'me' } };
  t.match(await probe(url, { http: { ...http, expectBody: 'is ok' } }), { outcome: 'passed' });
  t.match(await probe(url, { http: { expectBody: 'is bad' } }), {
    outcome: 'failed',
    reason: /does not hold "is bad"/,
  });
  t.same(seen.slice(0, 2), [
    ['GET', '/', 'app.example.com', 'teal-health', undefined],
    ['POST', '/up?x=1', '[2001:db8::1]', 'me', 'b'],
  ]);
});

t.test('over TLS, with a certificate for the host or any', async (t) => {
  const [key, cert] = ['key', 'cert'].map((name) => readFileSync(`test/fixtures/tls/${name}.pem`));
  const server = https.createServer({ key, cert } as https.ServerOptions, (_request, response) => response.end());
  const url = await listen(t, server);
  const scheme = 'https';
  t.match(await probe(url, { http: { scheme } }), { outcome: 'failed', reason: /CERT|SELF_SIGNED/ });
  t.match(await probe(url, { http: { scheme, verifyCertificate: false } }), { outcome: 'passed' });
});

t.test('tcp passes once there is a connection', async (t) => {
  const url = await listen(t, net.createServer());
  const { port } = new URL(url);
  const tcp = { port: 1 };
  t.same(await probe(url, { tcp }), { outcome: 'passed', reason: `takes connections on port ${port}` });
  const closed = net.createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port: free } = closed.address() as net.AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  t.match(await probe(`http://127.0.0.1:${free}`, { tcp }), { outcome: 'failed', reason: /ECONNREFUSED/ });
});

t.test('servers that do not answer as they should have failed, in time', async (t) => {
  const raw = (answer: (socket: net.Socket) => void) =>
    listen(
      t,
      net.createServer((socket) => socket.once('data', () => answer(socket))),
    );
  const pouring = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 10 * 1024 ** 3 });
    const pour = (): void => {
      while (response.write('x'.repeat(64 * 1024)));
    };
    response.on('drain', pour).on('error', () => {});
    pour();
  });
  const trickling = await serve(t, (_request, response) => {
    const timer = setInterval(() => response.write('x'), 50).unref();
    response.on('close', () => clearInterval(timer));
  });
  const circling = await serve(t, (_request, response) => void response.writeHead(302, { location: '/' }).end());
  const metadata = await serve(t, (_request, response) => {
    response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end();
  });
  const ok = { expectBody: 'ok' };
  const cases: [string, string, HealthBody['http'], RegExp][] = [
    ['hangs', await raw(() => {}), {}, /no whole answer within 1 s/],
    ['trickles', trickling, ok, /no whole answer within 1 s/],
    ['pours ten gigabytes', pouring, ok, /body that does not hold "ok"/],
    ['redirects', circling, {}, /answered 302, not 2xx; redirects are not followed/],
    ['redirects in a circle', circling, { maxRedirects: 5 }, /answered 302, not 2xx/],
    ['redirects to a secret', metadata, { maxRedirects: 1 }, /redirected to 169.254.169.254, which is at/],
    ['hangs up', await raw((socket) => socket.destroy()), {}, /ECONNRESET/],
    ['speaks something else', await raw((socket) => socket.end('220 ESMTP\r\n')), {}, /HPE_/],
    [
      'lies about its length',
      await raw((s) => s.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok')),
      { expectBody: 'ok!' },
      /could not be asked/,
    ],
  ];
  for (const [what, url, http, reason] of cases) {
    const startedAt = performance.now();
    t.match(await probe(url, { http: http ?? {} }), { outcome: 'failed', reason }, what);
    t.ok(performance.now() - startedAt < 20_000, `${what}: in time`);
  }
  t.match(await probe(pouring, { http: {} }), { outcome: 'passed' }, 'a body that nobody wants is not read');
});

t.test('what the settings keep out tells nothing of the target', async (t) => {
  let asked = 0;
  const url = await listen(
    t,
    http.createServer(() => asked++),
  );
  const nobody = new Outbound({ allow: [], deny: [] });
  for (const body of [{ http: {} }, { tcp: { port: 1 } }]) {
    t.match(await probe(url, body, nobody), {
      outcome: 'refused',
      reason: /may not be asked; the setting probes\.allow/,
    });
  }
  t.equal(asked, 0);
});
