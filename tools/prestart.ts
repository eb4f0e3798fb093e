/**
 * What `npm start` has done before the server starts, each only where its sources have changed: the console is built, and
 * the server's sources are stripped of their types and compiled, in a process of its own (decision 0059). Without a folder
 * that may be written to, or the development packages, the server starts as it does without.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildConsole } from '../src/console/build.ts';

const project = fileURLToPath(new URL('../', import.meta.url));
/** Says of which sources what lies beside it was made. */
const STAMP = '.made-of';

/** What tells one state of the sources from another: to read all of them would take as long as it saves. */
function stateOfSources(): string {
  const files = globSync(['src/**/*.ts', 'package-lock.json'], { cwd: project, exclude: ['src/console/**'] }).sort();
  const states = files.map((file) => {
    const { mtimeMs, size } = statSync(join(project, file));
    return `${file} ${mtimeMs} ${size}`;
  });
  return [process.version, ...states].join('\n');
}

/** Fills the folder of NODE_COMPILE_CACHE unless that is done already. */
async function compileSources(folder: string | undefined): Promise<void> {
  if (folder === undefined) return;
  const stamp = join(folder, STAMP);
  const state = stateOfSources();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return;
  const compiler = join(project, 'tools/compile.ts');
  const child = spawn(process.execPath, [compiler], { cwd: project, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'close');
  if (code === 0 && existsSync(folder)) writeFileSync(stamp, state);
}

await Promise.all([buildConsole(), compileSources(process.env.NODE_COMPILE_CACHE)]);
