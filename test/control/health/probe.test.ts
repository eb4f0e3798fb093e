/** One probe through a real socket, and servers that hang, redirect, pour or lie: bounded, and never taken for up. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import t, { type Test } from 'tap';
import { makeProbe } from '../../../src/control/health/probe.ts';
import { Outbound } from '../../../src/control/outbound/outbound.ts';
import { Problem } from '../../../src/model/errors.ts';
import { type HealthBody, makeHealthCheck } from '../../../src/model/health.ts';
import type { ProbeResult } from '../../../src/model/health-state.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import { type Network, parseNetwork } from '../../../src/wire/network.ts';
import { freePort } from '../../fixtures/free-port.ts';
import { listen, serve } from '../../fixtures/http-server.ts';
import { inTime } from '../../fixtures/in-time.ts';

const TARGET = '192.0.2.10';
const stopped = new AbortController().signal;
/** For servers that are never done; all others have more time, since a busy machine may make them wait. */
const SHORT = { timeoutSeconds: 1 };
const slow = /no whole answer within 1 s/;
const loopback = new Outbound({ allow: [parseNetwork('127.0.0.0/8') as Network], deny: [] }, systemClock);

/** Probes the target where the server of `url` is. */
function probe(url: string, body: HealthBody, outbound = loopback): Promise<ProbeResult> {
  const checked = { name: 'app.example.com', targets: [TARGET] };
  const check = makeHealthCheck(
    { intervalSeconds: 20, timeoutSeconds: 10, probe: { [TARGET]: new URL(url).host }, ...body },
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
  t.match(await probe(`http://127.0.0.1:${await freePort()}`, { tcp }), { outcome: 'failed', reason: /ECONNREFUSED/ });
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
    ['hangs', await raw(() => {}), {}, slow],
    ['trickles', trickling, ok, slow],
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
    const probed = probe(url, { http: http ?? {}, ...(reason === slow && SHORT) });
    t.match(await inTime(probed, 20), { outcome: 'failed', reason }, `${what}: in time`);
  }
  // docs/health.md: from the name to the last byte.
  const late = { outcome: 'failed', reason: slow };
  t.match(await probe(pouring, { http: {}, ...SHORT }), late, 'a body that nobody wants has an end all the same');
  t.match(await probe(pouring, { http: { expectStatus: [204] } }), { reason: /answered 200, not 204/ }, 'told at once');
});

/** A server that answers each connection with these bytes, and then hangs up, or not. */
function answering(t: Test, bytes: string, hangsUp = true): Promise<string> {
  const answer = (socket: net.Socket): void => {
    if (hangsUp) socket.end(Buffer.from(bytes, 'latin1'));
    else socket.write(Buffer.from(bytes, 'latin1'));
  };
  return listen(
    t,
    net.createServer((socket) => socket.once('data', () => answer(socket))),
  );
}

const CRLF = '\r\n';
const head = (...lines: string[]): string => ['HTTP/1.1 200 OK', ...lines, '', ''].join(CRLF);

t.test('what clients take is taken: curl does, each of these', async (t) => {
  const taken: readonly [string, string][] = [
    ['line ends of LF', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
    ['line ends of LF, no length', 'HTTP/1.1 200 OK\nContent-Type: text/plain\n\nok'],
    ['line ends of both kinds', 'HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok'],
    ['chunks with line ends of LF', 'HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\no\n1\nk\n0\n\n'],
    ['a length that is said twice alike', `${head('Content-Length: 2', 'content-length: 2')}ok`],
    ['a length that is said twice in one line', `${head('Content-Length: 2, 2')}ok`],
    ['a length beside chunks', `${head('Content-Length: 7', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`],
    [
      'chunks with extensions, blanks and a trailer',
      `${head('Transfer-Encoding: chunked')}2;a=b  \r\nok\r\n0\r\nX: y\r\n\r\n`,
    ],
    ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok'],
    ['HTTP/1.0, to the end of the connection', 'HTTP/1.0 200 OK\r\n\r\nok'],
    ['a folded header', `${head('X: a', ' b', 'Content-Length: 2')}ok`],
    ['a blank before a colon', `${head('Server : x', 'Content-Length: 2')}ok`],
    ['a header without a name', `${head(': x', 'Content-Length: 2')}ok`],
    ['control characters and UTF-8', `${head('X: a\x01b\xc3\xa9', 'Content-Length: 2')}ok`],
    ['more than it says', `${head('Content-Length: 2')}ok and more\r\n`],
    [
      '100 and 103 before',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${head('Content-Length: 2')}ok`,
    ],
    ['headers of 60 KiB', `${head(`X: ${'a'.repeat(60 * 1024)}`, 'Content-Length: 2')}ok`],
  ];
  for (const [what, bytes] of taken) {
    const passed = { outcome: 'passed', reason: 'answered 200' };
    t.same(await probe(await answering(t, bytes), { http: { expectBody: 'ok' } }), passed, what);
    t.same(await probe(await answering(t, bytes), { http: {} }), passed, `${what}, whatever the body`);
  }
  t.match(await probe(await answering(t, 'HTTP/1.1 204 None\r\n\r\n', false), { http: {} }), { outcome: 'passed' });
  const toHead = await answering(t, head('Content-Length: 9'), false);
  t.match(await probe(toHead, { http: { method: 'HEAD' } }), { outcome: 'passed' }, 'HEAD has no body');
  const inPieces = await listen(
    t,
    net.createServer((socket) =>
      socket.setNoDelay().once('data', async () => {
        for (const byte of `${head('Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`) {
          socket.write(byte);
          await new Promise(setImmediate);
        }
      }),
    ),
  );
  t.match(await probe(inPieces, { http: { expectBody: 'ok' } }), { outcome: 'passed' }, 'byte by byte');
});

t.test('an answer that is not whole has failed, whatever of it is wanted', async (t) => {
  const cut: readonly [string, string][] = [
    ['less than its length', `${head('Content-Length: 5')}ok`],
    ['less than its length, twice', `${head('Content-Length: 5', 'Content-Length: 5')}ok`],
    ['two lengths', `${head('Content-Length: 2', 'Content-Length: 3')}ok`],
    ['two lengths in one line', `${head('Content-Length: 2, 3')}ok`],
    ['a length that is none', `${head('Content-Length: x')}ok`],
    ['a negative length', `${head('Content-Length: -2')}ok`],
    ['chunks without an end', `${head('Transfer-Encoding: chunked')}2\r\nok\r\n`],
    ['half a chunk', `${head('Transfer-Encoding: chunked')}5\r\nok`],
    ['chunks without their last line', `${head('Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n`],
    ['a chunk of no size', `${head('Transfer-Encoding: chunked')}2\r\nok\r\nxyz\r\n\r\n`],
    ['a chunk of a negative size', `${head('Transfer-Encoding: chunked')}2\r\nok\r\n-2\r\n\r\n`],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'],
    ['line ends of CR', 'HTTP/1.1 200 OK\rContent-Length: 2\r\rok'],
    ['no HTTP', 'SSH-2.0-x\r\n'],
  ];
  for (const [what, bytes] of cut) {
    for (const http of [{}, { expectBody: 'ok' }]) {
      t.match(
        await probe(await answering(t, bytes), { http }),
        { outcome: 'failed', reason: /could not be asked/ },
        what,
      );
    }
  }
  const late = { outcome: 'failed', reason: slow };
  const hanging = await answering(t, `${head('Content-Length: 9')}ok`, false);
  for (const http of [{}, { expectBody: 'ok' }])
    t.match(await probe(hanging, { http, ...SHORT }), late, 'the last byte never comes');
  const noEnd = await answering(t, `${head('Transfer-Encoding: chunked')}2\r\nok\r\n`, false);
  for (const http of [{}, { expectBody: 'ok' }])
    t.match(await probe(noEnd, { http, ...SHORT }), late, 'the last chunk never comes');
  const long = await answering(t, `${head('Content-Length: 100000')}ok${'x'.repeat(80_000)}`);
  t.match(await probe(long, { http: { expectBody: 'ok' } }), { reason: /cut short/ }, 'also behind what is looked at');
  const whole = await answering(t, `${head('Content-Length: 100000')}ok${'x'.repeat(99_998)}`);
  t.match(await probe(whole, { http: { expectBody: 'ok' } }), { outcome: 'passed' });
  const heads = await answering(t, `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(100_000)}\r\n`);
  t.match(await probe(heads, { http: {} }), { outcome: 'failed' }, 'headers without end');
  const size = await answering(t, `${head('Transfer-Encoding: chunked')}${'1'.repeat(600_000)}`, false);
  t.match(await probe(size, { http: {} }), { reason: /bytes of headers/ }, 'nor the size of a chunk');
});

t.test('what the settings keep out tells nothing of the target', async (t) => {
  let asked = 0;
  const url = await listen(
    t,
    http.createServer(() => asked++),
  );
  const nobody = new Outbound({ allow: [], deny: [] }, systemClock);
  for (const body of [{ http: {} }, { tcp: { port: 1 } }]) {
    t.match(await probe(url, body, nobody), {
      outcome: 'refused',
      reason: /may not be asked; the setting probes\.allow/,
    });
  }
  t.equal(asked, 0);
});
