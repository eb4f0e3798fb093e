/** README.md and every page of docs/: what they tell people to type, typed with bash, gives what they say. */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t, { type Test } from 'tap';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

interface Step {
  readonly command: string;
  /** Pieces that the output holds, in this order: the comment at the end of a line. */
  readonly expected: readonly string[];
}

/** Lines of the blocks marked `sh`; those marked `sh by-hand` start and kill the server, which the test does. */
function stepsOf(markdown: string): Step[] {
  const blocks = [...markdown.matchAll(/^```sh\n(?<lines>.*?)^```/gms)].map((block) => block.groups?.lines ?? '');
  const lines = blocks.flatMap((block) => block.trimEnd().split('\n'));
  return lines.map((line) => {
    const [command = '', expected = ''] = line.split(/ +# /);
    return { command, expected: expected.split(' ').filter((piece) => piece !== '') };
  });
}

/** Runs all steps in one shell, as a person would; the output of each. */
function type(steps: readonly Step[], folder: string): string[] {
  const end = '-- end of step --';
  const script = steps.map(({ command }) => `${command}\necho '${end}'\n`).join('');
  const { stdout, stderr, error } = spawnSync('bash', ['-e', '-o', 'pipefail'], {
    input: script,
    cwd: folder,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  if (stderr !== '') throw new Error(stderr);
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

/** The commands with the ports of this server. */
function withPorts(steps: readonly Step[], { dnsPort, admin }: TealProcess): Step[] {
  return steps.map(({ command, expected }) => ({
    command: command.replaceAll('-p 5300', `-p ${dnsPort}`).replaceAll('http://127.0.0.1:8053', admin),
    expected,
  }));
}

/** Types a page's commands on a fresh server. */
async function typeDocument(t: Test, name: string): Promise<void> {
  const folder = `${t.testdir()}/data`;
  mkdirSync(folder);
  const teal = await startTeal(folder);
  t.teardown(() => teal.child.kill('SIGKILL'));
  const steps = withPorts(stepsOf(readFileSync(name, 'utf8')), teal);
  const outputs = type(steps, dirname(folder));
  for (const [index, { command, expected }] of steps.entries()) {
    const output = outputs[index] ?? 'nothing';
    t.ok(holdsInOrder(output, expected), command, { output, expected });
    if (expected.length === 0) t.notMatch(output, /"code"/, command);
  }
}

const pages = ['README.md', ...globSync('docs/*.md').sort()];
const typed = pages.filter((name) => stepsOf(readFileSync(name, 'utf8')).length > 0);

t.test('there is something to type', async (t) => {
  t.ok(['README.md', 'docs/releases.md', 'docs/ttl.md'].every((name) => typed.includes(name)));
});

for (const name of typed) t.test(name, (t) => typeDocument(t, name));
