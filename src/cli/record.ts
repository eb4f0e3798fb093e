/** `teal record`: the RRsets of a zone, set, added to, taken from, deleted, listed. */
import type { Command } from 'commander';
import type { Answered, RecordChanges, RRset, Zone } from '../contract/types.ts';
import { type Api, path } from './api.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { type FilterOptions, filtered, isFiltered, withFilters } from './filters.ts';
import { columns, percent, printable, warningLines } from './format/text.ts';
import { type Labels, labelFlag, wholeNumber } from './option-values.ts';
import { describeRemote, describeWrite, openSession, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface ZoneOptions extends SessionOptions {
  readonly zone?: string;
}

interface SetOptions extends ZoneOptions {
  readonly ttl: number;
  readonly label?: Labels;
}

interface AddOptions extends ZoneOptions {
  readonly ttl?: number;
}

const zoneFlag = ['--zone <zone>', 'the zone (the one with the longest name that holds it)'] as const;

export function add(program: Command, shell: Shell): void {
  const group = program
    .command('record')
    .helpGroup('Zones and services:')
    .summary('plain records of a zone: set, add, remove, rm, list')
    .description('Plain records of a zone, as RRsets: all of one name and type.');
  const set = group
    .command('set <name> <type> <rdata...>')
    .description(
      'Make or replace the RRset of a name and type. Names within RDATA are written in full, with the final dot.',
    )
    .option('--ttl <seconds>', 'TTL', wholeNumber, 300)
    .option(...labelFlag)
    .option(...zoneFlag)
    .action((name: string, type: string, rdata: string[], options: SetOptions) =>
      setRRset(name, type, rdata, options, shell),
    );
  describeWrite(
    set,
    `
    teal record set www.example.com A 192.0.2.80 192.0.2.81
    teal record set example.com MX '10 mail.example.com.' --ttl 3600
    teal record set _acme-challenge.example.com TXT '"token"'
    `,
  );
  addValues(group, shell);
  const remove = group
    .command('rm <name> <type>')
    .description('Delete the RRset of a name and type, with all its records.')
    .option(...zoneFlag)
    .action(async (name: string, type: string, options: ZoneOptions) => {
      const session = await openSession(shell, options);
      const zone = options.zone ?? (await zoneOf(session.api, name));
      await session.api.delete(path`/v1/zones/${zone}/rrsets/${withoutDot(name)}/${type}`);
      session.show({ zone, name, type, deleted: true }, () => [`${name} ${type} is deleted from ${zone}.`]);
    });
  describeWrite(remove, 'teal record rm www.example.com A');
  const list = withFilters(group.command('list <zone>'), ['q', 'name', 'type', 'label'])
    .description(
      'List all that a zone answers, with what makes it: the zone itself, services and their previews, records, delegations.',
    )
    .action(async (zone: string, options: SessionOptions & FilterOptions) => {
      const session = await openSession(shell, options);
      const all = filtered(path`/v1/zones/${zone}/answers`, options);
      const answered = await Array.fromAsync(session.api.all<Answered>(all));
      const none = isFiltered(options) ? `${zone} has no such records.` : `${zone} answers nothing that you may see.`;
      const isRecord = ({ from }: Answered): boolean => !['zone', 'service', 'preview'].includes(from);
      const [items, made] = [answered.filter(isRecord), answered.filter((each) => !isRecord(each))];
      // What can be set by `teal record set` stands apart for programs, as it is written back.
      session.show({ items, made }, () => (answered.length === 0 ? [none] : answeredLines(answered)));
    });
  describeRemote(list, 'teal record list example.com\nteal record list example.com --type MX');
}

/** Single records: what others add at the same time stays. */
function addValues(group: Command, shell: Shell): void {
  const add = group
    .command('add <name> <type> <rdata...>')
    .description('Add records to the RRset of a name and type, which is made where there is none.')
    .option('--ttl <seconds>', 'TTL of all its records (the one that it has, or else the one of the SOA)', wholeNumber)
    .option(...zoneFlag)
    .action((name: string, type: string, values: string[], { ttl, ...options }: AddOptions) => {
      const change = { name: withoutDot(name), type, ...(ttl !== undefined && { ttlSeconds: ttl }), values };
      return changeValues(name, { add: change }, options, shell);
    });
  describeWrite(add, `teal record add _acme-challenge.example.com TXT '"token"' --ttl 60`);
  const remove = group
    .command('remove <name> <type> <rdata...>')
    .description('Take records away from the RRset of a name and type; with the last one it is gone.')
    .option(...zoneFlag)
    .action((name: string, type: string, values: string[], options: ZoneOptions) =>
      changeValues(name, { remove: { name: withoutDot(name), type, values } }, options, shell),
    );
  describeWrite(remove, `teal record remove _acme-challenge.example.com TXT '"token"'`);
}

async function changeValues(name: string, change: object, options: ZoneOptions, shell: Shell): Promise<void> {
  const session = await openSession(shell, options);
  const zone = options.zone ?? (await zoneOf(session.api, name));
  const done = await session.api.post<RecordChanges>(path`/v1/zones/${zone}/changes`, { changes: [change] });
  session.show(done, () => [...done.rrsets.map(told), ...warningLines(done), `In force as revision ${done.revision}.`]);
}

function told({ name, type, change, records, ttlSeconds }: RecordChanges['rrsets'][number]): string {
  const what = `${printable(name)} ${type}`;
  if (records === 0) return `${what} is ${change === 'none' ? 'not there' : 'deleted with its last record'}.`;
  const now = `${records} ${records === 1 ? 'record' : 'records'}, TTL ${ttlSeconds}`;
  return change === 'none' ? `${what} is so already: ${now}.` : `${what} is ${change}: ${now}.`;
}

async function setRRset(
  name: string,
  type: string,
  rdata: readonly string[],
  options: SetOptions,
  shell: Shell,
): Promise<void> {
  const session = await openSession(shell, options);
  const zone = options.zone ?? (await zoneOf(session.api, name));
  const { ttl, label } = options;
  const body = { ttlSeconds: ttl, rdata, ...(label !== undefined && { labels: label }) };
  const rrset = await session.api.put<RRset>(path`/v1/zones/${zone}/rrsets/${withoutDot(name)}/${type}`, { body });
  session.show(rrset, () => [
    ...rrsetLines([rrset]),
    ...warningLines(rrset),
    `In force as revision ${rrset.revision}.`,
  ]);
}

/**
 * The zone that holds a name: the longest that is the name or ends it, of those that the token reaches. One that is longer
 * and out of its reach has the server refuse what would be written into this one. Throws Failure.
 */
async function zoneOf(api: Api, name: string): Promise<string> {
  // A dot that is escaped, as `\.`, is a part of its label (RFC 1035 §5.1). The root holds every name.
  const labels = withoutDot(name).match(/(?:\\.|[^\\.])+/gs) ?? [];
  let isRefused = false;
  for (let from = 0; from <= labels.length; from++) {
    const zone = await zoneAt(api, labels.slice(from).join('.') || '.');
    if (zone?.name !== undefined) return zone.name;
    isRefused ||= zone !== undefined;
  }
  if (isRefused)
    throw new Failure(
      EXIT.NO_PERMISSION,
      `no zone that this token reaches holds ${name}: \`teal whoami\` tells how far it goes`,
    );
  throw new Failure(
    EXIT.REFUSED,
    `no zone here holds ${name}: \`teal zone list\` shows the zones, \`teal zone add\` makes one`,
  );
}

/**
 * Undefined where there is no such zone; without a name where it is out of the token's reach, and so may not be there. One
 * for records only may read a zone's records and not the zone.
 */
async function zoneAt(api: Api, zone: string): Promise<{ readonly name?: string } | undefined> {
  try {
    return await api.find<Zone>(path`/v1/zones/${zone}`);
  } catch (error) {
    if (!isBeyond(error)) throw error;
  }
  try {
    const list = await api.find(path`/v1/zones/${zone}/rrsets?limit=1`);
    return list === undefined ? undefined : { name: zone };
  } catch (error) {
    if (!isBeyond(error)) throw error;
    return {};
  }
}

/** The token is a good one, and does not reach so far. */
function isBeyond(error: unknown): boolean {
  return error instanceof Failure && error.problemCode === 'token_forbidden';
}

function withoutDot(name: string): string {
  return name.replace(/(?<=[^\\])\.$/, '');
}

/** By name as zone files have it, the zone itself first; a service's by pool. */
export function answeredLines(answered: readonly Answered[]): string[] {
  const keyOf = ({ name }: Answered): string => name.split('.').reverse().join(' ');
  const keys = new Map(answered.map((each) => [each, keyOf(each)]));
  const sorted = [...answered].sort((a, b) =>
    (keys.get(a) as string) < (keys.get(b) as string) ? -1 : keys.get(a) === keys.get(b) ? 0 : 1,
  );
  const rows = sorted.flatMap((each) =>
    each.rdata.map((text) => [
      sourceOf(each),
      printable(each.name),
      String(each.ttlSeconds),
      each.type,
      printable(text),
    ]),
  );
  return columns([['FROM', 'NAME', 'TTL', 'TYPE', 'RDATA'], ...rows], [2]);
}

function sourceOf({ from, pool, share }: Answered): string {
  if (pool === undefined) return from;
  return share === undefined ? `${from} ${pool}` : `${from} ${pool} ${percent(share)}`;
}

export function rrsetLines(rrsets: readonly RRset[]): string[] {
  const rows = rrsets.flatMap(({ name, ttlSeconds, type, rdata }) =>
    rdata.map((text) => [printable(name), String(ttlSeconds), type, printable(text)]),
  );
  return columns([['NAME', 'TTL', 'TYPE', 'RDATA'], ...rows], [1]);
}
