/** A start strips nothing of its types that was stripped before, and no stop writes down what was compiled. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import t from 'tap';
import { surroundings, withoutTap } from '../fixtures/environment.ts';
import { startTeal } from '../fixtures/process.ts';

/** Runs a script of ours to its end. */
async function run(script: string, env: Record<string, string>): Promise<number | null> {
  const [program = '', ...words] = [...withoutTap, process.execPath, script];
  const child = spawn(program, words, { stdio: 'ignore', env: { ...surroundings, ...env } });
  return (await once(child, 'close'))[0];
}

/** Files that are there, with when they were written. */
const written = (folder: string): string[] =>
  globSync(`${folder}/compiled/**/*`)
    .filter((path) => statSync(path).isFile())
    .map((path) => `${path} ${statSync(path).mtimeMs}`);

/** What Node says at the end of a thread that had to strip a file of ours itself. */
const STRIPPED = /writing cache for StrippedTypeScript file:\/\/\S*\/src\/\S+/;

/** A server whose Node says in a file what it does with what is compiled. */
function telling(folder: string, program: readonly string[]): ReturnType<typeof startTeal> {
  const env = { NODE_COMPILE_CACHE: `${folder}/compiled`, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
  return startTeal(`${folder}/data`, { env, program, wrapper: ['sh', '-c', `exec "$0" "$@" 2>"${folder}/told"`] });
}

t.test('what a server runs is stripped before, its entry modules too', async (t) => {
  const folder = t.testdir({ compiled: {}, data: {} });
  const compiled = { NODE_COMPILE_CACHE: `${folder}/compiled` };
  t.same(await run('tools/compile.ts', compiled), 0);
  const before = written(folder);
  t.ok(before.length > 1000);
  t.same(await run('tools/compile.ts', compiled), 0);
  t.same(written(folder), before, 'a second time there is nothing to do');

  // With a profile each process ends as Node does, and writes what it had to do itself.
  const teal = await telling(folder, ['--cpu-prof', `--cpu-prof-dir=${folder}/profiles`, 'src/main.ts']);
  t.equal((await fetch(`${teal.admin}/healthz`)).status, 200);
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
  t.ok(readdirSync(`${folder}/profiles`).length >= 3, 'what was asked for is still written');
  t.notMatch(readFileSync(`${folder}/told`, 'utf8'), STRIPPED);
});

t.test('a server that is stopped at once leaves what it compiled, and ends well', async (t) => {
  const folder = t.testdir({ compiled: {}, data: {} });
  const teal = await telling(folder, ['src/main.ts']);
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
  t.equal(teal.log.at(-1)?.msg, 'stopped');
  // Threads that end before their process do write; those of the processes are thousands, longer than a stop may take.
  t.ok(written(folder).length < 1000);
  t.match(readFileSync(`${folder}/told`, 'utf8'), STRIPPED, 'the check above can fail');
  // Commands wait for nobody, and write as Node does.
  const now = written(folder).length;
  t.same(await run('src/main.ts', { NODE_COMPILE_CACHE: `${folder}/compiled` }), 64);
  t.ok(written(folder).length > now);
});
