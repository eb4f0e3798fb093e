/** `teal demo`: what one sees of a canary that fails, of a real server and real queries. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { surroundings, withoutTap } from '../fixtures/environment.ts';
import { soon } from '../fixtures/soon.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** `teal demo` in a process group of its own, as on a terminal: what it has written, and how it ends. */
function startDemo(t: Test): { child: ChildProcess; stdout: () => string; ended: Promise<number | null> } {
  const [program = '', ...words] = [...withoutTap, process.execPath, main, 'demo'];
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...surroundings, TEAL_DATA_DIR: '/nowhere' },
    detached: true,
  });
  t.teardown(() => child.kill('SIGKILL'));
  let stdout = '';
  child.stdout.on('data', (text) => (stdout += text));
  return { child, stdout: () => stdout, ended: once(child, 'close').then(([code]) => code as number | null) };
}

t.test('the gate fails, the canary is taken back, and the last cache lets go', async (t) => {
  const { stdout: written, ended } = startDemo(t);
  t.equal(await ended, 0);
  const stdout = written();
  t.match(stdout, /aborted: smoke failed: answered 503/);
  t.match(stdout, /The gate failed, so Teal took the canary back by itself/);
  t.match(stdout, /the last of the 60 caches let go \d+\.\d s later/);
  t.match(stdout, /Teal says that green is drained/);
});

for (const [when, words] of [
  ['while its server starts', /^Starting/],
  ['while it plays', /progressing/],
] as const) {
  t.test(`Ctrl-C ${when}, which its server hears too, ends it without a fault`, async (t) => {
    const { child, stdout, ended } = startDemo(t);
    await soon(t).ok(() => words.test(stdout()), 'it has begun');
    process.kill(-(child.pid as number), 'SIGINT');
    t.equal(await ended, 0);
    t.match(stdout(), /Ended before its end\.\n$/);
  });
}
