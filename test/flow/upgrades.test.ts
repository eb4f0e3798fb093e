/** Two of `teal upgrade` at once, and a server that ends under one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { logged } from '../fixtures/awaited.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { surroundings, withoutTap } from '../fixtures/environment.ts';
import { controlPid, dataPid } from '../fixtures/planes.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { endsWithUs } from '../fixtures/tidying.ts';

const skip = process.platform !== 'linux' && 'memory is shared on Linux';

interface Upgrade {
  /** With what it ends, and all that it says. */
  readonly ended: Promise<{ readonly code: number; readonly words: string }>;
  /** Resolves when it has said so on standard error. */
  says(text: string): Promise<void>;
}

function upgrade(folder: string): Upgrade {
  const [command, ...words] = [...withoutTap, process.execPath, 'src/main.ts', 'upgrade', '--data-dir', folder];
  const child = endsWithUs(
    spawn(command as string, words, { stdio: ['ignore', 'pipe', 'pipe'], env: surroundings }),
  ) as ChildProcess;
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      said += chunk;
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code, words: said }));
  const says = async (text: string): Promise<void> => {
    while (!said.includes(text)) await Promise.race([once(child.stderr as NodeJS.ReadableStream, 'data'), ended]);
  };
  return { ended, says };
}

async function start(t: Test, folder: string): Promise<TealProcess> {
  const teal = await startTeal(folder, { env: { TEAL_DNS_PLANES: 'two' } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  return teal;
}

const said = ({ log }: TealProcess, text: string): number => log.filter(({ msg }) => msg === text).length;

t.test('one that is asked for while the control process is replaced is over when its own is', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const teal = await start(t, folder);
  // It is cut off after some seconds, and the second is asked for meanwhile.
  process.kill(controlPid(teal.pid), 'SIGSTOP');
  const first = upgrade(folder);
  await logged(teal, () => said(teal, 'upgrading') === 1);
  const second = upgrade(folder);
  t.match(await first.ended, { code: 0, words: /^upgraded: / });
  const { code, words } = await second.ended;
  t.equal(code, 0);
  await logged(teal, () => said(teal, 'upgraded') === said(teal, 'upgrading') && said(teal, 'upgraded') > 1);
  const now = `control process \\d+ → ${controlPid(teal.pid)}, data process \\d+ → ${dataPid(teal.pid)}\\n$`;
  t.match(words, new RegExp(now), 'those that it speaks of are there to stay');
  t.equal((await teal.end('SIGTERM')).code, 0);
});

t.test('the server ends under it', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const teal = await start(t, folder);
  process.kill(controlPid(teal.pid), 'SIGSTOP');
  const under = upgrade(folder);
  await logged(teal, () => said(teal, 'upgrading') === 1);
  await teal.end('SIGKILL');
  const words = `teal: the server, process ${teal.pid}, has ended meanwhile\n`;
  t.same(await under.ended, { code: 69, words });
});

t.test('the server ends while another upgrade is waited for', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const program = fileURLToPath(new URL('../fixtures/busy-server.ts', import.meta.url));
  const [command, ...words] = [...withoutTap, process.execPath, program, folder];
  const server = endsWithUs(
    spawn(command as string, words, { stdio: ['ignore', 'pipe', 'inherit'], env: surroundings }),
  ) as ChildProcess;
  await once(server.stdout as NodeJS.ReadableStream, 'data');
  const waiting = upgrade(folder);
  await waiting.says('another upgrade is under way');
  server.kill('SIGKILL');
  await once(server, 'exit');
  t.match(await waiting.ended, { code: 69, words: new RegExp(`process ${server.pid}, has ended meanwhile\n$`) });
});
