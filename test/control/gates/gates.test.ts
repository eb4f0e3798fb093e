/** Gates that behave, and gate servers that hang, redirect, never end, lie, or stand where nobody may look. */
import { readFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import t from 'tap';
import { makeGate } from '../../../src/control/gates/gates.ts';
import type { HealthGateParts } from '../../../src/control/gates/health.ts';
import type { SampleGate } from '../../../src/control/gates/samples.ts';
import { Outbound } from '../../../src/control/outbound/outbound.ts';
import type { Metric, Release } from '../../../src/model/release.ts';
import type { Measurement } from '../../../src/model/release-analysis.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import { type Network, parseNetwork } from '../../../src/wire/network.ts';
import { listen, serve } from '../../fixtures/http-server.ts';
import { inTime } from '../../fixtures/in-time.ts';
import { soon } from '../../fixtures/soon.ts';

const loopback = new Outbound({ allow: [parseNetwork('127.0.0.0/8') as Network], deny: [] }, systemClock);
/** For servers that are never done, and for all others, which a busy machine may make wait. */
const SHORT_MS = 1000;
const LIMIT_MS = 60_000;

/** Gates that ask others do not look at it. */
const release = {} as Release;

function measure(
  metric: Omit<Metric, 'name'>,
  outbound = loopback,
  stopped = new AbortController().signal,
  timeoutMs = LIMIT_MS,
) {
  return makeGate({ outbound, health: {} as HealthGateParts, samples: {} as SampleGate })(
    { name: 'gate', ...metric },
    { release, timeoutMs, stopped },
  );
}

t.test('web: 2xx passes, all else fails', async (t) => {
  const url = await serve(t, (request, response) => {
    response.writeHead(Number(request.url?.slice(1)), { location: '/200' }).end('anything');
  });
  for (const status of [200, 204, 299])
    t.match(await measure({ web: { url: `${url}/${status}` } }), { outcome: 'passed' });
  for (const status of [300, 304, 400, 404, 500, 503, 599]) {
    t.match(await measure({ web: { url: `${url}/${status}` } }), {
      outcome: 'failed',
      message: `answered ${status}, not 2xx`,
    });
  }
  const redirect = await measure({ web: { url: `${url}/302` } });
  t.same(redirect, { outcome: 'failed', message: 'answered 302, not 2xx; redirects are not followed', value: 302 });
});

t.test('web: a body without end is not read', async (t) => {
  let closed = false;
  const url = await serve(t, (_request, response) => {
    response.writeHead(200);
    const pour = (): void => {
      while (response.write(Buffer.alloc(64 * 1024)));
    };
    response.on('drain', pour).on('close', () => {
      closed = true;
    });
    pour();
  });
  t.match(await measure({ web: { url } }), { outcome: 'passed', message: 'answered 200' });
  await soon(t).ok(() => closed, 'the connection is given up');
});

const prometheus = (address: string) => ({
  prometheus: { address, query: 'up{a="b"}' },
  thresholdRange: { min: 0, max: 1 },
});

t.test('servers that do not answer as they should: bounded, and never a pass', async (t) => {
  const late = /no whole answer within 1 s/;
  const raw = (answer: (socket: net.Socket) => void) =>
    listen(
      t,
      net.createServer((socket) => socket.once('data', () => answer(socket))),
    );
  const closedPort = await listen(t, net.createServer()).then((url) => `http://127.0.0.1:${Number(new URL(url).port)}`);
  const cases: [string, string, RegExp][] = [
    ['hangs', await raw(() => {}), late],
    ['hangs after the status line', await raw((socket) => socket.write('HTTP/1.1 200 OK\r\n')), late],
    [
      'says 100 forever',
      await raw((socket) => void setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 50).unref()),
      late,
    ],
    [
      'has headers without end',
      await raw((socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}`)),
      /HPE_HEADER_OVERFLOW/,
    ],
    [
      'is no web server',
      await raw((socket) => socket.end('220 mail.example.com ESMTP\r\n')),
      /could not be asked: HPE_/,
    ],
    ['hangs up', await raw((socket) => socket.destroy()), /could not be asked: ECONNRESET/],
    ['speaks no TLS', closedPort.replace('http', 'https'), /could not be asked|no whole answer/],
    [
      'has a name that is none',
      'http://no-such-host.invalid',
      /could not be asked: (ENOTFOUND|EAI_AGAIN)|no whole answer/,
    ],
  ];
  // All at once: most of them are waited for to their limit.
  await Promise.all(
    cases.flatMap(([what, url, message]) =>
      [{ web: { url } }, prometheus(url)].map(async (metric) => {
        // Those that may come to their limit have a short one.
        const limitMs = message.test('no whole answer within 1 s') ? SHORT_MS : LIMIT_MS;
        const measured = measure(metric, loopback, undefined, limitMs);
        t.match(await inTime(measured, 90), { outcome: 'error', message }, `${what}: in time`);
      }),
    ),
  );
});

t.test('prometheus: every value within the range, and at least one', async (t) => {
  let body = '';
  let asked = '';
  const url = await serve(t, (request, response) => {
    asked = request.url ?? '';
    response.end(body);
  });
  const result = (resultType: string, result: unknown) =>
    JSON.stringify({ status: 'success', data: { resultType, result } });
  const vector = (...values: unknown[]) =>
    result(
      'vector',
      values.map((value) => ({ metric: {}, value: [1, value] })),
    );
  const cases: [string, string, Measurement['outcome'], RegExp][] = [
    ['a value', vector('0.5'), 'passed', /^is 0\.5$/],
    ['the ends', vector('0', '1'), 'passed', /^is 0, 1$/],
    ['a scalar', result('scalar', [1, '0.25']), 'passed', /^is 0\.25$/],
    ['one outside', vector('0.5', '1.01'), 'failed', /^is 1\.01, not within \{"min":0,"max":1\}$/],
    ['below', vector('-0.1'), 'failed', /^is -0\.1/],
    ['nothing', vector(), 'failed', /has no value/],
    ['NaN', vector('NaN'), 'failed', /NaN/],
    ['infinite', vector('+Inf'), 'failed', /not within/],
    ['empty text', vector(''), 'failed', /NaN/],
    ['a number', vector(0.5), 'error', /as Prometheus does/],
    ['null', vector(null), 'error', /as Prometheus does/],
    ['a matrix', result('matrix', [{ values: [[1, '0.5']] }]), 'error', /as Prometheus does/],
    ['a string', result('string', [1, '0.5']), 'error', /as Prometheus does/],
    ['samples that are none', result('vector', [null, 5, {}]), 'error', /as Prometheus does/],
    [
      'an error',
      JSON.stringify({ status: 'error', data: { resultType: 'scalar', result: [1, '0.5'] } }),
      'error',
      /as Prometheus/,
    ],
    ['no JSON', '<html>0.5</html>', 'error', /as Prometheus does/],
    ['JSON null', 'null', 'error', /as Prometheus does/],
    ['nothing at all', '', 'error', /as Prometheus does/],
  ];
  for (const [what, text, outcome, message] of cases) {
    body = text;
    t.match(await measure(prometheus(`${url}/prefix/`)), { outcome, message }, what);
  }
  t.equal(asked, '/prefix/api/v1/query?query=up%7Ba%3D%22b%22%7D');
  body = vector('7');
  t.match(
    await measure({ ...prometheus(url), thresholdRange: { min: 5 } }),
    { outcome: 'passed' },
    'one end is enough',
  );
  body = vector('+Inf');
  t.match(await measure({ ...prometheus(url), thresholdRange: { min: 5 } }), { outcome: 'failed' });
});

t.test('prometheus: which of several values is bad is told, and how bad', async (t) => {
  let body = '';
  const url = await serve(t, (_request, response) => void response.end(body));
  const vector = (...samples: [object | undefined, string][]) => {
    const result = samples.map(([metric, value]) => ({ metric, value: [1, value] }));
    return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
  };
  const job = (job: string, more: object = {}) => ({ job, ...more });
  const range = /, not within \{"min":0,"max":1\}/;
  const cases: [string, string, RegExp, number | undefined][] = [
    ['infinite', vector([{}, '+Inf']), /^is \+Inf, not within/, undefined],
    ['below all', vector([{}, '-Inf']), /^is -Inf, not within/, undefined],
    ['no number', vector([{}, 'NaN']), /^is NaN, not within/, undefined],
    ['negative', vector([{}, '-0.25']), /^is -0\.25, not within/, -0.25],
    [
      'one of three',
      vector([job('a'), '0.5'], [job('b', { code: '500', __name__: 'errors' }), '-3e-2'], [job('c'), '1']),
      /^is -0\.03 for errors\{job="b",code="500"\}, not within \{"min":0,"max":1\} \(1 of 3 values\)$/,
      -0.03,
    ],
    [
      'infinite among others',
      vector([job('a'), '0.5'], [job('b'), '+Inf']),
      /^is \+Inf for \{job="b"\}, not within .* \(1 of 2 values\)$/,
      undefined,
    ],
    [
      'many',
      vector(...['a', 'b', 'c', 'd', 'e'].map((name): [object, string] => [job(name), '2'])),
      /^is 2 for \{job="a"\}, 2 for \{job="b"\}, 2 for \{job="c"\}, 2 more, not within .* \(5 of 5 values\)$/,
      2,
    ],
    ['labels that are none', vector([undefined, '2']), /^is 2, not within/, 2],
    ['labels of objects', vector([{ toString: 1 as never, x: null }, '2']), /^is 2 for \{toString="1",x="null"\}/, 2],
  ];
  for (const [what, text, message, value] of cases) {
    body = text;
    const measured = await measure(prometheus(url));
    t.match(measured, { outcome: 'failed', message }, what);
    t.match(measured.message, range, what);
    t.equal(measured.value, value, what);
  }
  body = vector([job('x'.repeat(100_000)), '2']);
  t.ok((await measure(prometheus(url))).message.length < 500, 'a label without end is cut');
  body = vector([{}, '-1'], [{}, '-Inf']);
  t.match(
    await measure({ ...prometheus(url), thresholdRange: { max: 0 } }),
    { outcome: 'failed' },
    '-Inf is no number',
  );
  body = vector([{}, '-1']);
  t.match(await measure({ ...prometheus(url), thresholdRange: { max: 0 } }), { outcome: 'passed', value: -1 });
});

t.test('prometheus: what is too long, cut off, or not a 200, is an error', async (t) => {
  const good = '{"status":"success","data":{"resultType":"scalar","result":[1,"0.5"]}}';
  const url = await serve(t, (request, response) => {
    if (request.url?.startsWith('/created')) return void response.writeHead(201).end(good);
    if (request.url?.startsWith('/moved')) return void response.writeHead(302, { location: '/' }).end(good);
    if (request.url?.startsWith('/trickles')) {
      response.writeHead(200, { 'content-length': good.length });
      const timer = setInterval(() => response.write(' '), 50).unref();
      return void response.on('close', () => clearInterval(timer));
    }
    if (request.url?.startsWith('/promises')) {
      return void response.writeHead(200, { 'content-length': 10 * 1024 ** 3 }).end(good);
    }
    if (request.url?.startsWith('/cut')) {
      response.writeHead(200, { 'content-length': 1000 }).write(good, () => response.destroy());
      return;
    }
    const pour = (): void => {
      while (response.write(' '.repeat(64 * 1024)));
    };
    response.on('drain', pour).on('error', () => {});
    pour();
  });
  t.match(await measure(prometheus(url)), { outcome: 'error', message: 'answered with more than 262144 bytes' });
  t.match(await measure(prometheus(`${url}/cut`)), { outcome: 'error', message: 'could not be asked: ECONNRESET' });
  t.match(await measure(prometheus(`${url}/moved`)), {
    outcome: 'error',
    message: 'answered 302, not 200; redirects are not followed',
  });
  const late = { outcome: 'error', message: 'gave no whole answer within 1 s' };
  const soon = (path: string) => measure(prometheus(`${url}${path}`), loopback, undefined, SHORT_MS);
  t.match(await soon('/trickles'), late, 'a byte now and then does not lengthen the time');
  t.match(await soon('/promises'), { outcome: 'error' }, 'ten gigabytes that never come');
  t.match(await measure(prometheus(`${url}/created`)), { outcome: 'error', message: 'answered 201, not 200' });
});

t.test('a certificate that nobody vouches for is an error', async (t) => {
  const [key, cert] = ['key', 'cert'].map((name) => readFileSync(`test/fixtures/tls/${name}.pem`));
  const server = https.createServer({ key, cert } as https.ServerOptions, (_request, response) => response.end());
  const url = (await listen(t, server)).replace('http:', 'https:');
  t.match(await measure({ web: { url } }), { outcome: 'error', message: /CERT/ });
});

t.test('what the settings keep out is an error, and is not asked', async (t) => {
  let asked = 0;
  const url = await serve(t, (_request, response) => void response.end(String(asked++)));
  const nobody = new Outbound({ allow: [], deny: [] }, systemClock);
  for (const metric of [{ web: { url } }, prometheus(url)]) {
    t.match(await measure(metric, nobody), {
      outcome: 'error',
      message: /may not be asked; the setting probes\.allow/,
    });
  }
  t.equal(asked, 0);
});

t.test('a measurement can be stopped', async (t) => {
  let begun = (): void => {};
  const asked = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const url = await serve(t, () => begun());
  const stopped = new AbortController();
  const measured = measure({ web: { url } }, loopback, stopped.signal);
  await asked;
  stopped.abort();
  t.match(await measured, { outcome: 'error' });
});
