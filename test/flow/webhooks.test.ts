/** Webhooks through a real server, to receivers that fail, hang, redirect and answer without end; and over kill -9. */
import { createHmac } from 'node:crypto';
import type http from 'node:http';
import t, { type Test } from 'tap';
import { awaited } from '../fixtures/awaited.ts';
import { serve } from '../fixtures/http-server.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

const env = { TEAL_PROBES_ALLOW: '127.0.0.0/8' };

interface Got {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver that notes what it gets whole; `answer` may do as it likes. */
async function receive(t: Test, answer: http.RequestListener): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = [];
  const url = await serve(t, (request, response) => {
    let body = '';
    // One whose sender is killed in the middle of it is none.
    request.setEncoding('utf8').on('error', () => {});
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push({ path: request.url ?? '', headers: request.headers, body });
      answer(request, response);
    });
  });
  return { url, got };
}

const hook = async (t: Test, teal: TealProcess, name: string, url: string): Promise<string> => {
  const reply = await teal.call('PUT', `/v1/webhooks/${name}`, { url, triggers: ['on-revision'] });
  t.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body.secret;
};

const shift = async (teal: TealProcess, blue: number): Promise<number> =>
  (await teal.call('PUT', '/v1/services/app.example.test/weights', { blue, green: 1 })).body.revision;

const numbers = (got: Got[]): number[] => got.map(({ body }) => JSON.parse(body).data.revision);

t.test('receivers that misbehave hold up nobody', async (t) => {
  const teal = await startTeal(t.testdir(), { env });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const good = await receive(t, (_request, response) => response.writeHead(204).end());
  let pouredBytes = 0;
  let [hanging, hangingMost] = [0, 0];
  const bad = await receive(t, ({ url }, response) => {
    if (url === '/hangs') {
      hangingMost = Math.max(hangingMost, ++hanging);
      response.once('close', () => hanging--);
    }
    if (url === '/fails') response.writeHead(500).end();
    if (url === '/redirects') response.writeHead(307, { location: `${good.url}/stolen` }).end();
    if (url !== '/pours') return;
    response.writeHead(500, { 'content-length': String(10 * 2 ** 30) });
    const pour = (): void => {
      while (response.write(Buffer.alloc(64 * 1024))) pouredBytes += 64 * 1024;
    };
    response.on('drain', pour);
    pour();
  });
  for (const name of ['fails', 'redirects', 'pours', 'hangs']) await hook(t, teal, name, `${bad.url}/${name}`);
  await hook(t, teal, 'away', 'http://127.0.0.1:1/');
  await hook(t, teal, 'metadata', 'http://169.254.169.254/latest');
  const secret = await hook(t, teal, 'good', `${good.url}/good`);

  const told: number[] = [];
  for (let blue = 1; blue <= 20; blue++) told.push(await shift(teal, blue));
  await awaited(
    'all messages',
    () => good.got.length,
    (got) => got >= told.length,
  );
  t.same(numbers(good.got), told, 'the good one is told of everything, once, in order');
  for (const { headers, body } of good.got) {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const right = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
    t.equal(headers['webhook-signature'], right);
  }
  const errors = async (name: string) => {
    const { body } = await teal.call('GET', `/v1/webhooks/${name}/deliveries?limit=1`);
    return String(body.items[0]?.lastError);
  };
  for (const [name, error] of [
    ['fails', /answered 500/],
    ['redirects', /answered 307.*not followed/],
    ['pours', /answered 500/],
    ['away', /ECONNREFUSED/],
    ['metadata', /may not/],
  ] as const) {
    t.pass(
      `${name}: ${await awaited(
        name,
        () => errors(name),
        (said) => error.test(said),
      )}`,
    );
  }
  t.equal(hangingMost, 1, 'who hangs is asked once at a time');
  t.ok(pouredBytes < 2 ** 30, 'an answer without end is not read');
  t.notOk(good.got.some(({ path }) => path === '/stolen'));
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null }, 'nor is the stop held up');
});

t.test('what was acknowledged is delivered, whatever kill -9 cuts off', async (t) => {
  const folder = t.testdir();
  let teal = await startTeal(folder, { env });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const receiver = await receive(t, (_request, response) => response.writeHead(204).end());
  await hook(t, teal, 'hook', receiver.url);
  const told: number[] = [];
  for (let kill = 0; kill < 3; kill++) {
    for (let blue = 1; blue <= 15; blue++) told.push(await shift(teal, 100 * kill + blue));
    await teal.end('SIGKILL');
    teal = await startTeal(folder, { env });
  }
  await awaited(
    'all messages',
    () => numbers(receiver.got),
    (got) => told.every((revision) => got.includes(revision)),
  );
  const ids = new Map(receiver.got.map(({ headers, body }) => [headers['webhook-id'], JSON.parse(body).data.revision]));
  t.same(
    [...ids.values()].sort((a, b) => a - b),
    told,
    'what came twice came under one id',
  );
  await teal.end('SIGTERM');
});
