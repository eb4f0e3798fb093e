/**
 * README.md and every page of docs/: what they tell people to type, typed with bash, gives what they say. After a change
 * of what is printed: `UPDATE_DOCS=1 npx tap --exclude= test/interop/docs.test.ts`, and a look at the difference.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

interface Step {
  readonly command: string;
  /** Pieces that the output holds, in this order: the comment at the end of a line. */
  readonly expected: readonly string[];
}

/** Commands that are typed, and what they print where a block marked `text` right below shows it. */
interface Block {
  readonly steps: readonly Step[];
  readonly shown: { readonly text: string; readonly from: number } | undefined;
}

/** The blocks marked `sh`; those marked `sh by-hand` start and kill the server, or ask the world. */
function blocksOf(markdown: string): Block[] {
  const fences = /^```sh\n(?<lines>.*?)^```\n(?:\n```text\n(?<shown>.*?)^```)?/gms;
  return [...markdown.matchAll(fences)].map(({ index, 0: whole, groups }) => {
    const shown = groups?.shown;
    const from = index + whole.length - '```'.length - (shown?.length ?? 0);
    const lines = (groups?.lines ?? '').trimEnd().split('\n');
    return { steps: lines.map(stepOf), shown: shown === undefined ? undefined : { text: shown, from } };
  });
}

function stepOf(line: string): Step {
  const [command = '', expected = ''] = line.split(/ +# /);
  return { command, expected: expected.split(' ').filter((piece) => piece !== '') };
}

/** Runs all steps in one shell, as a person would who sees standard error too; the output of each. */
function type(steps: readonly Step[], folder: string, env: Record<string, string>): string[] {
  const end = '-- end of step --';
  const script = steps.map(({ command }) => `${command}\necho '${end}'\n`).join('');
  const { stdout, error } = spawnSync('bash', ['-e', '-o', 'pipefail'], {
    input: `exec 2>&1\n${script}`,
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw error;
  return stdout.split(`${end}\n`);
}

function holdsInOrder(output: string, pieces: readonly string[]): boolean {
  let from = 0;
  for (const piece of pieces) {
    const at = output.indexOf(piece, from);
    if (at === -1) return false;
    from = at + piece.length;
  }
  return true;
}

/** What the pages call the server, and what some of them call a second one beside it. */
const names = [
  { port: '5300', admin: 'http://127.0.0.1:8053' },
  { port: '5301', admin: 'http://127.0.0.1:8153' },
] as const;

/** The steps with the ports of these servers. */
function withPorts(steps: readonly Step[], servers: readonly TealProcess[]): Step[] {
  return steps.map(({ command, expected }) => {
    const typed = servers.reduce((text, { dnsPort, admin }, at) => {
      return text
        .replaceAll(`-p ${names[at]?.port}`, `-p ${dnsPort}`)
        .replaceAll(`--port ${names[at]?.port}`, `--port ${dnsPort}`)
        .replaceAll(names[at]?.admin ?? '', admin);
    }, command);
    return { command: typed, expected };
  });
}

/** A folder as the pages' readers have it: with `teal` among its commands. */
function makeFolder(t: Test): string {
  const folder = t.testdir({ bin: {}, data: {}, second: {} });
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  writeFileSync(join(folder, 'bin/teal'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  return folder;
}

/** What differs from run to run, made the same; where lines break depends on it too. */
function steady(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)/g, 'TIME')
    .replace(/\d\d:\d\d:\d\d/g, 'TIME')
    .replace(/(\d+m )?\d+[ms] left/g, 'TIME left')
    .replace(/drained in \d+s/g, 'drained in TIME')
    .replace(/[\d,]+ bytes/g, 'N bytes')
    .replace(/\s+/g, ' ');
}

/** Output with the ports that people use. */
function withNames(output: string, servers: readonly TealProcess[]): string {
  return servers.reduce((text, { dnsPort, admin }, at) => {
    return text.replaceAll(admin, names[at]?.admin ?? '').replaceAll(String(dnsPort), names[at]?.port ?? '');
  }, output);
}

/** The doors that a page tells its readers to open. */
function doorsOf(page: string): Record<string, string> {
  return Object.fromEntries([...page.matchAll(/\bTEAL_DOORS_[A-Z_]+_ENABLED\b/g)].map(([name]) => [name, 'true']));
}

/** Types a page's commands on a fresh server. */
async function typeDocument(t: Test, name: string): Promise<void> {
  const folder = makeFolder(t);
  const page = readFileSync(name, 'utf8');
  // Files that a page shows, by their names.
  const files = page.matchAll(/^```yaml (?<file>[\w.-]+)\n(?<text>.*?)^```$/gms);
  for (const { groups } of files) writeFileSync(join(folder, groups?.file ?? ''), groups?.text ?? '');
  const first = await startTeal(join(folder, 'data'), { env: doorsOf(page) });
  const servers = [first];
  t.teardown(() => servers.map(({ child }) => child.kill('SIGKILL')));
  if (page.includes(`-p ${names[1].port}`)) {
    // It is told the same token, as the page advises.
    servers.push(await startTeal(join(folder, 'second'), { env: { TEAL_ADMIN_TOKEN: first.token } }));
  }
  const blocks = blocksOf(page);
  const steps = withPorts(
    blocks.flatMap((block) => block.steps),
    servers,
  );
  const outputs = type(steps, folder, {
    PATH: `${folder}/bin:${process.env.PATH}`,
    HOME: folder,
    TEAL_ADMIN_URL: first.admin,
  });
  for (const [index, { command, expected }] of steps.entries()) {
    const output = outputs[index] ?? 'nothing';
    t.ok(holdsInOrder(output, expected), command, { output, expected });
    if (expected.length === 0) t.notMatch(output, /"code"/, command);
  }
  t.equal(outputs.length, steps.length + 1, 'all were typed: none has failed', { output: outputs.at(-1) });

  let typed = 0;
  let updated = page;
  for (const { steps, shown } of blocks) {
    const output = withNames(outputs.slice(typed, typed + steps.length).join(''), servers);
    typed += steps.length;
    if (shown === undefined) continue;
    const { text, from } = shown;
    const moved = from + updated.length - page.length;
    updated = updated.slice(0, moved) + output.replace(/ +$/gm, '') + updated.slice(moved + text.length);
    if (process.env.UPDATE_DOCS === undefined)
      t.equal(steady(output), steady(text), `shown below ${steps[0]?.command}`);
  }
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(name, updated);
}

const pages = ['README.md', ...globSync('docs/*.md').sort()];
const typed = pages.filter((name) => blocksOf(readFileSync(name, 'utf8')).length > 0);

t.test('there is something to type', async (t) => {
  t.ok(['README.md', 'docs/releases.md', 'docs/ttl.md'].every((name) => typed.includes(name)));
});

for (const name of typed) t.test(name, (t) => typeDocument(t, name));
