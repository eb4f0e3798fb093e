/** `teal status`: the server at a glance. */
import type { Command } from 'commander';
import type { Release, Service, Zone } from '../contract/types.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { split } from './format/pools.ts';
import { stateWord } from './format/release.ts';
import type { Style } from './format/style.ts';
import { columns, plural, printable } from './format/text.ts';
import { describeRemote, openSession, type Session, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

/** More would scroll what matters off the screen. */
const SERVICES_SHOWN = 20;

interface Overview {
  readonly url: string;
  /** undefined: it takes changes. */
  readonly notReady: string | undefined;
  /** undefined, these three: the server cannot read them now. */
  readonly zones: readonly Zone[] | undefined;
  readonly services: readonly Service[] | undefined;
  readonly active: readonly Release[] | undefined;
}

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('status')
    .helpGroup('Looking:')
    .summary('the server at a glance')
    .description('Show the server at a glance: whether it takes changes, its zones and services, releases that go on.')
    .action(async (options: SessionOptions) => {
      const session = await openSession(shell, options);
      const overview = await lookAround(session);
      const { zones, services, active, notReady, ...rest } = overview;
      const found = {
        zones: zones?.length ?? null,
        services: services?.length ?? null,
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
    unlessLater(() => api.get('/readyz')),
    list<Zone>('/v1/zones'),
    list<Service>('/v1/services'),
    list<Release>('/v1/releases?state=active'),
  ]);
  const notReady = [readyz, zones, services, active].find((each) => each instanceof Failure)?.message;
  return { url: api.connection.url, notReady, zones: found(zones), services: found(services), active: found(active) };
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

function found<Item>(items: Item[] | Failure): Item[] | undefined {
  return items instanceof Failure ? undefined : items;
}

export function overviewLines({ url, notReady, zones, services, active }: Overview, style: Style): string[] {
  const counted = [
    count(zones, 'zone'),
    count(services, 'service'),
    active === undefined ? count(active, 'release') : `${count(active, 'release')} going on`,
  ];
  return [
    `Teal at ${url}: ${notReady === undefined ? style.colour('green', 'ready') : style.colour('red', 'takes no changes')}`,
    ...(notReady === undefined ? [] : [`  ${printable(notReady)}`]),
    [zones, services, active].every((each) => each === undefined)
      ? 'Zones, services and releases cannot be read now; DNS is answered on.'
      : counted.join(', '),
    ...serviceLines(services ?? [], active ?? [], style),
  ];
}

function count(items: readonly unknown[] | undefined, what: string): string {
  return items === undefined ? `${what}s cannot be read` : plural(items.length, what);
}

function serviceLines(services: readonly Service[], active: readonly Release[], style: Style): string[] {
  const releaseOf = new Map(active.flatMap((release) => Object.keys(release.services).map((name) => [name, release])));
  const rows = services.slice(0, SERVICES_SHOWN).map(({ name, shares }) => {
    const release = releaseOf.get(name);
    const going = release === undefined ? '' : `release ${release.id} to ${release.to} ${stateWord(release, style)}`;
    return [name, split(shares, style), going];
  });
  const more = services.length - rows.length;
  return [
    ...(rows.length > 0 ? ['', ...columns(rows).map((line) => `  ${line}`)] : []),
    ...(more > 0 ? [`  and ${more} more: teal service list`] : []),
  ];
}
