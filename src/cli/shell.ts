/** What a command sees of the world around it: streams, environment, Ctrl-C. Passed in, so that tests can stand in for it. */
import { homedir } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { EXIT } from './exit.ts';

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly rows: number;
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
  /** All of standard input. */
  readInput(): Promise<Buffer>;
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
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true,
    async ask(question) {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    async readInput() {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
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

function outputOf(stream: NodeJS.WriteStream): Output {
  // A reader that has seen enough, such as `head`, is no fault.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.OK);
    if (stream === process.stdout) process.stderr.write(`teal: the output cannot be written: ${error.message}\n`);
    process.exit(EXIT.CANNOT_WRITE);
  });
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? DEFAULT_COLUMNS;
    },
    get rows() {
      return stream.rows ?? DEFAULT_ROWS;
    },
  };
}
