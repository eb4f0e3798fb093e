/**
 * `npm run test:fleet -- [SEED] [SECONDS] [NODES] [--without-the-wait]`: see run.ts, which it runs in a network namespace of its
 * own, where the system has one for us; else nothing is cut off. All of it ends with this process.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { commandLine, refuse, wholeNumber } from '../../../tools/command-line.ts';
import { inNamespaces } from '../validated/namespaces.ts';

const { positionals } = commandLine({ options: { 'without-the-wait': { type: 'boolean' } }, allowPositionals: true });
for (const [n, text] of positionals.entries())
  wholeNumber(text, ['SEED', 'SECONDS', 'NODES'][n] ?? refuse(`nothing was expected at ${text}`));
const run = fileURLToPath(new URL('./run.ts', import.meta.url));
const words = [process.execPath, run, ...process.argv.slice(2)];
const [unshare, ...others] = inNamespaces;
const hasNamespaces = spawnSync(unshare, [...others, 'true']).status === 0;
if (!hasNamespaces) console.error('LEFT OUT: what is cut off; the system has no network namespaces for us');
const [program = '', ...rest] = hasNamespaces ? [...inNamespaces, ...words, '--in-namespace'] : words;
process.exit(spawnSync(program, rest, { stdio: 'inherit' }).status ?? 1);
