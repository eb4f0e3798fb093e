/** The client of the API against servers that misbehave: what is repeated, what is not, and what the user is told. */
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import t, { type Test } from 'tap';
import { withDots } from '../../src/api/routing.ts';
import { Api, path } from '../../src/cli/api.ts';
import { EXIT } from '../../src/cli/exit.ts';
import { type } from './typed.ts';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

type Behaviour = (request: http.IncomingMessage, response: http.ServerResponse, count: number) => void;

async function serve(t: Test, behave: Behaviour): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = http.createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, headers });
    request.resume();
    behave(request, response, asked.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`, asked };
}

const json = (response: http.ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

const shiftReply = { revision: 1, services: { app: { weights: { blue: 1 }, shares: { blue: 1 } } } };
const unavailable = { code: 'store_unavailable', detail: 'The disk is full.', status: 503 };

t.test('a POST whose connection broke is sent again with the same key, so that it is done once', async (t) => {
  const { url, asked } = await serve(t, (_request, response, count) => {
    if (count === 1) response.destroy();
    else json(response, 200, shiftReply);
  });
  t.match(await type(['shift', 'app', 'blue=1', '--url', url, '--json']), { code: 0, json: shiftReply });
  t.same(
    asked.map(({ method }) => method),
    ['POST', 'POST'],
  );
  t.equal(asked[0]?.headers['idempotency-key'], asked[1]?.headers['idempotency-key']);
  t.match(asked[0]?.headers['idempotency-key'], /^[0-9a-f-]{36}$/);
});

t.test('a PUT or DELETE is not: somebody else may have been there in between', async (t) => {
  const { url, asked } = await serve(t, (_request, response) => response.destroy());
  for (const words of [
    ['zone', 'add', 'example.com', '--ns', 'ns.example.org'],
    ['zone', 'rm', 'example.com'],
  ]) {
    asked.length = 0;
    const { code, stderr } = await type([...words, '--url', url]);
    t.match(
      { code, stderr },
      { code: EXIT.TRY_LATER, stderr: /broke the connection off; what was asked may have been done/ },
    );
    t.equal(asked.length, 1, words.join(' '));
  }
});

t.test('of what was only read nothing was done: whether it was the right server that broke off is asked', async (t) => {
  const { url } = await serve(t, (_request, response) => response.destroy());
  for (const words of ['service list', 'status']) {
    const { code, stdout, stderr } = await type([...words.split(' '), '--url', url]);
    const said = /^teal: .* broke the connection off; is it the admin API\? The address comes from --url/;
    t.match({ code, stdout, stderr }, { code: EXIT.TRY_LATER, stdout: '', stderr: said }, words);
  }
});

t.test('https where only http is spoken is said to be that', async (t) => {
  const { url } = await serve(t, (_request, response) => json(response, 200, {}));
  t.match(await type(['status', '--url', url.replace('http:', 'https:')]), {
    code: EXIT.UNAVAILABLE,
    stderr: /what listens there speaks no TLS; without admin\.tls it is http, not https\. The address/,
  });
});

t.test('a server that cannot now is asked again, a few times', async (t) => {
  const { url, asked } = await serve(t, (_request, response, count) => {
    if (count < 3) json(response, 503, unavailable);
    else json(response, 200, { items: [] });
  });
  t.match(await type(['service', 'list', '--url', url]), { code: 0 });
  t.equal(asked.length, 3);
  const never = await serve(t, (_request, response) => json(response, 503, unavailable));
  t.match(await type(['service', 'list', '--url', never.url]), {
    code: EXIT.TRY_LATER,
    stderr: /^teal: The disk is full\. \[store_unavailable\] — answers go on; look at the disk of the server/,
  });
  t.equal(never.asked.length, 3);
});

t.test('a refusal is not asked again', async (t) => {
  const { url, asked } = await serve(t, (_request, response) =>
    json(response, 409, { code: 'release_active', detail: 'No.' }),
  );
  t.match(await type(['rollback', 'app', '--url', url]), { code: EXIT.REFUSED });
  t.equal(asked.length, 1);
});

t.test('no answer in time', async (t) => {
  const { url } = await serve(t, () => {});
  const api = new Api({ url, urlFrom: 'a test', token: undefined, tokenFrom: 'nowhere', warnings: [] });
  await t.rejects(api.put('/v1/zones/example.com', { body: {}, limitMs: 50 }), {
    exitCode: EXIT.TRY_LATER,
    message: /did not answer within 0\.05 s; what was asked may have been done/,
  });
});

t.test('what is no admin API of Teal is said to be none, and gets no token by a redirect', async (t) => {
  const html = await serve(t, (_request, response) => response.writeHead(404).end('<html>'));
  t.match(await type(['service', 'list', '--url', html.url]), {
    code: EXIT.UNAVAILABLE,
    stderr: /answered 404 as no admin API of Teal does: The address comes from --url/,
  });
  for (const [status, words] of [
    [413, /answered 413 as .*: a proxy in front of it takes no body as long as this/],
    [502, /answered 502 as .*: a proxy in front of it does not reach the server/],
  ] as const) {
    const proxy = await serve(t, (_request, response) => response.writeHead(status).end('<html>'));
    t.match(await type(['service', 'list', '--url', proxy.url]), { code: EXIT.UNAVAILABLE, stderr: words });
  }
  const other = await serve(t, (_request, response) => json(response, 200, { items: [] }));
  const redirecting = await serve(t, (_request, response) => response.writeHead(302, { location: other.url }).end());
  const { code } = await type(['service', 'list', '--url', redirecting.url], { env: { TEAL_TOKEN: 'secret' } });
  t.equal(code, EXIT.UNAVAILABLE);
  t.equal(redirecting.asked[0]?.headers.authorization, 'Bearer secret');
  t.equal(other.asked.length, 0);
});

t.test('names are percent-encoded, and lists are read to their end', async (t) => {
  t.equal(path`/v1/services/${'*.a/b?c#d%.example'}/weights`, '/v1/services/*.a%2Fb%3Fc%23d%25.example/weights');
  for (const name of ['.', '..', '...', '=2E', '=2e=2e', '%2E']) {
    const { pathname } = new URL(path`/v1/zones/${name}/file`, 'http://x');
    const [read] = withDots(pathname).split('/').slice(3);
    t.equal(decodeURIComponent(read ?? ''), name, `${name} is no step in the path, and is read as it was meant`);
  }
  const { url, asked } = await serve(t, (request, response) => {
    const after = new URL(request.url ?? '', 'http://x').searchParams.get('after');
    json(
      response,
      200,
      after === 'b' ? { items: [{ name: 'c' }] } : { items: [{ name: 'a' }, { name: 'b' }], next: 'b' },
    );
  });
  t.equal((await type(['service', 'list', '--quiet', '--url', url])).stdout, 'a\nb\nc\n');
  t.equal(asked.length, 2);
});

t.test('what a server says cannot take over the terminal', async (t) => {
  const { url } = await serve(t, (_request, response) => json(response, 422, { code: 'x', detail: 'a\u001b[2Jb\nc' }));
  t.equal((await type(['service', 'list', '--url', url])).stderr, 'teal: a\ufffd[2Jb\ufffdc [x]\n');
});
