/** Programs that are run in namespaces of their own by a test, and say at their end what happened. */
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { withoutTap } from '../../fixtures/environment.ts';
import { inNamespaces } from './namespaces.ts';

const [unshare, ...others] = [...inNamespaces, 'true'];
/** Whether the system has namespaces for us. */
export const areThere = spawnSync(unshare, others).status === 0;

/** What a program of its own says at its end. */
export async function ran(t: Test, file: string, ...args: string[]): Promise<unknown> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const [program = '', ...words] = [...withoutTap, ...inNamespaces, process.execPath, path, ...args];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  return JSON.parse(await text(child.stdout));
}
