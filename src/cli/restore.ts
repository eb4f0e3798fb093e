/** `teal restore`: a backup in the place of the store, while no server runs. */
import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { unreadable } from '../bounded-file.ts';
import { contentWords } from './backup.ts';
import { type DataDirectoryOptions, dataDirectory, withDataDirectory } from './data-directory.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { describe, Presenter } from './session.ts';
import type { Shell } from './shell.ts';

interface Options extends DataDirectoryOptions {
  readonly force?: boolean;
}

export function add(program: Command, shell: Shell): void {
  const command = withDataDirectory(
    program.command('restore <file>').helpGroup('The server:').summary('bring a copy back'),
  )
    .description(
      'Bring a backup back into a data directory on this machine. It is checked first, a running server is a reason to ' +
        'refuse, and a store that it replaces is kept beside it.',
    )
    .option('--force', 'replace the store that is there')
    .action((file: string, options: Options) => restore(file, options, shell));
  describe(
    command,
    `
    systemctl stop teal && teal restore teal-monday.db --data-dir /var/lib/teal --force && systemctl start teal
    teal restore teal-monday.db --data-dir ./copy
    `,
  );
}

async function restore(file: string, options: Options, shell: Shell): Promise<void> {
  const directory = await dataDirectory(options, shell);
  const why = whyNone(file);
  if (why !== undefined) throw new Failure(EXIT.NO_INPUT, why);
  const { ExistsError, restoreStore, UnwritableError } = await import('../store/backup.ts');
  try {
    const content = restoreStore(file, directory, { replace: options.force === true });
    new Presenter(shell, options).show({ directory, ...content }, () => [
      `${directory}: restored to ${contentWords(content)}.`,
      ...(content.kept === undefined ? [] : [`What was there is kept as ${content.kept}.`]),
    ]);
  } catch (error) {
    if (error instanceof ExistsError) {
      throw new Failure(EXIT.CANNOT_WRITE, `${error.message}; --force replaces it, and keeps it beside the new one`);
    }
    const code = error instanceof UnwritableError ? EXIT.CANNOT_WRITE : EXIT.UNAVAILABLE;
    throw new Failure(code, (error as Error).message);
  }
}

/** Why a file is no backup, as far as a look at it tells; undefined: it may be one. */
function whyNone(file: string): string | undefined {
  try {
    return statSync(file).isFile() ? undefined : `expected a backup, and ${file} is no plain file`;
  } catch (error) {
    return `${file} ${unreadable(error)}`;
  }
}
