/** Another version is installed while a server runs, and something of it dies before anybody upgrades it. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { preload } from '../fixtures/blind.ts';
import { askTcp, askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { surroundings, withoutTap } from '../fixtures/environment.ts';
import { controlPid, dataPid } from '../fixtures/planes.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { comesTo, soon } from '../fixtures/soon.ts';

const skip = process.platform !== 'linux' && 'memory is shared on Linux';
const WEIGHTS = '/v1/services/app.example.test/weights';
const app = buildQuery({ name: 'app.example.test', type: 'A' });

/** A copy of the sources, and compiled ahead: else each process and each thread would compile what it loads. */
const folder = t.testdir();
const compiled = { NODE_COMPILE_CACHE: path.join(folder, 'compiled') };
for (const part of ['src', 'config', 'package.json', 'tools/compile.ts'])
  fs.cpSync(part, path.join(folder, part), { recursive: true });
if (!skip) {
  const words = [...withoutTap, process.execPath, path.join(folder, 'tools/compile.ts')];
  execFileSync(words[0] as string, words.slice(1), { env: { ...surroundings, ...compiled } });
}

/** A server of the copy as it is at first, and how another version is put in its place. */
async function startCopy(t: Test, env: Record<string, string> = {}): Promise<TealProcess & { install(): void }> {
  const program = [path.join(folder, 'src/main.ts')];
  const places = { TEAL_DNS_PLANES: 'two', TEAL_DNS_WORKERS: '2', ...compiled, ...env };
  const teal = await startTeal(t.testdir(), { program, env: places });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const file = path.join(folder, 'src/table/shared-memory.ts');
  const text = fs.readFileSync(file, 'utf8');
  const install = (): void => {
    const other = text.replace(/const FORM = \d+;/, 'const FORM = 1000;');
    t.not(other, text);
    fs.writeFileSync(file, other);
    t.teardown(() => fs.writeFileSync(file, text));
  };
  return { ...teal, install };
}

const green = async (teal: TealProcess): Promise<boolean> => {
  const reply = await askUdp('127.0.0.1', teal.dnsPort, app).catch(() => undefined);
  return reply?.answers[0]?.data === '192.0.2.20';
};

const said = ({ log }: TealProcess, text: string): boolean => log.some(({ msg }) => String(msg).includes(text));

t.test('the data process dies: another one answers, by the version that is there', { skip }, async (t) => {
  const teal = await startCopy(t);
  t.equal((await teal.call('PUT', WEIGHTS, { blue: 0, green: 1 })).status, 200);
  const control = controlPid(teal.pid);
  teal.install();
  process.kill(dataPid(teal.pid), 'SIGKILL');
  await comesTo(() => green(teal), Boolean);
  await soon(t).ok(() => said(teal, 'upgraded'));
  t.not(controlPid(teal.pid), control);
  t.equal((await teal.call('PUT', WEIGHTS, { blue: 0, green: 2 })).status, 200);
  t.equal((await teal.end('SIGTERM')).code, 0);
});

/** Ends the thread that answers over TCP, in whatever process hears SIGCONT. */
const ending = `
  import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads';
  const channel = new BroadcastChannel('tests');
  channel.unref();
  if (isMainThread) process.on('SIGCONT', () => channel.postMessage('die'));
  else if (workerData?.assignment?.transport === 'tcp') channel.onmessage = () => { throw new Error('ended by the test'); };
`;

t.test(
  'a worker dies: none of the other version reads the table of this one, and both are replaced',
  { skip },
  async (t) => {
    const teal = await startCopy(t, preload(ending));
    t.equal((await teal.call('PUT', WEIGHTS, { blue: 0, green: 1 })).status, 200);
    const data = dataPid(teal.pid);
    teal.install();
    process.kill(data, 'SIGCONT');
    await soon(t).ok(() => said(teal, 'upgraded'));
    t.not(dataPid(teal.pid), data);
    const [reply] = await askTcp('127.0.0.1', teal.dnsPort, [app]);
    t.equal(reply?.answers[0]?.data, '192.0.2.20');
    t.ok(await green(teal));
    t.equal((await teal.end('SIGTERM')).code, 0);
  },
);
