/** Why a command cannot go on: one line for people, an exit code and a line of JSON for scripts. */
import { EXIT } from './exit.ts';

/** Thrown by commands and caught in one place, program.ts, since commander has no other way out of an action. */
export class Failure extends Error {
  readonly exitCode: number;
  /** The API's problem, where it is the reason: for `--json`. */
  readonly problem: object | undefined;
  /** Further lines, such as the places in a zone file. */
  readonly lines: readonly string[];

  constructor(
    exitCode: number,
    message: string,
    more: { problem?: object | undefined; lines?: readonly string[] } = {},
  ) {
    super(message);
    this.exitCode = exitCode;
    this.problem = more.problem;
    this.lines = more.lines ?? [];
  }

  /** Of the API's problem; undefined: no server has said a word. */
  get problemCode(): string | undefined {
    return (this.problem as { code?: string } | undefined)?.code;
  }

  /** Of the same shape wherever it comes from: `code` and `detail`, and what else the API says. */
  get json(): object {
    return this.problem ?? problemOf(this.exitCode, this.message);
  }
}

/** The codes of what no server has said. Scripts go by them: they stay. docs/cli.md lists them. */
const CODES: Readonly<Record<number, string>> = {
  [EXIT.NEGATIVE]: 'negative',
  [EXIT.USAGE]: 'usage',
  [EXIT.REFUSED]: 'refused',
  [EXIT.NO_INPUT]: 'input_unreadable',
  [EXIT.UNAVAILABLE]: 'unavailable',
  [EXIT.INTERNAL]: 'internal',
  [EXIT.CANNOT_WRITE]: 'output_unwritable',
  [EXIT.TRY_LATER]: 'try_later',
  [EXIT.NO_PERMISSION]: 'no_permission',
  [EXIT.CONFIG]: 'settings_invalid',
};

/** A problem of the command line's own, of the shape that the API gives its own. */
export function problemOf(exitCode: number, detail: string): { code: string; detail: string } {
  return { code: CODES[exitCode] ?? 'failed', detail };
}

/** Whether the words ask for JSON, be they right or wrong; after `--` they are no flags. */
export function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words.slice(0, end === -1 ? undefined : end).includes('--json');
}
