/** Under a supervisor: the sockets that it hands over, what it is told, and what it gives wrongly. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { formatEndpoint } from '../../src/sockets/address.ts';
import { askTcp, askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { HandedOver, startServer } from './restart.ts';

const app = buildQuery({ name: 'app.example.test', type: 'A' });

if (process.platform !== 'linux') {
  t.comment('sockets are handed over on Linux only');
} else {
  for (const transport of ['batch', 'portable']) {
    t.test(`the sockets that were handed over are served, ${transport} transport`, async (t) => {
      const handed = new HandedOver(1, 2 ** 20);
      t.teardown(() => handed.close());
      const server = await handed.start(t.testdir(), { TEAL_DNS_TRANSPORT: transport });
      t.teardown(() => server.child.kill('SIGKILL'));
      t.same(server.log.find(({ msg }) => msg === 'ready')?.dns, [formatEndpoint(handed.sockets.endpoint)]);
      for (let i = 0; i < 20; i++) t.equal((await askUdp('127.0.0.1', handed.port, app)).answers.length, 1);
      t.equal((await askTcp('127.0.0.1', handed.port, [app]))[0]?.answers.length, 1);
      t.equal(await server.stop(), 0);
    });
  }

  t.test('the socket named admin is the API', async (t) => {
    const handed = new HandedOver(1, 2 ** 20);
    const api = new HandedOver(1, 4096);
    t.teardown(() => {
      handed.close();
      api.close();
    });
    const fds = [...handed.sockets.udp, ...handed.sockets.tcp, ...api.sockets.tcp];
    const env = { LISTEN_FDS: '3', LISTEN_FDNAMES: 'dns:dns:admin' };
    const server = await startServer(t.testdir(), fds, env);
    t.teardown(() => server.child.kill('SIGKILL'));
    t.equal((await fetch(`http://127.0.0.1:${api.port}/healthz`)).status, 200);
    t.equal(await server.stop(), 0);
  });

  t.test('it is told of the start and of the stop', async (t) => {
    // A datagram socket of the unix domain, which Node has not: a few lines of Python, as systemd would read it.
    const path = `${t.testdir()}/notify`;
    const script = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(s.recv(4096).decode().replace('\\n', ' '), flush=True)`;
    const listener = spawn('python3', ['-c', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [failed] = await Promise.race([once(listener, 'error'), once(listener.stdout, 'data').then(() => [])]);
    if (failed !== undefined) return t.pass('there is no python3 to listen with');
    t.teardown(() => listener.kill());
    let told = '';
    listener.stdout.on('data', (chunk) => {
      told += chunk;
    });
    const server = await startServer(t.testdir(), [], { NOTIFY_SOCKET: path });
    t.teardown(() => server.child.kill('SIGKILL'));
    await server.stop();
    while (!told.includes('STOPPING=1')) await once(listener.stdout, 'data');
    t.match(
      told,
      /^READY=1 STATUS=answering on 127\.0\.0\.1:\d+; admin API at http:\/\/127\.0\.0\.1:\d+\nSTOPPING=1\n$/,
    );
    t.notOk(server.log.find(({ msg }) => msg === 'the supervisor was not told'));
  });

  t.test('what it gives wrongly stops the start with one line', async (t) => {
    const run = async (env: Record<string, string>): Promise<{ code: number | null; stderr: string }> => {
      const words = ['-c', 'LISTEN_PID=$$ exec "$0" src/main.ts serve', process.execPath];
      const child = spawn('/bin/sh', words, {
        stdio: ['ignore', 'ignore', 'pipe', 'ignore'],
        env: { PATH: process.env.PATH, TEAL_DATA_DIR: t.testdir(), TEAL_ADMIN_LISTEN: '127.0.0.1:0', ...env },
      });
      let stderr = '';
      child.stderr?.on('data', (chunk) => {
        stderr += chunk;
      });
      const [code] = await once(child, 'close');
      return { code, stderr };
    };
    t.match(await run({ LISTEN_FDS: '1', LISTEN_FDNAMES: 'dns' }), {
      code: 78,
      stderr: /^teal: descriptor 3 \(dns\): a bound UDP socket [^\n]*, found no socket\n$/,
    });
    t.match(await run({ LISTEN_FDS: 'many' }), { code: 78, stderr: /^teal: LISTEN_FDS: a number [^\n]*\n$/ });
  });
}
