/** `teal status`: the server at a glance. */
import type { Command } from 'commander';
import type { Glance, Overview as Glances, Release, Zone } from '../contract/types.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { split } from './format/pools.ts';
import { stateWord } from './format/release.ts';
import type { Style } from './format/style.ts';
import { columns, instant, plural, printable } from './format/text.ts';
import { describeRemote, openSession, type Session, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

/** More would scroll what matters off the screen. */
const SERVICES_SHOWN = 20;
/** The most that a page has (API contract). */
const PAGE_ITEMS = 1000;

/** Refusals of /readyz behind which changes go through. */
const IMPAIRED: ReadonlySet<string> = new Set([
  'workers_missing',
  'zones_left_out',
  'signing_refused',
  'signing_unfinished',
]);

interface Overview {
  readonly url: string;
  /** undefined: it takes changes. */
  readonly notReady: string | undefined;
  /** Why not, where it answers, or signs, less than it should, and takes changes all the same. */
  readonly isImpaired: boolean;
  /** Settings whose files became junk; see GET /readyz. */
  readonly unusableFiles: readonly string[];
  /** undefined, these three: the server cannot read them now. */
  readonly zones: readonly Zone[] | undefined;
  readonly services: Glances | undefined;
  readonly active: readonly Release[] | undefined;
}

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('status')
    .helpGroup('Looking:')
    .summary('the server at a glance')
    .description(
      'Show the server at a glance: whether it takes changes, its zones and services, what wants somebody, releases that go on.',
    )
    .action(async (options: SessionOptions) => {
      const session = await openSession(shell, options);
      const overview = await lookAround(session);
      const { zones, services, active, notReady, isImpaired: _, ...rest } = overview;
      const found = {
        zones: zones?.length ?? null,
        services: services?.total ?? null,
        attention: services?.attention.counts ?? null,
        frozen: services?.items.filter(isFrozen).map(({ service }) => service.name) ?? null,
        aborted: services?.items.filter(isAborted).map(({ service }) => service.name) ?? null,
        activeReleases: active ?? null,
      };
      session.show({ ...rest, ready: notReady === undefined, notReady, ...found }, () =>
        overviewLines(overview, session.style),
      );
      // What is said is said above; scripts ask for the exit code.
      if (notReady !== undefined) throw new Failure(EXIT.TRY_LATER, '');
    });
  describeRemote(command, 'teal status\nTEAL_ADMIN_URL=https://ns1.example.com:8053 teal status --json');
}

async function lookAround({ api }: Session): Promise<Overview> {
  const list = <Item>(path: string) => unlessLater(() => Array.fromAsync(api.all<Item>(path)));
  const [readyz, zones, services, active] = await Promise.all([
    unlessLater(() => api.get<{ unusableFiles?: readonly string[] }>('/readyz')),
    list<Zone>('/v1/zones'),
    unlessLater(() => glances(api)),
    list<Release>('/v1/releases?state=active'),
  ]);
  const replies = [readyz, zones, services, active];
  const failures = replies.filter((each) => each instanceof Failure);
  // Where nothing has said a word, nobody knows whether it is a server of Teal at all.
  const isSilent = failures.length === replies.length && failures.every(({ problem }) => problem === undefined);
  if (isSilent && failures[0] !== undefined) throw failures[0];
  const notReady = failures[0]?.message;
  const isImpaired = failures.every(({ problemCode = '' }) => IMPAIRED.has(problemCode));
  const unusableFiles = found(readyz)?.unusableFiles ?? [];
  const read = { zones: found(zones), services: found(services), active: found(active) };
  return { url: api.connection.url, notReady, isImpaired, unusableFiles, ...read };
}

/** All services, page by page: what is said of one may stand on any. */
async function glances(api: Session['api']): Promise<Glances> {
  let page = await api.get<Glances>(`/v1/overview?order=name&limit=${PAGE_ITEMS}`);
  const items = [...page.items];
  while (page.next !== undefined) {
    page = await api.get(`/v1/overview?order=name&limit=${PAGE_ITEMS}&after=${encodeURIComponent(page.next)}`);
    items.push(...page.items);
  }
  return { ...page, items };
}

/** What a server that runs has to say may be that it cannot say it now: that is a part of the overview too. */
async function unlessLater<Reply>(ask: () => Promise<Reply>): Promise<Reply | Failure> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Failure && error.exitCode === EXIT.TRY_LATER) return error;
    throw error;
  }
}

function found<Reply>(reply: Reply | Failure): Reply | undefined {
  return reply instanceof Failure ? undefined : reply;
}

export function overviewLines(overview: Overview, style: Style): string[] {
  const { url, notReady, isImpaired, unusableFiles, zones, services, active } = overview;
  const refusing = isImpaired ? 'takes changes, and is not well' : 'takes no changes';
  const counted = [
    count(zones, 'zone'),
    count(services && { length: services.total }, 'service'),
    active === undefined ? count(active, 'release') : `${count(active, 'release')} going on`,
  ];
  return [
    `Teal at ${url}: ${notReady === undefined ? style.colour('green', 'ready') : style.colour('red', refusing)}`,
    ...(notReady === undefined ? [] : [`  ${printable(notReady)}`]),
    ...unusableFiles.map(
      (setting) =>
        `  ${printable(setting)}: its file is of no use any more, and what was in it is in force; the log says why`,
    ),
    [zones, services, active].every((each) => each === undefined)
      ? 'Zones, services and releases cannot be read now; DNS is answered on.'
      : counted.join(', '),
    ...serviceLines(services?.items ?? [], style),
  ];
}

function count(items: { readonly length: number } | undefined, what: string): string {
  return items === undefined ? `${what}s cannot be read` : plural(items.length, what);
}

/** Those of which something is said come first, as they stand; the rest as far as there is room. */
function serviceLines(glances: readonly Glance[], style: Style): string[] {
  const said = new Map(glances.map((glance) => [glance, words(glance, style)]));
  const first = glances.filter((glance) => said.get(glance) !== '');
  const rest = glances.filter((glance) => said.get(glance) === '');
  const rows = [...first, ...rest]
    .slice(0, SERVICES_SHOWN)
    .map((glance) => [glance.service.name, split(glance.service.shares, style), said.get(glance) ?? '']);
  const more = glances.length - rows.length;
  return [
    ...(rows.length > 0 ? ['', ...columns(rows).map((line) => `  ${line}`)] : []),
    ...(more > 0 ? [`  and ${more} more: teal service list`] : []),
  ];
}

/** What is said of a service, as the console's home says it. */
function words(glance: Glance, style: Style): string {
  const { states, release, unhealthyPools, downTargets, frozen = [], lastChange } = glance;
  const pools = unhealthyPools.length > 0 ? ` (${unhealthyPools.join(', ')})` : '';
  const down = downTargets > 0 ? `, ${plural(downTargets, 'target')} down` : '';
  return [
    ...(states.includes('unhealthy') ? [`${style.colour('red', 'unhealthy')}${pools}${down}`] : []),
    ...(states.includes('waiting') && release === undefined ? [style.colour('yellow', 'a proposal waits')] : []),
    ...(release === undefined ? [] : [`release ${release.id} to ${release.to} ${stateWord(release, style)}`]),
    ...(isAborted(glance) ? [`${style.colour('red', 'aborted')} in revision ${lastChange?.revision}`] : []),
    ...(states.includes('draining') ? ['draining'] : []),
    ...frozen.map(({ name, until }) => `frozen by ${name}${until === null ? '' : ` until ${instant(until)}`}`),
  ].join('; ');
}

function isFrozen({ frozen = [] }: Glance): boolean {
  return frozen.length > 0;
}

function isAborted({ lastChange }: Glance): boolean {
  return lastChange?.aborted === true;
}
