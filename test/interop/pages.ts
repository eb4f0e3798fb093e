/** What a page tells people to type, typed with bash, and what it is expected to print. */
import { spawnSync } from 'node:child_process';

export interface Step {
  readonly command: string;
  /** Pieces that the output holds, in this order: the comment at the end of a line. */
  readonly expected: readonly string[];
}

/** Commands that are typed, and what they print where a block marked `text` right below shows it. */
export interface Block {
  readonly steps: readonly Step[];
  readonly shown: { readonly text: string; readonly from: number } | undefined;
}

/** The blocks with this mark, such as `sh`; those marked `sh by-hand` start and kill the server, or ask the world. */
export function blocksOf(markdown: string, mark = 'sh'): Block[] {
  const fences = new RegExp(`^\`\`\`${mark}\\n(?<lines>.*?)^\`\`\`\\n(?:\\n\`\`\`text\\n(?<shown>.*?)^\`\`\`)?`, 'gms');
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
export function type(steps: readonly Step[], folder: string, env: Record<string, string>): string[] {
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

export function holdsInOrder(output: string, pieces: readonly string[]): boolean {
  let from = 0;
  for (const piece of pieces) {
    const at = output.indexOf(piece, from);
    if (at === -1) return false;
    from = at + piece.length;
  }
  return true;
}

/** What differs from run to run, made the same; where lines break depends on it too. */
export function steady(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)/g, 'TIME')
    .replace(/\d\d:\d\d:\d\d/g, 'TIME')
    .replace(/(\d+m )?\d+[ms] left/g, 'TIME left')
    .replace(/drained in \d+s/g, 'drained in TIME')
    .replace(/[\d,]+ bytes/g, 'N bytes')
    .replace(/\s+/g, ' ');
}
