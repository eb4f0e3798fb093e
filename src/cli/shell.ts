/** What a command sees of the world around it: streams, environment, Ctrl-C. Passed in, so that tests can stand in for it. */
import { homedir } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { readStream } from '../bounded-file.ts';
import { EXIT } from './exit.ts';
import { problemOf, wantsJson } from './failure.ts';

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly rows: number;
  /** Aborted once nothing can be written any more; the reason is the error. Later writes are dropped. */
  readonly lost: AbortSignal;
}

export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether a person can be asked. */
  readonly canAsk: boolean;
  /** Puts a question to the person at the terminal; the answer without its line end. */
  ask(question: string): Promise<string>;
  /** All of standard input, of at most so many bytes. Throws Unread. */
  readInput(maxBytes: number): Promise<Buffer>;
  /** Aborted by Ctrl-C, from the first call on; without a call Ctrl-C ends the process as usual. */
  interrupted(): AbortSignal;
}

/** Where nobody can tell how wide the screen is. */
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** The shell of this process. */
export function processShell(): Shell {
  let interrupted: AbortController | undefined;
  return {
    env: process.env,
    home: homedir(),
    stdout: outputOf(process.stdout, tellUnwritable),
    stderr: outputOf(process.stderr, () => {}),
    canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true,
    async ask(question) {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    readInput: (maxBytes) => readStream(process.stdin, maxBytes),
    interrupted() {
      if (interrupted === undefined) {
        const controller = new AbortController();
        process.once('SIGINT', () => controller.abort());
        interrupted = controller;
      }
      return interrupted.signal;
    },
  };
}

/**
 * What was begun goes on to its end when its output is lost: half of what was asked, or an exit code of 0 for what was
 * refused, would be worse. A reader that has seen enough, such as `head`, is no fault.
 */
function outputOf(stream: NodeJS.WriteStream, tell: (error: Error) => void): Output {
  const lost = new AbortController();
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (lost.signal.aborted) return;
    lost.abort(error);
    if (error.code === 'EPIPE') return;
    tell(error);
    // main.ts keeps it unless the command has a code of its own, whichever comes first.
    process.exitCode ||= EXIT.CANNOT_WRITE;
  });
  return {
    write(text) {
      if (!lost.signal.aborted) stream.write(text);
    },
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? DEFAULT_COLUMNS;
    },
    get rows() {
      return stream.rows ?? DEFAULT_ROWS;
    },
    lost: lost.signal,
  };
}

function tellUnwritable({ message }: Error): void {
  const detail = `the output cannot be written: ${message}`;
  const asJson = wantsJson(process.argv.slice(2));
  process.stderr.write(asJson ? `${JSON.stringify(problemOf(EXIT.CANNOT_WRITE, detail))}\n` : `teal: ${detail}\n`);
}
