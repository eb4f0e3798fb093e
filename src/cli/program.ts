/** What all commands share: the name, the version, and how a mistyped command line is answered. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { EXIT } from './exit.ts';

export function makeProgram(): Command {
  const { version, description } = readPackage();
  return new Command('teal')
    .description(description)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error/, 'teal')) })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.OK : EXIT.USAGE));
}

/** package.json lies beside src as it lies beside dist. */
function readPackage(): { version: string; description: string } {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
}
