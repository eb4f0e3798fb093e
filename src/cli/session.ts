/** What the commands that talk to a server share: their flags, the client, and how results are shown. */
import type { Command } from 'commander';
import { Api, type Why } from './api.ts';
import { findConnection } from './connection.ts';
import { type Style, styleFor } from './format/style.ts';
import { collect } from './option-values.ts';
import type { Shell } from './shell.ts';

export interface SessionOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
  /** Of writes, see describeWrite. */
  readonly reason?: string;
  readonly link?: readonly string[];
  /** Of what a freeze refuses, see withOverride. */
  readonly override?: string;
}

/** Adds `--json`, and the examples that every help ends with. */
export function describe(command: Command, examples: string): Command {
  return command
    .option('--json', 'print JSON, for programs')
    .addHelpText('after', `\nExamples:\n${indented(examples)}`);
}

/** What lines are indented by beyond what all of them are is theirs: a file in an example is read as it is pasted. */
function indented(text: string): string {
  const lines = text.trimEnd().split('\n');
  const deep = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const common = Math.min(...deep);
  return lines
    .map((line) => (line.trim() === '' ? '' : `  ${line.slice(common)}`))
    .join('\n')
    .replace(/^\n+/, '');
}

/** As `describe`, for a command that talks to a server. */
export function describeRemote(command: Command, examples: string): Command {
  return describe(command, examples)
    .option('--url <url>', 'address of the admin API (TEAL_ADMIN_URL)')
    .option('--token-file <file>', 'file with the token (TEAL_TOKEN is one itself)');
}

/** As `describeRemote`, for a command that changes something: why is kept with the change. */
export function describeWrite(command: Command, examples: string): Command {
  return describeRemote(command, examples)
    .option('--reason <text>', 'why, in one line; it is kept with the change (TEAL_REASON)')
    .option('--link <url>', 'a commit, a ticket, a pipeline run; repeat it (TEAL_LINKS)', collect);
}

/** For what a freeze refuses. */
export function withOverride(command: Command): Command {
  return command.option('--override <reason>', 'in an emergency: pass over a freeze that is on, and say why');
}

/** What is to be kept with what is changed. Several links of the environment have blanks between them. */
function whyOf({ reason, link, override }: SessionOptions, { env }: Shell): Why {
  const { TEAL_REASON = '', TEAL_LINKS = '' } = env;
  const said = reason ?? TEAL_REASON;
  const links = link ?? TEAL_LINKS.split(/\s+/).filter(Boolean);
  return {
    ...(said !== '' && { reason: said }),
    ...(links.length > 0 && { links }),
    ...(override !== undefined && { override }),
  };
}

/** How a command shows what it found: as text for people, or as JSON. */
export class Presenter {
  readonly shell: Shell;
  readonly style: Style;
  readonly json: boolean;

  constructor(shell: Shell, options: { readonly json?: boolean }) {
    this.shell = shell;
    this.json = options.json === true;
    this.style = styleFor(shell, shell.stdout);
  }

  /** The value as JSON, or the lines made from it. */
  show(value: unknown, lines: () => readonly string[]): void {
    if (this.json)
      this.shell.stdout.write(`${JSON.stringify(value, undefined, this.shell.stdout.isTerminal ? 2 : 0)}\n`);
    else this.lines(lines());
  }

  lines(lines: readonly string[]): void {
    this.shell.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** A line for people beside the result, on standard error: so that what is piped on stays clean. */
  note(line: string): void {
    this.shell.stderr.write(`${line}\n`);
  }
}

export class Session extends Presenter {
  readonly api: Api;

  constructor(shell: Shell, options: SessionOptions, api: Api) {
    super(shell, options);
    this.api = api;
  }
}

export async function openSession(shell: Shell, options: SessionOptions): Promise<Session> {
  const connection = await findConnection(options, shell);
  const session = new Session(shell, options, new Api(connection, whyOf(options, shell)));
  for (const warning of connection.warnings) session.note(`teal: warning: ${warning}`);
  return session;
}
