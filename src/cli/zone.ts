/** `teal zone`: zones, made, imported, exported, checked, listed, deleted. */

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Finding, Service, Zone } from '../contract/types.ts';
import { shown } from '../shown.ts';
import { FILE_TIME_LIMIT_MS, findingLine, path } from './api.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { type FilterOptions, filtered, isFiltered, withFilters } from './filters.ts';
import { columns, plural } from './format/text.ts';
import { folderOf } from './include-folder.ts';
import { readZoneFile } from './input-file.ts';
import { collect, type Labels, labelFlag, wholeNumber } from './option-values.ts';
import { describeRemote, describeWrite, openSession, type Session, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';
import { addZoneCheck } from './zone-check.ts';
import { addZoneSet } from './zone-set.ts';

interface AddOptions extends SessionOptions {
  readonly ns?: readonly string[];
  readonly hostmaster?: string;
  readonly ttl?: number;
  readonly negativeTtl?: number;
  readonly label?: Labels;
}

interface ImportOptions extends SessionOptions {
  readonly include?: string;
  readonly signatures?: string;
  readonly force?: boolean;
}

interface Import extends Zone {
  readonly rrsets: number;
  readonly warnings: readonly Finding[];
}

export function add(program: Command, shell: Shell): void {
  const group = program
    .command('zone')
    .helpGroup('Zones and services:')
    .summary('zones: add, set, import, export, check, list, rm')
    .description('Zones: domains that this server is authoritative for.');
  addMake(group, shell);
  addZoneSet(group, shell);
  addImport(group, shell);
  addExport(group, shell);
  addZoneCheck(group, shell);
  const list = withFilters(group.command('list'), ['q', 'label'])
    .description('List zones.')
    .option('-q, --quiet', 'only the names')
    .action(async (options: SessionOptions & FilterOptions & { quiet?: boolean }) => {
      const session = await openSession(shell, options);
      const zones = await Array.fromAsync(session.api.all<Zone>(filtered('/v1/zones', options)));
      session.show({ items: zones }, () => {
        if (options.quiet) return zones.map(({ name }) => name);
        return zones.length === 0 && isFiltered(options) ? ['There is no such zone.'] : zoneListLines(zones);
      });
    });
  describeRemote(list, 'teal zone list\nteal zone list --q example --label stage=prod');
  const remove = group
    .command('rm <zone>')
    .description('Delete a zone with its records; their history stays.')
    .option('--with-services', 'delete its services too; without it they are a reason to refuse')
    .option('--force', 'though its parent may have a DS for it: those who validate find it bogus')
    .action(async (zone: string, options: SessionOptions & { withServices?: boolean; force?: boolean }) => {
      const session = await openSession(shell, options);
      const said = [...(options.withServices ? ['services=delete'] : []), ...(options.force ? ['force=true'] : [])];
      await session.api.delete(`${path`/v1/zones/${zone}`}${said.length > 0 ? `?${said.join('&')}` : ''}`);
      session.show({ name: zone, deleted: true }, () => [`${zone} is deleted.`]);
    });
  describeWrite(remove, 'teal zone rm old.example\nteal zone rm old.example --with-services');
}

function addMake(group: Command, shell: Shell): void {
  const command = group
    .command('add <zone>')
    .description('Make a zone of nothing but SOA and NS.')
    .requiredOption('--ns <host>', 'a nameserver of the zone; repeat it, the first is the primary', collect)
    .option('--hostmaster <name>', 'mailbox as a name (hostmaster.ZONE)')
    .option('--ttl <seconds>', 'TTL of SOA and NS (3600)', wholeNumber)
    .option(...labelFlag)
    .option('--negative-ttl <seconds>', 'how long resolvers keep that a name is not there (60)', wholeNumber)
    .action(async (zone: string, options: AddOptions) => {
      const { ns, hostmaster = zone === '.' ? 'hostmaster' : `hostmaster.${zone}`, ttl, negativeTtl, label } = options;
      const session = await openSession(shell, options);
      const body = {
        nameservers: ns,
        hostmaster,
        ...(ttl !== undefined && { ttlSeconds: ttl }),
        ...(negativeTtl !== undefined && { negativeTtlSeconds: negativeTtl }),
        ...(label !== undefined && { labels: label }),
      };
      const ground = { what: `the zone ${zone}`, revision: undefined, advice: '`teal zone list` shows the zones' };
      const made = await session.api.put<Zone>(path`/v1/zones/${zone}`, { body, ground });
      session.show(made, () => [
        ...zoneListLines([made]),
        `In force as revision ${made.revision}. Once the parent delegates it, \`teal doctor ${made.name}\` looks at it from outside.`,
      ]);
    });
  describeWrite(command, 'teal zone add example.com --ns ns1.example.com --ns ns2.example.com');
}

function addImport(group: Command, shell: Shell): void {
  const command = group
    .command('import <zone> <file>')
    .description(
      'Replace all records of a zone by those of a zone file (RFC 1035), or of none; its services stay. Makes the zone if it is new.',
    )
    .option('--include <folder>', 'files that $INCLUDE may name: those in this folder')
    .option(
      '--signatures <what>',
      "those that the file brings: keep (serve it as it is) or resign (by the zone's key here)",
    )
    .option('--force', 'though its parent may have a DS that leads nowhere then: those who validate find it bogus')
    .action(async (zone: string, file: string, options: ImportOptions) => {
      const bytes = await readZoneFile(zone, file, shell);
      const folder = options.include === undefined ? undefined : folderOf(options.include);
      const session = await openSession(shell, options);
      const { text, warnings } = folder === undefined ? { text: bytes } : await wholeFile(session, zone, bytes, folder);
      const done = session.shell.stderr.isTerminal
        ? progress(session.shell, `Importing ${plural(text.length, 'byte')}`)
        : () => {};
      try {
        const { signatures, force } = options;
        const said = [
          ...(signatures === undefined ? [] : [`signatures=${encodeURIComponent(signatures)}`]),
          ...(force ? ['force=true'] : []),
        ];
        const query = said.length > 0 ? `?${said.join('&')}` : '';
        const taken = await session.api.put<Import>(`${path`/v1/zones/${zone}/file`}${query}`, {
          text,
          limitMs: FILE_TIME_LIMIT_MS,
        });
        done();
        const reply = { ...taken, warnings: warnings ?? taken.warnings };
        session.show(reply, () => [
          ...reply.warnings.map(findingLine),
          `${reply.name}: ${plural(reply.rrsets, 'RRset')} in force as revision ${reply.revision}, serial ${reply.serial}.`,
        ]);
      } finally {
        done();
      }
    });
  describeWrite(
    command,
    `
    teal zone import example.com example.com.zone
    ssh old-ns cat /var/lib/bind/example.com.zone | teal zone import example.com -
    teal zone import example.com example.com.signed --signatures keep
    teal zone import example.com example.com.zone --include /etc/zones
    `,
  );
}

/** Loaded only here: who includes nothing leaves reading to the server. */
async function wholeFile(session: Session, zone: string, bytes: Buffer, folder: string) {
  const { included } = await import('./zone-included.ts');
  const services = await Array.fromAsync(session.api.all<Service>(filtered('/v1/services', { zone })));
  return included(zone, bytes, folder, services);
}

function addExport(group: Command, shell: Shell): void {
  const command = group
    .command('export <zone>')
    .description('Print a zone as a zone file (RFC 1035); its services are comments in it.')
    .option(
      '--signed',
      'with the proofs, signatures and digest that it is answered with, a service as its heaviest pool',
    )
    .option('-o, --output <file>', 'write it to a new file instead')
    .option('--force', 'overwrite the file')
    .action(async (zone: string, options: SessionOptions & { signed?: boolean; output?: string; force?: boolean }) => {
      const session = await openSession(shell, options);
      const text = await session.api.text(`${path`/v1/zones/${zone}/file`}${options.signed ? '?signed=true' : ''}`);
      if (options.output === undefined) {
        if (session.json) session.show({ name: zone, file: text }, () => []);
        else shell.stdout.write(text);
        return;
      }
      writeNew(options.output, text, options.force === true);
      session.show({ name: zone, output: options.output }, () => [`${zone} is written to ${options.output}.`]);
    });
  describeRemote(command, 'teal zone export example.com\nteal zone export example.com --signed -o example.com.zone');
}

/** Writes a file that is not there yet, or is to be overwritten. Throws Failure. */
function writeNew(file: string, text: string, force: boolean): void {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new Failure(EXIT.CANNOT_WRITE, `${file} is there already; --force overwrites it`);
    // Half a zone would be taken for the whole. What was there before may be a device.
    if (!force && existsSync(file)) rmSync(file);
    throw new Failure(EXIT.CANNOT_WRITE, `${file} cannot be written (${code})`);
  }
}

/** Seconds on the terminal for as long as something takes; the returned function wipes them away. */
function progress(shell: Shell, what: string): () => void {
  const startedAt = performance.now();
  const timer = setInterval(() => {
    shell.stderr.write(`\r${what}: ${Math.round((performance.now() - startedAt) / 1000)} s \u001b[K`);
  }, 1000);
  return () => {
    clearInterval(timer);
    shell.stderr.write('\r\u001b[K');
  };
}

export function zoneListLines(zones: readonly Zone[]): string[] {
  if (zones.length === 0) return ['There is no zone yet: `teal zone add --help` says how to make one.'];
  const rows = zones.map(({ name, serial, nameservers }) => [shown(name), String(serial), nameservers.join(' ')]);
  return columns([['ZONE', 'SERIAL', 'NAMESERVERS'], ...rows], [1]);
}
