/** Runs the load generator as a process of its own, pinned to a core. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { LoadOptions, LoadResult } from './load.ts';

const run = promisify(execFile);
const generator = new URL('./load.ts', import.meta.url).pathname;

export async function runLoad(core: number, options: LoadOptions): Promise<LoadResult> {
  const { stdout } = await run('taskset', ['-c', String(core), process.execPath, generator, JSON.stringify(options)]);
  return JSON.parse(stdout) as LoadResult;
}
