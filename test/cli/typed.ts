/** Commands as they are typed, run in this process: what they print, and their exit code. */
import { tmpdir } from 'node:os';
import type { Test } from 'tap';
import { commands } from '../../src/cli/commands.ts';
import { run } from '../../src/cli/program.ts';
import type { Output, Shell } from '../../src/cli/shell.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

export interface Typed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What was printed, as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they expect it to be
  readonly json: any;
}

export interface TypedOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly home?: string;
  readonly input?: string;
  /** A terminal that can be written to, and whose user gives these answers. */
  readonly terminal?: { readonly columns?: number; readonly rows?: number; readonly answers?: string[] };
  /** Ctrl-C. */
  readonly interrupted?: AbortSignal;
  /** Told what is printed as it comes. */
  readonly onOutput?: (text: string) => void;
}

export async function type(words: readonly string[], options: TypedOptions = {}): Promise<Typed> {
  const { env = {}, home = tmpdir(), input = '', terminal, interrupted, onOutput } = options;
  const written = { stdout: '', stderr: '' };
  const output = (which: 'stdout' | 'stderr'): Output => ({
    write(text) {
      written[which] += text;
      onOutput?.(text);
    },
    isTerminal: terminal !== undefined,
    columns: terminal?.columns ?? 80,
    rows: terminal?.rows ?? 24,
    lost: new AbortController().signal,
  });
  const shell: Shell = {
    env,
    home,
    stdout: output('stdout'),
    stderr: output('stderr'),
    canAsk: terminal?.answers !== undefined,
    ask: async (question) => {
      written.stderr += question;
      return terminal?.answers?.shift() ?? '';
    },
    readInput: async () => Buffer.from(input),
    interrupted: () => interrupted ?? new AbortController().signal,
  };
  const code = await run(words, commands, shell);
  return {
    code,
    ...written,
    get json() {
      return JSON.parse(written.stdout);
    },
  };
}

/** Types to a server; a text is split at its spaces. */
export function typist(teal: Pick<TealProcess, 'admin' | 'token'>) {
  return (words: string | readonly string[], options: TypedOptions = {}): Promise<Typed> =>
    type(typeof words === 'string' ? words.split(' ') : words, {
      ...options,
      env: { TEAL_ADMIN_URL: teal.admin, TEAL_TOKEN: teal.token, ...options.env },
    });
}

/**
 * A server with a folder of its own, and who types to it; it ends when `t` does. It answers and decides in one process, which
 * is two thirds of what a start takes: commands see the API alone. Those that ask for more have a server as people have it.
 */
export async function startTyped(t: Test) {
  const folder = temporaryFolder(t);
  const teal = await startTeal(folder, { env: { TEAL_DNS_PLANES: 'one' } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const type = typist(teal);
  const revision = async (): Promise<number> =>
    (await type('history --json --limit 1')).json.items[0].revision as number;
  return { teal, type, folder, revision };
}
