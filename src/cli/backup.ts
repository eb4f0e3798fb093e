/** `teal backup`: a copy of the store, taken while the server runs. */
import type { Command } from 'commander';
import { type DataDirectoryOptions, dataDirectory, withDataDirectory } from './data-directory.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { instant, plural } from './format/text.ts';
import { describe, Presenter } from './session.ts';
import type { Shell } from './shell.ts';

interface Options extends DataDirectoryOptions {
  readonly force?: boolean;
}

export function add(program: Command, shell: Shell): void {
  const command = withDataDirectory(
    program.command('backup <file>').helpGroup('The server:').summary('copy the store while the server runs'),
  )
    .description(
      'Copy the store of a data directory on this machine into one file, while the server runs or not. The copy is ' +
        "whole, as of one instant, and checked before it gets its name: SQLite's integrity check, and its last revision.",
    )
    .option('--force', 'replace the file')
    .action((file: string, options: Options) => backup(file, options, shell));
  describe(
    command,
    `
    teal backup teal-monday.db
    teal backup --config /etc/teal/teal.yaml /var/backups/teal.db --force
    `,
  );
}

async function backup(file: string, options: Options, shell: Shell): Promise<void> {
  const directory = await dataDirectory(options, shell);
  const { backupStore, ExistsError, UnwritableError } = await import('../store/backup.ts');
  const progress = (done: number): void => {
    if (shell.stderr.isTerminal) shell.stderr.write(`\rCopying: ${Math.floor(done * 100)} % \u001b[K`);
  };
  try {
    const content = await backupStore(directory, file, { replace: options.force === true, progress });
    if (shell.stderr.isTerminal) shell.stderr.write('\r\u001b[K');
    new Presenter(shell, options).show({ file, ...content }, () => [
      `${file}: ${contentWords(content)}. Checked: it is whole.`,
      ...wrappingKeyWords(content),
    ]);
  } catch (error) {
    if (error instanceof ExistsError) throw new Failure(EXIT.CANNOT_WRITE, `${error.message}; --force replaces it`);
    const code = error instanceof UnwritableError ? EXIT.CANNOT_WRITE : EXIT.UNAVAILABLE;
    throw new Failure(code, (error as Error).message);
  }
}

/** What is not in a backup and needed with it. */
function wrappingKeyWords({ signedZones }: { readonly signedZones: number }): string[] {
  if (signedZones === 0) return [];
  const what = `It has ${plural(signedZones, 'signed zone')}, and not the wrapping key of their private keys`;
  return [
    `${what} (dnssec.key in the data directory, or what dnssec.wrappingKeyFile says): keep a copy of that apart.`,
  ];
}

export function contentWords(content: {
  readonly bytes: number;
  readonly revision: number;
  readonly atMs: number | undefined;
  readonly zones: number;
  readonly services: number;
}): string {
  const { bytes, revision, atMs, zones, services } = content;
  const at = atMs === undefined ? '' : ` of ${instant(new Date(atMs).toISOString())}`;
  return `revision ${revision}${at}, ${plural(zones, 'zone')}, ${plural(services, 'service')}, ${plural(bytes, 'byte')}`;
}
