/** `teal zone set`: what a zone itself says, changed; what no flag names stays as it is. */
import type { Command } from 'commander';
import type { Zone } from '../contract/types.ts';
import { path } from './api.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { printable } from './format/text.ts';
import { collect, type Labels, labelFlag, wholeNumber } from './option-values.ts';
import { describeWrite, openSession, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface SetOptions extends SessionOptions {
  readonly ns?: readonly string[];
  readonly hostmaster?: string;
  readonly primary?: string;
  readonly ttl?: number;
  readonly nsTtl?: number;
  readonly negativeTtl?: number;
  readonly refresh?: number;
  readonly retry?: number;
  readonly expire?: number;
  /** Absent: nothing was said; false: `--no-zonemd`. */
  readonly zonemd?: boolean;
  /** `--no-labels`. */
  readonly labels: boolean;
  readonly label?: Labels;
}

export function addZoneSet(group: Command, shell: Shell): void {
  const command = group
    .command('set <zone>')
    .description('Change what a zone itself says, its SOA and NS; what no flag names stays as it is.')
    .option('--ns <host>', 'all nameservers of the zone; repeat it, the first is the primary', collect)
    .option('--primary <host>', 'the primary of the SOA, where it is not the first nameserver')
    .option('--hostmaster <name>', 'mailbox as a name, hostmaster.example.com')
    .option('--ttl <seconds>', 'TTL of the SOA', wholeNumber)
    .option('--ns-ttl <seconds>', 'TTL of the NS records', wholeNumber)
    .option('--negative-ttl <seconds>', 'how long resolvers keep that a name is not there', wholeNumber)
    .option('--refresh <seconds>', 'how often secondaries look', wholeNumber)
    .option('--retry <seconds>', 'how soon they look again where nobody answered', wholeNumber)
    .option('--expire <seconds>', 'how long they answer without having seen anybody', wholeNumber)
    .option('--zonemd', 'with a digest of the whole zone at its apex, by which who copies it knows that it is whole')
    .option('--no-zonemd', 'without it')
    .option(...labelFlag)
    .option('--no-labels', 'take the labels away that it has')
    .action((zone: string, options: SetOptions) => setZone(zone, options, shell));
  describeWrite(
    command,
    'teal zone set example.com --negative-ttl 30\nteal zone set example.com --ns ns1.example.net --ns ns2.example.net',
  );
}

async function setZone(name: string, options: SetOptions, shell: Shell): Promise<void> {
  const said = saidBy(options);
  const isSaid = Object.keys(said).length > 0 || options.label !== undefined || !options.labels;
  if (!isSaid) throw new Failure(EXIT.USAGE, 'expected what to change, such as --negative-ttl 30');
  const session = await openSession(shell, options);
  const before = await session.api.get<Zone>(path`/v1/zones/${name}`);
  const labels = { ...(options.labels && before.labels), ...options.label };
  const ground = {
    what: `the zone ${name}`,
    revision: before.revision,
    advice: 'look at it, `teal zone list`, and say it again',
  };
  const body = { ...settingsOf(before), ...primaryOf(before, options), ...said, labels };
  const after = await session.api.put<Zone>(path`/v1/zones/${name}`, { body, ground });
  session.show(after, () => differenceLines(before, after));
}

function saidBy({
  ns,
  hostmaster,
  primary,
  ttl,
  nsTtl,
  negativeTtl,
  refresh,
  retry,
  expire,
  zonemd,
}: SetOptions): object {
  const said = {
    nameservers: ns,
    hostmaster,
    primary,
    ttlSeconds: ttl,
    nameserversTtlSeconds: nsTtl,
    negativeTtlSeconds: negativeTtl,
    refreshSeconds: refresh,
    retrySeconds: retry,
    expireSeconds: expire,
    zonemd,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

const SETTINGS = [
  ...(['nameservers', 'hostmaster', 'primary', 'ttlSeconds', 'nameserversTtlSeconds', 'negativeTtlSeconds'] as const),
  ...(['refreshSeconds', 'retrySeconds', 'expireSeconds', 'zonemd'] as const),
] as const;

function settingsOf(zone: Zone): object {
  return Object.fromEntries(SETTINGS.map((key) => [key, zone[key]]));
}

/** A primary that was the first nameserver goes with it. */
function primaryOf({ primary, nameservers }: Zone, { ns }: SetOptions): object {
  return ns !== undefined && primary === nameservers[0] ? { primary: ns[0] } : {};
}

function differenceLines(before: Zone, after: Zone): string[] {
  const changed = [...SETTINGS, 'labels' as const].flatMap((key) => {
    const [was, is] = [wordOf(before[key]), wordOf(after[key])];
    return was === is ? [] : [`  ${key} ${was} → ${is}`];
  });
  if (changed.length === 0) return [`${after.name} is so already.`];
  return [after.name, ...changed, `In force as revision ${after.revision}, serial ${after.serial}.`];
}

function wordOf(value: unknown): string {
  if (value === undefined) return 'none';
  return printable(
    Array.isArray(value) ? value.join(' ') : typeof value === 'object' ? JSON.stringify(value) : `${value}`,
  );
}
