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
  readonly zones: readonly Zone[];
  readonly services: readonly Service[];
  readonly active: readonly Release[];
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
      const counts = { zones: zones.length, services: services.length };
      session.show({ ...rest, ready: notReady === undefined, notReady, ...counts, activeReleases: active }, () =>
        overviewLines(overview, session.style),
      );
      // What is said is said above; scripts ask for the exit code.
      if (notReady !== undefined) throw new Failure(EXIT.TRY_LATER, '');
    });
  describeRemote(command, 'teal status\nTEAL_ADMIN_URL=https://ns1.example.com:8053 teal status --json');
}

async function lookAround({ api }: Session): Promise<Overview> {
  const [notReady, zones, services, active] = await Promise.all([
    readiness(() => api.get('/readyz')),
    Array.fromAsync(api.all<Zone>('/v1/zones')),
    Array.fromAsync(api.all<Service>('/v1/services')),
    Array.fromAsync(api.all<Release>('/v1/releases?state=active')),
  ]);
  return { url: api.connection.url, notReady, zones, services, active };
}

async function readiness(ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    if (error instanceof Failure && error.exitCode === EXIT.TRY_LATER) return error.message;
    throw error;
  }
}

export function overviewLines({ url, notReady, zones, services, active }: Overview, style: Style): string[] {
  const releaseOf = new Map(active.flatMap((release) => Object.keys(release.services).map((name) => [name, release])));
  const rows = services.slice(0, SERVICES_SHOWN).map(({ name, shares }) => {
    const release = releaseOf.get(name);
    const going = release === undefined ? '' : `release ${release.id} to ${release.to} ${stateWord(release, style)}`;
    return [name, split(shares, style), going];
  });
  const more = services.length - rows.length;
  return [
    `Teal at ${url}: ${notReady === undefined ? style.colour('green', 'ready') : style.colour('red', 'takes no changes')}`,
    ...(notReady === undefined ? [] : [`  ${printable(notReady)}`]),
    `${plural(zones.length, 'zone')}, ${plural(services.length, 'service')}, ${plural(active.length, 'release')} going on`,
    ...(rows.length > 0 ? ['', ...columns(rows).map((line) => `  ${line}`)] : []),
    ...(more > 0 ? [`  and ${more} more: teal service list`] : []),
  ];
}
