/** `teal zone check`: a zone file held against the rules, here and without a server. */
import type { Command } from 'commander';
import { findingLine } from './api.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { plural } from './format/text.ts';
import { folderOf, includeFrom } from './include-folder.ts';
import { readZoneFile } from './input-file.ts';
import { collect } from './option-values.ts';
import { describe, Presenter } from './session.ts';
import type { Shell } from './shell.ts';

interface Options {
  readonly json?: boolean;
  readonly include?: string;
  readonly service?: readonly string[];
}

export function addZoneCheck(group: Command, shell: Shell): void {
  const command = group
    .command('check <zone> <file>')
    .description(
      'Check a zone file without a server: what an import would refuse, and what it would warn of. Exit code 1 where there are errors.',
    )
    .option('--include <folder>', 'files that $INCLUDE may name: those in this folder')
    .option(
      '--service <name>',
      'a name that a service answers, so that it counts as having addresses; repeat it',
      collect,
    )
    .action((zone: string, file: string, options: Options) => check(zone, file, options, shell));
  describe(
    command,
    `
    teal zone check example.com example.com.zone
    teal zone check example.com - --include /etc/zones < example.com.zone
    `,
  );
}

async function check(zone: string, file: string, options: Options, shell: Shell): Promise<void> {
  const bytes = await readZoneFile(zone, file, shell);
  // Loaded only here: the other commands about zones talk to a server.
  const [{ readZone }, { canonicalName }] = await Promise.all([
    import('../model/zone-check.ts'),
    import('../model/name.ts'),
  ]);
  const canonical = (text: string): string => {
    const name = canonicalName(text);
    if (typeof name === 'string') return name;
    throw new Failure(EXIT.USAGE, name.detail);
  };
  const include =
    options.include === undefined
      ? () => 'name the folder of such files with --include'
      : includeFrom(folderOf(options.include));
  const services = new Set((options.service ?? []).map(canonical));
  const { content, findings } = readZone(canonical(zone), bytes, { services, include });
  const { errors, warnings, moreErrors, moreWarnings } = findings;
  const count = [...content.names.values()].reduce((sum, rrsets) => sum + rrsets.length, 0);
  new Presenter(shell, options).show({ zone, rrsets: count, errors, warnings, moreErrors, moreWarnings }, () => [
    ...[...errors, ...warnings].map((finding) => `${finding.file === '' ? `${file}:` : ''}${findingLine(finding)}`),
    `${zone}: ${plural(count, 'RRset')}, ${plural(errors.length + moreErrors, 'error')}, ${plural(warnings.length + moreWarnings, 'warning')}`,
  ]);
  if (errors.length > 0) throw new Failure(EXIT.NEGATIVE, '');
}
