/** README.md and docs/releases.md: what they tell people to type, typed with bash, curl and dig, gives what they say. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
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
  const lines = blocks.join('').trimEnd().split('\n');
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

/** Types a document's commands on a fresh server; the outputs. */
async function typeDocument(t: Test, name: string): Promise<string[]> {
  const folder = `${t.testdir()}/data`;
  mkdirSync(folder);
  const teal = await startTeal(folder);
  t.teardown(() => teal.child.kill('SIGKILL'));
  const steps = withPorts(stepsOf(readFileSync(name, 'utf8')), teal);
  t.ok(steps.length > 15, 'there is something to type');
  const outputs = type(steps, dirname(folder));
  for (const [index, { command, expected }] of steps.entries()) {
    const output = outputs[index] ?? 'nothing';
    t.ok(holdsInOrder(output, expected), command, { output, expected });
    if (expected.length === 0) t.notMatch(output, /"code"/, command);
  }
  return outputs;
}

t.test('README.md', async (t) => {
  const [first] = await typeDocument(t, 'README.md');
  t.match(first, /flags: qr aa.*app\.example\.test\.\s+5\s+IN\s+A\s+192\.0\.2\.[12]0/s);
});

t.test('docs/releases.md', (t) => typeDocument(t, 'docs/releases.md'));
