/** What all commands share: the name, the version, and how a command that cannot go on ends. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT } from './exit.ts';
import { Failure, problemOf, wantsJson } from './failure.ts';
import type { Shell } from './shell.ts';

/** A module with one command; it is loaded when the command is meant, so that each starts without the others. */
export type CommandModule = () => Promise<{ readonly add: (program: Command, shell: Shell) => void }>;

/** Runs the command that the words name; the exit code. */
export async function run(
  words: readonly string[],
  modules: Readonly<Record<string, CommandModule>>,
  shell: Shell,
): Promise<number> {
  try {
    const program = await makeProgram(words, modules, shell);
    await program.parseAsync(asHelpOption(program, words), { from: 'user' });
    return EXIT.OK;
  } catch (error) {
    return explain(error, words, shell);
  }
}

async function makeProgram(
  words: readonly string[],
  modules: Readonly<Record<string, CommandModule>>,
  shell: Shell,
): Promise<Command> {
  const { version, description } = readPackage();
  const program = new Command('teal')
    .description(description)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', overview)
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      // As JSON it is told once it is known whole, in explain().
      writeErr: (text) => wantsJson(words) || shell.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error/, 'teal')),
      getOutHelpWidth: () => shell.stdout.columns,
      getErrHelpWidth: () => shell.stderr.columns,
    })
    // What a command does is wrapped beside long terms too, in 80 columns.
    .configureHelp({ minWidthToWrap: 24 })
    .exitOverride();
  program.addHelpCommand(helpCommand('The server:'));
  const own = words[0] === undefined ? undefined : modules[words[0]];
  // The whole list is needed to show it, to complete words, and to guess what was meant.
  const needed = own === undefined || words[0] === 'completion' ? Object.values(modules) : [own];
  for (const load of needed) (await load()).add(program, shell);
  // Each group has inherited that of the whole, which stands below a heading of the whole.
  const groups = program.commands.filter(({ commands }) => commands.length > 0);
  for (const group of groups) group.addHelpCommand(helpCommand('Commands:'));
  return program;
}

function helpCommand(group: string): Command {
  return new Command('help').argument('[command]').summary('print the help of a command').helpGroup(group);
}

/**
 * `help zone check` as `zone check --help`. Where there is no such command, the words without `help`, which commander refuses
 * with the nearest name; of `help nope` it would show the help of the whole alone.
 */
function asHelpOption(program: Command, words: readonly string[]): readonly string[] {
  const at = words.indexOf('help');
  const [before, after] = [words.slice(0, at), words.slice(at + 1).filter((word) => !word.startsWith('-'))];
  let group: Command | undefined = program;
  for (const word of at === -1 ? [] : before) group = commandOf(group, word);
  if (at === -1 || group === undefined || group.commands.length === 0 || after.length === 0) return words;
  const path = [...before];
  for (const word of after) {
    // A command without others below it has operands, which its help is not about.
    if (group.commands.length === 0) break;
    path.push(word);
    group = commandOf(group, word);
    if (group === undefined) return path;
  }
  return [...path, '--help'];
}

function commandOf(group: Command | undefined, word: string): Command | undefined {
  return group?.commands.find((command) => command.name() === word || command.aliases().includes(word));
}

const overview = `
Most commands talk to the admin API at --url or TEAL_ADMIN_URL, else
http://127.0.0.1:8053, with the token of --token-file or TEAL_TOKEN, that in
~/.config/teal/config.yaml, or the one in data/admin.token here.

Examples:
  teal serve
  teal status
  teal shift app.example.com green=10 blue=90
  teal release start app.example.com --to green --steps 10,5m,50,5m,100 --watch
  teal rollback app.example.com
`;

function explain(error: unknown, words: readonly string[], shell: Shell): number {
  const asJson = wantsJson(words);
  const sayJson = (problem: object): void => shell.stderr.write(`${JSON.stringify(problem)}\n`);
  if (error instanceof CommanderError) {
    // Help and version are no mistakes.
    if (error.exitCode === 0) return EXIT.OK;
    // For people commander has written its message.
    if (asJson) sayJson(problemOf(EXIT.USAGE, mistake(error, words)));
    return EXIT.USAGE;
  }
  if (error instanceof Failure) {
    if (error.message === '') return error.exitCode;
    if (asJson) sayJson(error.json);
    else shell.stderr.write([`teal: ${error.message}`, ...error.lines, ''].join('\n'));
    return error.exitCode;
  }
  const { stack = String(error) } = error as Error;
  const message = `a fault of teal itself: ${stack}`;
  if (asJson) sayJson(problemOf(EXIT.INTERNAL, message));
  else shell.stderr.write(`teal: ${message}\n`);
  return EXIT.INTERNAL;
}

/** Commander's message as one sentence. Where it shows the help instead, no command was named. */
function mistake({ code, message }: CommanderError, words: readonly string[]): string {
  if (code !== 'commander.help')
    return message
      .replace(/^error: /, '')
      .trim()
      .replaceAll('\n', ' ');
  const group = words.find((word) => !word.startsWith('-'));
  return `expected a command: \`${['teal', group, '--help'].filter(Boolean).join(' ')}\` lists them`;
}

/** package.json lies beside src as it lies beside dist. */
function readPackage(): { version: string; description: string } {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
}
