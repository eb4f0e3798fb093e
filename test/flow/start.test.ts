/** `teal` as a user starts it: the first answer, the graceful end, and one line with an exit code for what is wrong. */
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { isStarting } from '../../src/cli/local-server.ts';
import { type } from '../cli/typed.ts';
import { askTcp, askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { surroundings } from '../fixtures/environment.ts';
import { freePort } from '../fixtures/free-port.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { soon } from '../fixtures/soon.ts';

const app = buildQuery({ name: 'app.example.test', type: 'A' });

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `teal` with these words until it ends by itself, on ports that the kernel chooses. */
async function runTeal(words: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, ['src/main.ts', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...surroundings,
      TEAL_DNS_LISTEN: '127.0.0.1:0',
      TEAL_ADMIN_LISTEN: '127.0.0.1:0',
      ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

/** A server that does not outlive its test. */
async function start(t: Test, folder: string, env: Record<string, string> = {}): Promise<TealProcess> {
  const teal = await startTeal(folder, { env });
  t.teardown(() => teal.child.kill('SIGKILL'));
  return teal;
}

/** A module, as text, that the process loads before anything else. */
function preload(script: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

t.test('a first start answers, keeps its secrets, and ends well; a second one goes on from there', async (t) => {
  const folder = `${t.testdir()}/made/by/teal`;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const teal = await start(t, folder, { TEAL_DNS_LISTEN: '127.0.0.1:0,[::1]:0' });
    const replies = [await askUdp('127.0.0.1', teal.dnsPort, app), ...(await askTcp('127.0.0.1', teal.dnsPort, [app]))];
    for (const { aa, rcode, answers } of replies) {
      t.match({ aa, rcode, count: answers.length, ttl: answers[0]?.ttl }, { aa: true, rcode: 0, count: 1, ttl: 5 });
      t.ok(['192.0.2.10', '192.0.2.20'].includes(answers[0]?.data as string));
    }
    const health = await fetch(`${teal.admin}/healthz`);
    t.equal(health.status, 200);
    t.match(await teal.call('GET', '/v1/services/app.example.test/weights'), { status: 200 });
    t.equal(statSync(`${folder}/admin.token`).mode & 0o777, 0o600);
    t.equal(statSync(`${folder}/teal.db`).mode & 0o777, 0o600);
    t.same(await teal.end(signal), { code: 0, signal: null }, signal);
    t.equal(teal.log.at(-1)?.msg, 'stopped');
    t.notOk(JSON.stringify(teal.log).includes(teal.token), 'the log does not tell the token');
    writeFileSync(`${folder}/../tokens`, `${teal.token}\n`, { flag: 'a' });
  }
  const [first, second] = readFileSync(`${folder}/../tokens`, 'utf8').split('\n');
  t.equal(first, second, 'the token of the first start is still the one');
});

/** Resolves with the first answer of a server that may not be there yet. */
async function firstAnswer(port: number): Promise<void> {
  for (;;) {
    const reply = await askUdp('127.0.0.1', port, app, { timeoutMs: 3000 }).catch(() => undefined);
    if (reply?.rcode === 0) return;
    await sleep(10);
  }
}

t.test('a script that waits for the first answer ever has a token, and whom to show it to', async (t) => {
  for (const planes of ['two', 'one']) {
    const folder = `${t.testdir()}/${planes}`;
    const [dnsPort, adminPort] = [await freePort(), await freePort()];
    const env = {
      TEAL_DNS_PLANES: planes,
      TEAL_DNS_LISTEN: `127.0.0.1:${dnsPort}`,
      TEAL_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
    };
    const started = start(t, folder, env);
    await firstAnswer(dnsPort);
    const token = readFileSync(`${folder}/admin.token`, 'utf8').trim();
    const url = `http://127.0.0.1:${adminPort}`;
    const known = { TEAL_ADMIN_URL: url, TEAL_DATA_DIR: folder };
    // In one process those who answer are there before the door is: `teal` waits for it, on Linux.
    if (planes === 'two' && process.platform === 'linux') {
      const reply = await fetch(`${url}/v1/zones`, { headers: { authorization: `Bearer ${token}` } });
      t.equal(reply.status, 200, planes);
    }
    if (process.platform !== 'linux') await started;
    t.match(await type(['shift', 'app.example.test', 'blue=1', 'green=1'], { env: known }), { code: 0 }, planes);
    await (await started).end('SIGTERM');
  }
});

t.test('a command that is faster than a start waits for it', { skip: process.platform !== 'linux' }, async (t) => {
  const folder = t.testdir();
  const adminPort = await freePort();
  const env = { TEAL_ADMIN_LISTEN: `127.0.0.1:${adminPort}` };
  const known = { TEAL_ADMIN_URL: `http://127.0.0.1:${adminPort}`, TEAL_DATA_DIR: folder };
  for (const which of ['first', 'second']) {
    const started = start(t, folder, env);
    // Where the kernel tells nobody who has a lock, this fails, and does not hang.
    await soon(t).ok(() => isStarting(folder), 'it has the directory');
    t.match(await type(['service', 'list'], { env: known }), { code: 0, stdout: /app\.example\.test/ }, which);
    await (await started).end('SIGTERM');
  }
  const typed = await type(['service', 'list'], { env: known });
  t.match(typed, { code: 69, stderr: /nobody listens there/ });
  t.notMatch(typed.stderr, /waiting/, 'nothing is waited for once it has ended');
});

t.test('npm start hands the signal to stop to the server', async (t) => {
  const child = spawn('npm', ['start'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...surroundings,
      TEAL_DATA_DIR: t.testdir(),
      TEAL_DNS_LISTEN: '127.0.0.1:0',
      TEAL_ADMIN_LISTEN: '127.0.0.1:0',
    },
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.includes('"msg":"ready"')) child.kill('SIGTERM');
  }
  t.match(lines.at(-1), /"msg":"stopped"/);
});

t.test(
  'tokens from the environment; a variable that is no setting is named in the log, and a setting that has no say',
  async (t) => {
    const env = { TEAL_ADMIN_TOKEN: '9d3e5f70a1c8b264-environment', TEAL_ADMIN_READ_TOKEN: 'b81f20c6e9d4735a-reads' };
    const odd = { TEAL_DNS_LISTN: '127.0.0.1:53', TEAL_DNS_XDP_INTERFACES: 'eth0' };
    const teal = await start(t, t.testdir(), { ...env, ...odd });
    const weights = '/v1/services/app.example.test/weights';
    const reader = { authorization: 'Bearer b81f20c6e9d4735a-reads' };
    t.equal((await teal.call('PUT', weights, { blue: 1, green: 1 })).status, 200);
    t.equal((await teal.call('GET', weights, undefined, reader)).status, 200);
    t.equal((await teal.call('PUT', weights, { blue: 1, green: 2 }, reader)).status, 403);
    t.equal((await teal.call('GET', weights, undefined, { authorization: 'Bearer wrong' })).status, 401);
    const warnings = teal.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
    t.match(warnings, [
      'environment: TEAL_DNS_LISTN is not a setting; did you mean TEAL_DNS_LISTEN?',
      'dns.xdpInterfaces is ignored: it is for dns.transport: xdp, and dns.transport is auto',
    ]);
    await teal.end('SIGTERM');
  },
);

t.test('without koffi the portable transport answers', async (t) => {
  const script = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (name === 'koffi') throw new Error('no binary for this machine');
      return next(name, context);
    } });`;
  // Without it the kernel's choice of a port for several sockets could not be told.
  const port = await freePort();
  const teal = await start(t, t.testdir(), { ...preload(script), TEAL_DNS_LISTEN: `127.0.0.1:${port}` });
  t.equal(teal.log.find(({ msg }) => msg === 'ready')?.transport, 'portable');
  t.equal((await askUdp('127.0.0.1', teal.dnsPort, app)).answers.length, 1);
  t.equal((await teal.end('SIGTERM')).code, 0);
});

t.test('what is wrong takes one line on standard error', async (t) => {
  const folder = t.testdir({ 'wrong.yaml': 'dns: { wrkers: 2 }', junk: 'junk', data: {} });
  const teal = await start(t, `${folder}/data`);
  // Over UDP nobody has it: a port that the kernel gives for TCP may be somebody's for UDP.
  const tcpPort = await freePort();
  const udp = dgram.createSocket('udp4');
  udp.bind(0, '127.0.0.1');
  const tcp = net.createServer().listen(tcpPort, '127.0.0.1');
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  const udpAddress = `127.0.0.1:${udp.address().port}`;
  const tcpAddress = `127.0.0.1:${(tcp.address() as net.AddressInfo).port}`;
  const noZone = JSON.stringify({ services: { 'app.example.com': { pools: {} } } });
  const tls = (certFile: string) => ({ TEAL_ADMIN_TLS_CERT_FILE: certFile, TEAL_ADMIN_TLS_KEY_FILE: `${folder}/junk` });

  const cases: readonly [string, Record<string, string>, number, string][] = [
    [
      'unknown key',
      { TEAL_CONFIG: `${folder}/wrong.yaml` },
      78,
      'wrong.yaml: dns.wrkers: is not a setting; did you mean',
    ],
    ['no such file', { TEAL_CONFIG: `${folder}/none` }, 78, '/none: expected a settings file, found nothing there'],
    ['bad value', { TEAL_DNS_WORKERS: 'many' }, 78, 'environment: TEAL_DNS_WORKERS: expected auto or a whole number'],
    ['open admin address', { TEAL_ADMIN_LISTEN: '0.0.0.0:0' }, 78, 'admin.insecure: true'],
    ['certificate missing', tls(`${folder}/none`), 78, `admin.tls.certFile: ${folder}/none: expected a certificate`],
    ['certificate that is none', tls(`${folder}/junk`), 78, 'admin.tls: expected a certificate and its key in PEM'],
    ['bootstrap refused', { TEAL_BOOTSTRAP: noZone }, 78, 'bootstrap: '],
    ['data directory in use', { TEAL_DATA_DIR: `${folder}/data` }, 69, 'is in use by another teal process'],
    ['data directory that is a file', { TEAL_DATA_DIR: `${folder}/junk` }, 69, 'cannot open the store in'],
    ['DNS address in use', { TEAL_DNS_LISTEN: teal.dns[0] }, 69, `cannot listen on ${teal.dns[0]} (UDP)`],
    [
      'UDP port in use',
      { TEAL_DNS_LISTEN: udpAddress },
      69,
      `cannot listen on ${udpAddress} (UDP): the address is in use`,
    ],
    [
      'TCP port in use',
      { TEAL_DNS_LISTEN: tcpAddress },
      69,
      `cannot listen on ${tcpAddress} (TCP): the address is in use`,
    ],
    [
      'an address of another machine',
      { TEAL_DNS_LISTEN: '192.0.2.1:5300' },
      69,
      '(UDP): this machine has no such address',
    ],
    ['admin address in use', { TEAL_ADMIN_LISTEN: tcpAddress }, 69, `cannot listen on ${tcpAddress} (admin)`],
  ];
  for (const [index, [title, env, code, line]] of cases.entries()) {
    const ended = await runTeal(['serve'], { TEAL_DATA_DIR: `${folder}/${index}`, ...env });
    t.equal(ended.code, code, title);
    t.match(ended.stderr, /^teal: [^\n]+\n$/, title);
    t.ok(ended.stderr.includes(line), title, { found: ended.stderr, wanted: line });
  }
  t.equal((await askUdp('127.0.0.1', teal.dnsPort, app)).answers.length, 1, 'the first server answered all the while');
  await teal.end('SIGTERM');
  udp.close();
  tcp.close();
});

t.test('the command line', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.match(await runTeal(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
  t.match(await runTeal(['--help']), { code: 0, stdout: /serve/, stderr: '' });
  t.match(await runTeal(['serve', '--help']), { code: 0, stdout: /--dns-listen <value>/, stderr: '' });
  t.match(await runTeal([]), { code: 64, stderr: /Usage: teal/ });
  t.match(await runTeal(['srve']), { code: 64, stderr: /^teal: unknown command 'srve'\n\(Did you mean serve\?\)\n$/ });
  t.match(await runTeal(['serve', '--dns-lisen', 'x']), { code: 64, stderr: /Did you mean --dns-listen\?/ });
  t.match(await runTeal(['serve', 'now']), { code: 64, stderr: /too many arguments/ });
  const flags = ['--data-dir', `${t.testdir({ junk: '' })}/junk`, '--log-level', 'silent'];
  t.match(await runTeal(['serve', ...flags]), { code: 69, stdout: '', stderr: /cannot open the store/ });
});

t.test('a Node that is too old says so in one line', async (t) => {
  const script = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.1.0' } })";
  const ended = await runTeal(['serve'], preload(script));
  t.match(ended, { code: 69, stdout: '', stderr: /^teal: expected Node 24 or newer, found 22\.1\.0[^\n]*\n$/ });
});

t.test('a fault of the program before it answers is one event of the log, and exit code 70', async (t) => {
  // In the main thread, while the server is being loaded.
  const script = `import { isMainThread } from 'node:worker_threads';
    if (isMainThread) process.on('newListener', (name) => { if (name === 'uncaughtException')
      setImmediate(() => { throw new Error('thrown by the test'); }); });`;
  const { code, stdout } = await runTeal(['serve', '--data-dir', t.testdir()], preload(script));
  t.equal(code, 70);
  const fatal = stdout.split('\n').filter((line) => line.includes('"level":"fatal"'));
  t.equal(fatal.length, 1);
  t.match(JSON.parse(fatal[0] ?? ''), {
    msg: 'ended by a fault of teal itself',
    err: { message: 'thrown by the test' },
  });
});

t.test('a stop that hangs is cut off', async (t) => {
  const script = "import net from 'node:net'; net.Server.prototype.close = function () { return this; };";
  const teal = await start(t, t.testdir(), preload(script));
  t.same(await teal.end('SIGTERM'), { code: 70, signal: null });
  t.match(teal.log.at(-1), { level: 'error', msg: /cut off/ });
});
