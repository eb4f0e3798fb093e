/** Why a command cannot go on: one line for people, an exit code for scripts. */
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
}
