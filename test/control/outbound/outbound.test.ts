/** Requests to places that users name: bounded, and only where they may go, whatever names and servers say. */
import type { LookupAddress } from 'node:dns';
import { readFileSync } from 'node:fs';
import type http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import t from 'tap';
import type { FoundAddresses, LookupName } from '../../../src/control/outbound/lookup.ts';
import { type Ask, NoReply, Outbound, type RequestLimits } from '../../../src/control/outbound/outbound.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import { type Network, parseNetwork } from '../../../src/wire/network.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { freePort } from '../../fixtures/free-port.ts';
import { listen, serve } from '../../fixtures/http-server.ts';

const networks = (...texts: string[]): Network[] => texts.map((text) => parseNetwork(text) as Network);
const loopback = { allow: networks('127.0.0.0/8'), deny: [] };
/** Nothing that comes is late, however busy the machine is. */
const limits: RequestLimits = { timeoutMs: 60_000, maxBytes: 1000, stopped: new AbortController().signal };

function ask(
  url: string,
  more: Partial<Ask> = {},
  outbound = new Outbound(loopback, systemClock),
  of: Partial<RequestLimits> = {},
) {
  return outbound.request({ url: new URL(url), ...more }, { ...limits, ...of });
}

/** A resolver that knows these names. */
function names(known: Record<string, readonly string[]>): LookupName {
  return (name, done) => {
    const found = known[name]?.map((address): LookupAddress => ({ address, family: net.isIP(address) }));
    done(found ?? Object.assign(new Error(`no ${name}`), { code: 'ENOTFOUND' }));
  };
}

t.test('what is asked arrives as it was meant', async (t) => {
  const seen: object[] = [];
  const url = await serve(t, (request, response) => {
    const { method, url, headers } = request;
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push({ method, url, host: headers.host, agent: headers['user-agent'], x: headers['x-probe'], body });
      response.writeHead(201).end('made');
    });
  });
  t.same(await ask(`${url}/a?b=c`), { status: 201, body: 'made' });
  const { port } = new URL(url);
  const more = {
    method: 'POST',
    headers: { host: 'app.example.com', 'user-agent': 'probe/1', 'x-probe': 'y' },
    body: 'ping',
    connectTo: { host: '127.0.0.1', port: Number(port) },
  };
  t.same(await ask('http://app.example.com:81/', more), { status: 201, body: 'made' });
  t.same(seen, [
    { method: 'GET', url: '/a?b=c', host: `127.0.0.1:${port}`, agent: 'teal', x: undefined, body: '' },
    { method: 'POST', url: '/', host: 'app.example.com', agent: 'probe/1', x: 'y', body: 'ping' },
  ]);
});

t.test('however an address is written, it is the address that counts', async (t) => {
  let asked = 0;
  const url = await serve(t, (_request, response) => void response.end(String(asked++)));
  const { port } = new URL(url);
  const nobody = new Outbound({ allow: [], deny: [] }, systemClock, names({ 'inside.example': ['127.0.0.1', '::1'] }));
  for (const host of [
    ...['127.0.0.1', '127.1', '0x7f000001', '2130706433', '0', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
    ...['[64:ff9b::7f00:1]', 'inside.example'],
  ]) {
    const reply = await ask(`http://${host}:${port}/`, {}, nobody);
    t.match(reply, { isRefused: true, reason: /may not be asked; the setting probes\.allow/ }, host);
    t.ok(reply instanceof NoReply);
  }
  const connected = await nobody.connect({ host: '127.0.0.1', port: Number(port) }, limits);
  t.match(connected, { isRefused: true, reason: /probes\.allow/ });
  t.match(await nobody.connect({ host: 'inside.example', port: Number(port) }, limits), { isRefused: true });
  t.equal(asked, 0, 'nobody got through');
});

t.test('a name with good and bad addresses leads to the good ones only', async (t) => {
  const url = await serve(t, (_request, response) => void response.end('ok'));
  const both = new Outbound(
    loopback,
    systemClock,
    names({ 'both.example': ['10.0.0.1', '127.0.0.1'], 'none.example': [] }),
  );
  t.match(await ask(url.replace('127.0.0.1', 'both.example'), {}, both), { status: 200 });
  t.match(await ask('http://none.example/', {}, both), { isRefused: false, reason: /none\.example has no address/ });
  t.match(await ask('http://unknown.example/', {}, both), { isRefused: false, reason: /ENOTFOUND/ });
});

t.test(
  'a metadata service is out of reach by name, by redirect and in disguise, though its network is allowed',
  async (t) => {
    const deny = networks('169.254.169.254', 'fd00:ec2::254');
    const known = {
      'metadata.example': ['169.254.169.254'],
      'six.example': ['fd00:ec2::254', '::ffff:169.254.169.254'],
    };
    const careless = new Outbound({ allow: networks('0.0.0.0/0', '::/0'), deny }, systemClock, names(known));
    const redirecting = await serve(t, (request, response) => {
      const location = decodeURIComponent(String(request.url).slice(1));
      response.writeHead(302, { location }).end();
    });
    for (const host of [
      ...['169.254.169.254', '[::ffff:169.254.169.254]', '[64:ff9b::a9fe:a9fe]', '[fd00:ec2::254]', '0xa9fea9fe'],
      ...['metadata.example', 'six.example'],
    ]) {
      const url = `http://${host}/latest/meta-data/`;
      t.match(await ask(url, {}, careless), { isRefused: true, reason: /probes\.deny names it/ }, host);
      const redirected = await ask(`${redirecting}/${encodeURIComponent(url)}`, { maxRedirects: 3 }, careless);
      t.match(
        redirected,
        { isRefused: false, reason: /^redirected to .*probes\.deny names it/ },
        `redirect to ${host}`,
      );
    }
  },
);

t.test('of several Retry-After the first is told, and of an answer without one none', async (t) => {
  const url = await serve(t, (request, response) => {
    response.writeHead(429, request.url === '/' ? {} : { 'Retry-After': ['90', '5'] }).end();
  });
  t.same(await ask(`${url}/`), { status: 429, body: '' });
  t.same(await ask(`${url}/slow`, {}, undefined, { maxBytes: 0 }), { status: 429, body: '', retryAfter: '90' });
});

t.test('redirects are followed where asked for, so far and no further', async (t) => {
  const hosts: unknown[] = [];
  const url = await serve(t, (request, response) => {
    hosts.push(request.headers['x-secret']);
    const left = Number(request.url?.slice(1));
    if (left === 0) return void response.end(`${request.method} ${request.headers.host}`);
    const status = left >= 10 ? 307 : 302;
    response.writeHead(status, { location: left === 7 ? 'ftp://127.0.0.1/' : `/${left === 10 ? 0 : left - 1}` }).end();
  });
  t.match(await ask(`${url}/1`), { status: 302 });
  t.match(await ask(`${url}/3`, { maxRedirects: 3 }), { status: 200 });
  t.match(await ask(`${url}/3`, { maxRedirects: 2 }), { status: 302 });
  t.match(await ask(`${url}/7`, { maxRedirects: 5 }), { status: 302 }, 'another protocol is not followed');
  t.match(await ask(`${url}/1`, { maxRedirects: 1, method: 'POST', body: 'x' }), { status: 200, body: /^GET / });
  t.match(await ask(`${url}/10`, { maxRedirects: 1, method: 'POST', body: 'x' }), { status: 200, body: /^POST / });
  const wordy = await serve(t, (_request, response) => {
    response.writeHead(302, { location: `${url}/0` }).end('x'.repeat(5000));
  });
  t.match(await ask(wordy, { maxRedirects: 1 }), { status: 200 }, 'what a redirect says of itself counts for nothing');
  hosts.length = 0;
  const connectTo = { host: '127.0.0.1', port: Number(new URL(url).port) };
  const headers = { 'x-secret': 'y' };
  const stays = await ask('http://app.example.com/2', { maxRedirects: 2, connectTo, headers });
  t.same(stays, { status: 200, body: 'GET app.example.com' }, 'the same host stays at the place that is asked');
  t.same(hosts, ['y', 'y', 'y']);
  const other = await serve(t, (_request, response) => {
    response.writeHead(302, { location: `${url}/0` }).end();
  });
  hosts.length = 0;
  await ask(other, { maxRedirects: 1, headers });
  t.same(hosts, [undefined], 'at another port of the same host somebody else may listen');
});

t.test('headers for one origin are not told to another', async (t) => {
  const [key, cert] = ['key', 'cert'].map((name) => readFileSync(`test/fixtures/tls/${name}.pem`));
  const seen: unknown[] = [];
  const note = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const { authorization, cookie, 'x-api-key': apiKey } = request.headers;
    seen.push(authorization ?? cookie ?? apiKey);
    response.end();
  };
  const headers = { authorization: 'Bearer s3cret', cookie: 'id=s3cret', 'x-api-key': 's3cret' };
  const plain = await serve(t, note);
  const downgrade = https.createServer({ key, cert }, (request, response) => {
    const { pathname } = new URL(request.url as string, 'https://localhost');
    if (pathname === '/same') return note(request, response);
    response.writeHead(308, { location: pathname === '/down' ? plain : '/same' }).end();
  });
  const secure = (await listen(t, downgrade)).replace(/^http:/, 'https:');
  const more = { maxRedirects: 2, verifyCertificate: false, headers };
  t.match(await ask(`${secure}/down`, more), { status: 200 });
  t.same(seen, [undefined], 'from https to http');
  t.match(await ask(`${secure}/stay`, more), { status: 200 });
  t.same(seen.slice(1), ['Bearer s3cret'], 'the same origin is told');
  const upgrade = await serve(t, (_request, response) => {
    response.writeHead(302, { location: `${secure}/same` }).end();
  });
  t.match(await ask(upgrade, more), { status: 200 });
  t.same(seen.slice(2), [undefined], 'from http to https at another port');
});

t.test('headers for one host are not told to another', async (t) => {
  const seen: unknown[] = [];
  const there = await serve(
    t,
    (request, response) => void response.end(String(seen.push(request.headers['x-secret']))),
  );
  const location = there.replace('127.0.0.1', 'there.example');
  const here = await serve(t, (_request, response) => void response.writeHead(301, { location }).end());
  const outbound = new Outbound(loopback, systemClock, names({ 'there.example': ['127.0.0.1'] }));
  t.match(await ask(here, { maxRedirects: 1, headers: { 'x-secret': 'y' } }, outbound), { status: 200 });
  t.same(seen, [undefined]);
});

t.test('a body is read as far as it is wanted', async (t) => {
  const sockets: net.Socket[] = [];
  const url = await serve(t, (request, response) => {
    sockets.push(request.socket);
    const pour = (): void => {
      while (response.write('x'.repeat(64 * 1024)));
    };
    response.on('drain', pour);
    pour();
  });
  t.match(await ask(url), { reason: 'answered with more than 1000 bytes' });
  t.same(await ask(url, {}, undefined, { isCut: true, maxBytes: 4 }), { status: 200, body: 'xxxx' });
  t.same(await ask(url, {}, undefined, { maxBytes: 0 }), { status: 200, body: '' });
  for (const socket of sockets) {
    if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
  }
  t.equal(sockets.length, 3, 'each is given up');
});

t.test('TLS: the certificate must be for the host, unless any will do', async (t) => {
  const [key, cert] = ['key', 'cert'].map((name) => readFileSync(`test/fixtures/tls/${name}.pem`));
  const names: (string | false | undefined)[] = [];
  const server = https.createServer({ key, cert } as https.ServerOptions, (request: http.IncomingMessage, response) => {
    names.push((request.socket as unknown as { servername: string | false }).servername);
    response.end('ok');
  });
  const url = (await listen(t, server)).replace('http:', 'https:');
  const connectTo = { host: '127.0.0.1', port: Number(new URL(url).port) };
  t.match(await ask(url), { reason: /could not be asked: .*(CERT|SELF_SIGNED)/ });
  t.match(await ask('https://app.example.com/', { connectTo, verifyCertificate: false }), { status: 200 });
  t.match(await ask(url, { verifyCertificate: false }), { status: 200 });
  t.equal(names[0], 'app.example.com', 'the server is told which host is meant');
});

t.test('connections', async (t) => {
  const url = await listen(t, net.createServer());
  const outbound = new Outbound(loopback, systemClock, names({ 'here.example': ['127.0.0.1'] }));
  const port = Number(new URL(url).port);
  t.equal(await outbound.connect({ host: '127.0.0.1', port }, limits), 'connected');
  t.equal(await outbound.connect({ host: 'here.example', port }, limits), 'connected');
  t.match(await outbound.connect({ host: 'nowhere.example', port }, limits), { reason: /ENOTFOUND/ });
  t.match(await outbound.connect({ host: '127.0.0.1', port: await freePort() }, limits), { reason: /ECONNREFUSED/ });
});

t.test('a resolver that hangs holds nobody beyond the time, nor more than two threads', async (t) => {
  const asked: string[] = [];
  const answer = new Map<string, (found: FoundAddresses) => void>();
  const hanging: LookupName = (name, done) => {
    asked.push(name);
    answer.set(name, done);
  };
  const outbound = new Outbound(loopback, systemClock, hanging);
  const of = { timeoutMs: 100 };
  const late = /no whole answer within 0\.1 s/;
  const all = ['a', 'b', 'c', 'a'].map((name) => ask(`http://${name}.example/`, {}, outbound, of));
  for (const reply of await Promise.all(all)) t.match(reply, { reason: late });
  t.match(await outbound.connect({ host: 'b.example', port: 1 }, { ...limits, ...of }), { reason: late });
  t.same(asked, ['a.example', 'b.example'], 'the third waits, and nobody asks twice');
  answer.get('a.example')?.(new Error('gave up'));
  t.same(asked, ['a.example', 'b.example', 'c.example']);
});

t.test('time is measured by the clock that was given, for requests and for connections', async (t) => {
  const url = await serve(t, () => {});
  const clock = new TestClock();
  const outbound = new Outbound(loopback, clock, () => {});
  const of = { timeoutMs: 600_000 };
  const all = [
    ask(url, {}, outbound, of),
    outbound.connect({ host: 'unanswered.example', port: 1 }, { ...limits, ...of }),
  ];
  await clock.pass(599);
  t.equal(await Promise.race([...all, 'waits']), 'waits');
  await clock.pass(1);
  for (const reply of await Promise.all(all)) t.match(reply, { reason: /no whole answer within 600 s/ });
});

t.test('what nobody waits for any more is given up', async (t) => {
  const stopped = new AbortController();
  let begun = (): void => {};
  const asked = new Promise<void>((resolve) => {
    begun = resolve;
  });
  let closed = (): void => {};
  const gone = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const url = await serve(t, (request) => {
    request.socket.on('close', () => closed());
    begun();
  });
  const reply = ask(url, {}, undefined, { stopped: stopped.signal });
  await asked;
  stopped.abort();
  t.match(await reply, { reason: 'was not waited for' });
  await gone;
  t.match(await ask(url, {}, undefined, { stopped: stopped.signal }), { reason: 'was not waited for' });
});

t.test('what cannot even be begun is an answer too', async (t) => {
  const outbound = new Outbound(loopback, systemClock);
  const { timeoutMs, stopped } = limits;
  t.match(await outbound.connect({ host: '127.0.0.1', port: 65_536 }, { timeoutMs, stopped }), {
    reason: 'could not be asked: ERR_SOCKET_BAD_PORT',
  });
  t.match(await ask('http://127.0.0.1/', { connectTo: { host: '127.0.0.1', port: 65_536 } }), {
    reason: 'could not be asked: ERR_SOCKET_BAD_PORT',
  });
});
