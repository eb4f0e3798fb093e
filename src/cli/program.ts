/** What all commands share: the name, the version, and how a command that cannot go on ends. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
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
    await program.parseAsync(words, { from: 'user' });
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
      writeErr: (text) => shell.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error/, 'teal')),
      getOutHelpWidth: () => shell.stdout.columns,
      getErrHelpWidth: () => shell.stderr.columns,
    })
    .exitOverride();
  program.addHelpCommand(
    new Command('help').argument('[command]').summary('print the help of a command').helpGroup('The server:'),
  );
  const own = words[0] === undefined ? undefined : modules[words[0]];
  // The whole list is needed to show it, to complete words, and to guess what was meant.
  const needed = own === undefined || words[0] === 'completion' ? Object.values(modules) : [own];
  for (const load of needed) (await load()).add(program, shell);
  return program;
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
  // Commander has written its message; help and version are no mistakes.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
  if (error instanceof Failure) {
    if (words.includes('--json') && error.problem !== undefined)
      shell.stderr.write(`${JSON.stringify(error.problem)}\n`);
    else if (error.message !== '') shell.stderr.write([`teal: ${error.message}`, ...error.lines, ''].join('\n'));
    return error.exitCode;
  }
  const { stack = String(error) } = error as Error;
  shell.stderr.write(`teal: a fault of teal itself: ${stack}\n`);
  return EXIT.INTERNAL;
}

/** package.json lies beside src as it lies beside dist. */
function readPackage(): { version: string; description: string } {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
}
