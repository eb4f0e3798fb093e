/** Two processes: whatever becomes of the one that decides, each query is answered, and it comes back. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import t, { type Test } from 'tap';
import { awaited, logged } from '../fixtures/awaited.ts';
import { preload } from '../fixtures/blind.ts';
import { askTcp, askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { surroundings } from '../fixtures/environment.ts';
import { freePorts } from '../fixtures/free-port.ts';
import { controlPid, dataPid, processesOf, titleOf } from '../fixtures/planes.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { soon } from '../fixtures/soon.ts';
import { allAnswered, SteadyClient } from './restart.ts';

const QPS = 1000;
const WEIGHTS = '/v1/services/app.example.test/weights';
const app = buildQuery({ name: 'app.example.test', type: 'A' });
const skip = process.platform !== 'linux' && 'memory is shared on Linux';

async function start(t: Test, env: Record<string, string> = {}, folder = t.testdir()): Promise<TealProcess> {
  const teal = await startTeal(folder, { env: { TEAL_DNS_PLANES: 'two', ...env } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  return teal;
}

const said = ({ log }: TealProcess, text: string): number => log.filter(({ msg }) => String(msg).includes(text)).length;

/** Waits, under queries, until the log has said it so often. */
async function until(teal: TealProcess, client: SteadyClient, text: string, times = 1): Promise<void> {
  await logged(teal, () => said(teal, text) >= times);
  await client.replies(10);
}

const shift = (teal: TealProcess, green: number) => teal.call('PUT', WEIGHTS, { blue: 1, green });
const greenOf = async (teal: TealProcess) => (await teal.call('GET', WEIGHTS)).body.weights?.green;

/** Ends the server with exit code 0, all of it. */
async function endsWell(t: Test, teal: TealProcess, signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<void> {
  const all = processesOf(teal.pid);
  t.same(await teal.end(signal), { code: 0, signal: null });
  t.same(
    all.filter((pid) => titleOf(pid).startsWith('teal: ')),
    [],
    'no process is left',
  );
}

/** A fault of the process that gets a signal which nobody else sends. */
const fault = `process.on('SIGWINCH', () => { throw new Error('thrown by the test'); });`;

t.test('what befalls a server, one thing after the other', { skip }, async (t) => {
  const teal = await start(t, preload(fault));
  await t.test(
    'ps shows a process that answers, one that decides, and what was started; each has what is its own',
    async (t) => {
      const [watcher, ...children] = processesOf(teal.pid);
      t.match(titleOf(watcher as number), /main\.ts serve$/);
      t.same(children.map(titleOf).sort(), ['teal: control', 'teal: data']);
      const files = (pid: number) =>
        fs.readdirSync(`/proc/${pid}/fd`).map((fd) => {
          try {
            return fs.readlinkSync(`/proc/${pid}/fd/${fd}`);
          } catch {
            return '';
          }
        });
      t.ok(files(controlPid(teal.pid)).some((file) => file.endsWith('teal.db')));
      t.notOk(
        files(dataPid(teal.pid)).some((file) => file.includes('teal.db')),
        'it has no store',
      );
      t.equal((await teal.call('GET', '/readyz')).status, 200);
    },
  );

  await t.test('the control process is killed, and killed again', async (t) => {
    const client = new SteadyClient(teal.dnsPort, QPS);
    for (let round = 1; round <= 3; round++) {
      t.equal((await shift(teal, round)).status, 200);
      process.kill(controlPid(teal.pid), 'SIGKILL');
      await until(teal, client, 'the control process is back', round);
      t.equal(await greenOf(teal), round, 'what was acknowledged is there');
    }
    t.equal((await shift(teal, 9)).status, 200);
    t.equal((await teal.call('GET', '/readyz')).status, 200);
    await allAnswered(t, client);
  });

  await t.test('a fault of teal in the control process ends it; another one goes on', async (t) => {
    const client = new SteadyClient(teal.dnsPort, QPS);
    await client.replies(100);
    const back = said(teal, 'the control process is back');
    process.kill(controlPid(teal.pid), 'SIGWINCH');
    await until(teal, client, 'the control process is back', back + 1);
    t.match(
      teal.log.find(({ level }) => level === 'fatal'),
      { msg: 'ended by a fault of teal itself', err: { message: 'thrown by the test' } },
    );
    t.equal((await shift(teal, 5)).status, 200);
    await allAnswered(t, client);
  });

  await t.test('the control process is stopped for a while: nothing waits for it', async (t) => {
    const client = new SteadyClient(teal.dnsPort, QPS);
    process.kill(controlPid(teal.pid), 'SIGSTOP');
    await client.replies(1000);
    process.kill(controlPid(teal.pid), 'SIGCONT');
    t.equal((await shift(teal, 5)).status, 200);
    await allAnswered(t, client);
  });

  await t.test('the data process stands still: the log, the metrics and /readyz say so', async (t) => {
    const stopped = dataPid(teal.pid);
    const metrics = async (): Promise<string> => {
      const headers = { authorization: `Bearer ${teal.token}` };
      return (await fetch(`${teal.admin}/metrics`, { headers })).text();
    };
    /** Asked again and again, as monitoring does. */
    const comesUp = (up: 0 | 1) =>
      awaited(`the data process at ${up}`, metrics, (text) => text.includes(`\nteal_plane_up{plane="data"} ${up}\n`));
    await comesUp(1);
    process.kill(stopped, 'SIGSTOP');
    await comesUp(0);
    t.match(await metrics(), /^teal_workers_alive 0$/m);
    t.match(await teal.call('GET', '/readyz'), { status: 503, body: { code: 'workers_missing' } });
    await logged(teal, () => said(teal, 'the data process shows no life; queries may go unanswered') >= 1);
    process.kill(stopped, 'SIGCONT');
    await logged(teal, () => said(teal, 'the data process shows life again') >= 1);
    await comesUp(1);
    await soon(t).equal(async () => (await teal.call('GET', '/readyz')).status, 200);
  });

  await t.test('the data process is killed: what it had not read waits for the next one', async (t) => {
    const before = dataPid(teal.pid);
    process.kill(before, 'SIGKILL');
    // One that is asked while nobody answers; it may have to ask twice, as a resolver does.
    for (let tries = 0; ; tries++) {
      // What the one that was killed had read already is lost.
      const reply = await askUdp('127.0.0.1', teal.dnsPort, app, { timeoutMs: 3000 }).catch(() => undefined);
      if (reply !== undefined) break;
      if (tries > 20) return t.fail('nobody answers');
    }
    t.equal((await askTcp('127.0.0.1', teal.dnsPort, [app]))[0]?.answers.length, 1);
    t.not(dataPid(teal.pid), before);
    t.equal((await shift(teal, 7)).status, 200);
    await soon(t).equal(async () => (await teal.call('GET', '/readyz')).status, 200);
  });
  await endsWell(t, teal, 'SIGINT');
});

/** The server has a child that it did not start: of a script that became it by exec, say. */
const ofBefore = `
  import { spawn } from 'node:child_process';
  import { isMainThread } from 'node:worker_threads';
  if (isMainThread && process.argv[2] === 'serve') spawn('sleep', ['1000'], { stdio: 'ignore' }).unref();`;

t.test('teal upgrade replaces both, and no query is lost', { skip }, async (t) => {
  const folder = t.testdir();
  const teal = await start(t, preload(ofBefore), folder);
  const stranger = processesOf(teal.pid).find((pid) => titleOf(pid) === 'sleep 1000') as number;
  t.teardown(() => process.kill(stranger));
  const client = new SteadyClient(teal.dnsPort, QPS);
  await client.replies(100);
  t.equal((await shift(teal, 3)).status, 200);
  const before = [controlPid(teal.pid), dataPid(teal.pid)];
  const upgrade = async (): Promise<string> => {
    const child = spawn(process.execPath, ['src/main.ts', 'upgrade', '--data-dir', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: surroundings,
    });
    let words = '';
    child.stdout.on('data', (chunk) => {
      words += chunk;
    });
    t.same(await once(child, 'close'), [0, null]);
    return words;
  };
  const words = await upgrade();
  const now = [controlPid(teal.pid), dataPid(teal.pid)];
  t.equal(words, `upgraded: control process ${before[0]} → ${now[0]}, data process ${before[1]} → ${now[1]}\n`);
  await until(teal, client, 'upgraded');
  t.equal(await greenOf(teal), 3);
  process.kill(controlPid(teal.pid), 'SIGKILL');
  await until(teal, client, 'the control process ended');
  t.match(await upgrade(), /^upgraded: /, 'while nobody holds the data directory for a moment');
  await until(teal, client, 'upgraded', 2);
  // Each is of what is installed when it is asked for: the second waits, and is done after the first, not passed over.
  const first = upgrade();
  await until(teal, client, 'upgrading', 3);
  for (const each of await Promise.all([first, upgrade()])) t.match(each, /^upgraded: /, 'two at once');
  await until(teal, client, 'upgraded', 4);
  t.equal((await shift(teal, 4)).status, 200);
  await allAnswered(t, client);
  await endsWell(t, teal);
});

t.test(
  'whoever is killed takes the others along, so that a new start finds the sockets and the directory free',
  { skip },
  async (t) => {
    const folder = t.testdir();
    // Not of those that the kernel gives to others meanwhile.
    const [dns, admin] = await freePorts(2);
    const places = { TEAL_DNS_LISTEN: `127.0.0.1:${dns}`, TEAL_ADMIN_LISTEN: `127.0.0.1:${admin}` };
    const teal = await start(t, places, folder);
    await teal.end('SIGKILL');
    const next = await start(t, places, folder);
    t.equal((await askUdp('127.0.0.1', next.dnsPort, app)).answers.length, 1);
    t.equal((await next.end('SIGTERM')).code, 0);
  },
);

t.test('one process, where the settings say so', async (t) => {
  const teal = await start(t, { TEAL_DNS_PLANES: 'one' });
  t.same(processesOf(teal.pid), [teal.pid]);
  t.equal((await teal.end('SIGTERM')).code, 0);
});
