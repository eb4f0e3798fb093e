/** No signal ends Teal without a word, or opens a door to it; and none of them costs an answer. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import { createInterface } from 'node:readline';
import t from 'tap';
import { surroundings } from '../fixtures/environment.ts';
import { processesOf } from '../fixtures/planes.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { allAnswered, SteadyClient } from './restart.ts';

const QUERIES = 6000;
const QPS = 1000;
const { signals } = os.constants;

/** They end the server, have a meaning of their own, or say that the process is broken; SIGTSTP is a person's Ctrl-Z. */
const MEANT = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGKILL', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN'];
const BROKEN = ['SIGABRT', 'SIGIOT', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGSYS'];
const PASSED_OVER = ['SIGUSR1', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGXCPU'];

/** Ports on which the process listens over TCP, other than those that it says. */
function unknownListeners(teal: Pick<TealProcess, 'pid' | 'dns' | 'admin'>): number[] {
  const known = [...teal.dns, teal.admin].map((address) => Number(address.split(':').at(-1)));
  const inodes = new Set(
    fs.readdirSync(`/proc/${teal.pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${teal.pid}/fd/${fd}`))?.[1];
      } catch {
        return undefined;
      }
    }),
  );
  const rows = ['tcp', 'tcp6'].flatMap((table) => fs.readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1));
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode] = row.trim().split(/\s+/);
    const port = Number.parseInt(local.split(':')[1] ?? '', 16);
    return state === '0A' && inodes.has(inode) && !known.includes(port) ? [port] : [];
  });
}

if (process.platform !== 'linux') {
  t.comment('/proc is needed');
} else {
  t.test('signals that mean nothing are passed over', async (t) => {
    const teal = await startTeal(t.testdir(), { env: { TEAL_DNS_PLANES: 'two' } });
    t.teardown(() => teal.child.kill('SIGKILL'));
    const named = Object.keys(signals).filter((name) => ![...MEANT, ...BROKEN].includes(name));
    const numbers = named.map((name) => signals[name as NodeJS.Signals]);
    // Those for real time, which have no names here.
    for (let number = 34; number <= 64; number++) numbers.push(number as (typeof numbers)[number]);
    const client = new SteadyClient(teal.dnsPort, QPS);
    let isOver = false;
    const ended = once(teal.child, 'exit').then((how) => {
      if (!isOver) throw new Error(`it ended: ${how}`);
    });
    for (let round = 0; round < 10; round++) {
      for (const number of numbers) process.kill(teal.pid, number);
      await Promise.race([client.replies(QUERIES / 10), ended]);
    }
    // SIGUSR2 replaces the processes that it finds, again and again.
    const upgrades = (msg: string) => teal.log.filter((line) => line.msg === msg).length;
    t.ok(upgrades('upgrading') > 0);
    while (upgrades('upgraded') < upgrades('upgrading')) await Promise.race([client.replies(100), ended]);
    const sent = await allAnswered(t, client);
    t.ok(sent >= QUERIES, `${sent} queries`);
    const each = processesOf(teal.pid).map((pid) => unknownListeners({ ...teal, pid }));
    t.same(each, [[], [], []], 'no debugger');
    for (const signal of PASSED_OVER) {
      t.equal(teal.log.filter((line) => line.signal === signal && line.level === 'warn').length, 1, `${signal}, once`);
    }
    isOver = true;
    t.same(await teal.end('SIGQUIT'), { code: 0, signal: null });
    t.match(teal.log.at(-2), { msg: 'stopping', signal: 'SIGQUIT' });
  });

  t.test('SIGUSR1 at any moment of a start leaves no debugger behind', async (t) => {
    const words = ['src/main.ts', 'serve', '--data-dir', t.testdir(), '--dns-listen', '127.0.0.1:0'];
    const child = spawn(process.execPath, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...surroundings, TEAL_ADMIN_LISTEN: '127.0.0.1:0' },
    });
    t.teardown(() => child.kill('SIGKILL'));
    // A process that has not come so far as to catch it ends by it: no debugger either, and nothing answers yet.
    await new Promise(
      (resolve) => child.stderr.once('data', resolve).once('close', resolve) && setTimeout(resolve, 25),
    );
    const timer = setInterval(() => child.kill('SIGUSR1'), 1);
    const ready = await new Promise<Pick<TealProcess, 'pid' | 'dns' | 'admin'> | undefined>((resolve) => {
      child.once('exit', () => resolve(undefined));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const event = JSON.parse(line);
        if (event.msg === 'ready') resolve(event);
      });
    });
    // What may be open for a moment is closed a second later at the latest.
    while (ready !== undefined && unknownListeners(ready).length > 0) await new Promise((go) => setTimeout(go, 50));
    clearInterval(timer);
    if (ready !== undefined) t.same(unknownListeners(ready), []);
    else t.equal(child.signalCode, 'SIGUSR1');
  });

  t.test('every way to start it tells Node so from the first moment on', async (t) => {
    t.match(JSON.parse(fs.readFileSync('package.json', 'utf8')).scripts.start, /node --disable-sigusr1 /);
    t.match(fs.readFileSync('Dockerfile', 'utf8'), /^ENTRYPOINT \["node", "--disable-sigusr1",/m);
    t.match(fs.readFileSync('config/systemd/teal.service', 'utf8'), /^Environment=NODE_OPTIONS=--disable-sigusr1$/m);
  });
}
