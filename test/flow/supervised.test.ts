/** Under a supervisor: the sockets that it hands over, what it is told, and what it gives wrongly. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { formatEndpoint } from '../../src/sockets/address.ts';
import { LINUX, loadLibc } from '../../src/sockets/libc.ts';
import { askTcp, askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { surroundings } from '../fixtures/environment.ts';
import { dataPid } from '../fixtures/planes.ts';
import { findThread, stopThread } from '../fixtures/stopped-thread.ts';
import { HandedOver, startServer } from './restart.ts';

const app = buildQuery({ name: 'app.example.test', type: 'A' });

/** One message that waits in a datagram socket. */
function readState(fd: number): string {
  const buffer = Buffer.alloc(4096);
  return buffer.toString('utf8', 0, fs.readSync(fd, buffer, 0, buffer.length, null));
}

/** A datagram socket of the unix domain, which does not wait; its path must be short (unix(7)). */
function listenAsSupervisor(t: Test): { fd: number; path: string } {
  const libc = loadLibc();
  if (libc === undefined) throw new Error('Linux and koffi are needed');
  const folder = fs.mkdtempSync(join(tmpdir(), 'teal-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true }));
  const path = join(folder, 'notify');
  const fd = libc.socket(LINUX.AF_UNIX, LINUX.SOCK_DGRAM | LINUX.O_NONBLOCK, 0);
  const address = Buffer.concat([Uint8Array.of(LINUX.AF_UNIX, 0), Buffer.from(path)]);
  if (libc.bind(fd, address, address.length) !== 0) throw new Error(`bind failed: ${libc.errno()}`);
  return { fd, path };
}

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
    const { fd, path } = listenAsSupervisor(t);
    const server = await startServer(t.testdir(), [], { NOTIFY_SOCKET: path });
    t.teardown(() => server.child.kill('SIGKILL'));
    await server.stop();
    t.match(readState(fd), /^READY=1\nSTATUS=answering on 127\.0\.0\.1:\d+; admin API at http:\/\/127\.0\.0\.1:\d+$/);
    t.equal(readState(fd), 'STOPPING=1');
    t.notOk(server.log.find(({ msg }) => msg === 'the supervisor was not told'));
  });

  t.test('its watchdog is told by what the workers do, and not by the main thread', async (t) => {
    const { fd, path } = listenAsSupervisor(t);
    const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '1500000' };
    const server = await startServer(t.testdir(), [], env);
    t.teardown(() => server.child.kill('SIGKILL'));
    const pid = server.log.find(({ msg }) => msg === 'ready')?.pid as number;
    const pings = (): number => {
      let count = 0;
      for (;;) {
        try {
          if (readState(fd) === 'WATCHDOG=1') count++;
        } catch {
          return count;
        }
      }
    };
    const heard = async (count: number): Promise<void> => {
      for (let left = count; left > 0; left -= pings()) await new Promise((go) => setTimeout(go, 50));
    };
    await heard(2);
    const mains = [...new Set([pid, dataPid(pid)])].map(stopThread);
    if (mains.includes(undefined)) return t.comment('no thread may be stopped here');
    pings();
    await heard(3);
    t.pass('the main threads stand still, and answers go on');
    const worker = stopThread(findThread(pid, 'teal-0'));
    // Twice the supervisor's patience without a word; a busy machine may be late to see that the worker stands still.
    do await new Promise((go) => setTimeout(go, 3000));
    while (pings() > 0);
    t.pass('a worker stands still, and nobody replaces it: the supervisor is to restart it all');
    worker?.go();
    for (const main of mains) main?.go();
  });

  t.test('what it gives wrongly stops the start with one line', async (t) => {
    const run = async (env: Record<string, string>): Promise<{ code: number | null; stderr: string }> => {
      const words = ['-c', 'LISTEN_PID=$$ exec "$0" src/main.ts serve', process.execPath];
      const child = spawn('/bin/sh', words, {
        stdio: ['ignore', 'ignore', 'pipe', 'ignore'],
        env: { ...surroundings, TEAL_DATA_DIR: t.testdir(), TEAL_ADMIN_LISTEN: '127.0.0.1:0', ...env },
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
