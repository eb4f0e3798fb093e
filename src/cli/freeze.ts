/** `teal freeze`: windows of a calendar in which no traffic is moved forward. */
import type { Command } from 'commander';
import type { Freeze, FreezeOutlook } from '../contract/types.ts';
import { path } from './api.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { columns, instant, printable } from './format/text.ts';
import { collect, type Labels, labelFlag } from './option-values.ts';
import { describeRemote, describeWrite, openSession, type Session, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface AddOptions extends SessionOptions {
  readonly timeZone?: string;
  readonly service?: readonly string[];
  readonly zone?: readonly string[];
  readonly label?: Labels;
  readonly ownLabel?: Labels;
  /** `--no-own-labels`. */
  readonly ownLabels: boolean;
  readonly message?: string;
  readonly dryRun?: boolean;
}

export function add(program: Command, shell: Shell): void {
  const group = program
    .command('freeze')
    .helpGroup('Traffic:')
    .summary('times without releases: add, list, show, rm')
    .description(
      'Freezes: while one is on, shifts and releases are refused and a release that goes on waits. Rollback, abort and ' +
        'forced health work all the same; in an emergency --override says why it is passed over.',
    );
  const make = group
    .command('add <name> <windows...>')
    .description('Make a freeze, or put another in its place. A window is `Fri 16:00 - Mon 8:00` or two dates.')
    .option('--time-zone <zone>', 'whose clock the windows go by, such as Europe/Berlin; or name it after a window')
    .option('--service <pattern>', 'only services whose name fits, such as *.example.com; repeat it', collect)
    .option('--zone <pattern>', 'only services of zones whose name fits; repeat it', collect)
    .option(labelFlag[0], 'only services with this label; repeat it', labelFlag[2])
    .option(
      '--own-label <key=value>',
      'a label of the freeze itself, for `teal apply --prune`; repeat it',
      labelFlag[2],
    )
    .option('--no-own-labels', 'take the labels away that it has itself')
    .option('--message <text>', 'why, for whoever is refused')
    .option('--dry-run', 'only show when it would be on, and what clocks that are set do to it')
    .action((name: string, windows: string[], options: AddOptions) => addFreeze(name, windows, options, shell));
  describeWrite(
    make,
    `
    teal freeze add weekend 'Fri 16:00 - Mon 8:00 Europe/Berlin' --message 'No releases at weekends'
    teal freeze add holidays '2026-12-20 - 2027-01-03' --time-zone America/New_York --zone shop.example.com
    teal freeze add nights 'Mon 22:00 - Tue 6:00' 'Tue 22:00 - Wed 6:00' --time-zone Europe/Berlin --dry-run
    `,
  );
  const list = group
    .command('list')
    .description('List freezes, and which of them are on.')
    .action(async (options: SessionOptions) => {
      const session = await openSession(shell, options);
      const freezes = await Array.fromAsync(session.api.all<Freeze>('/v1/freezes'));
      session.show({ items: freezes }, () => freezeLines(freezes));
    });
  describeRemote(list, 'teal freeze list');
  const show = group
    .command('show <name>')
    .description('Show one freeze, when it is on next, and what clocks that are set do to it.')
    .action(async (name: string, options: SessionOptions) => {
      const session = await openSession(shell, options);
      const freeze = await session.api.get<Freeze>(path`/v1/freezes/${name}`);
      const { timeZone, windows } = freeze;
      const outlook = await foresee(session, { timeZone, windows });
      session.show(freeze, () => [...freezeLines([freeze]), ...ownLines(freeze), '', ...outlookLines(outlook)]);
    });
  describeRemote(show, 'teal freeze show weekend');
  const remove = group
    .command('rm <name>')
    .alias('remove')
    .description('Delete a freeze; releases that it holds go on.')
    .action(async (name: string, options: SessionOptions) => {
      const session = await openSession(shell, options);
      await session.api.delete(path`/v1/freezes/${name}`);
      session.show({ name, deleted: true }, () => [`${name} is deleted.`]);
    });
  describeWrite(remove, 'teal freeze rm weekend');
}

async function addFreeze(name: string, texts: readonly string[], options: AddOptions, shell: Shell): Promise<void> {
  const { service: services, zone: zones, label: labels, message } = options;
  // Left out, those that it has stay.
  const ownLabels = options.ownLabels ? options.ownLabel : { ...options.ownLabel };
  const read = texts.map(parseWindow);
  const timeZones = new Set([...(options.timeZone ? [options.timeZone] : []), ...read.flatMap((each) => each.zone)]);
  const [timeZone, other] = timeZones;
  if (timeZone === undefined || other !== undefined) {
    const found = other === undefined ? 'none' : [...timeZones].join(' and ');
    throw new Failure(EXIT.USAGE, `expected one time zone, such as --time-zone Europe/Berlin, found ${found}`);
  }
  const windows = read.map(({ from, to }) => ({ from, to }));
  const body = {
    timeZone,
    windows,
    ...(services && { services }),
    ...(zones && { zones }),
    ...(labels && { labels }),
    ...(ownLabels && { ownLabels }),
    ...(message !== undefined && { message }),
  };
  const session = await openSession(shell, options);
  if (options.dryRun) {
    const outlook = await foresee(session, body);
    return session.show(outlook, () => outlookLines(outlook));
  }
  const freeze = await session.api.put<Freeze>(path`/v1/freezes/${name}`, { body });
  session.show(freeze, () => [...freezeLines([freeze]), ...ownLines(freeze)]);
}

/** What stands between the two ends of a window. */
const BETWEEN: ReadonlySet<string> = new Set(['-', '–', 'to', 'until']);

/** `Fri 16:00 - Mon 8:00 Europe/Berlin`: the server says what a time is. Throws Failure. */
export function parseWindow(text: string): { from: string; to: string; zone: string[] } {
  const words = text.trim().split(/\s+/);
  const [at = 0, ...more] = words.flatMap((word, i) => (BETWEEN.has(word) ? [i] : []));
  const [from, rest] = [words.slice(0, at).join(' '), words.slice(at + 1).join(' ')];
  if (from === '' || rest === '' || more.length > 0) {
    throw new Failure(
      EXIT.USAGE,
      `expected a window such as 'Fri 16:00 - Mon 8:00' or '2026-12-20 - 2027-01-03', found ${JSON.stringify(text)}`,
    );
  }
  // A day of the week is followed by its time, a time zone by nothing.
  const named = /^(?<to>.*\d)\s+(?<zone>[A-Za-z][\w/+-]*)$/.exec(rest)?.groups;
  return { from, to: named?.to ?? rest, zone: named?.zone === undefined ? [] : [named.zone] };
}

export function freezeLines(freezes: readonly Freeze[]): string[] {
  if (freezes.length === 0) return ['There is no freeze: `teal freeze add --help` says how to make one.'];
  const rows = freezes.map((freeze) => [
    freeze.name,
    freeze.active ? `on, ${freeze.until === null ? 'no end' : `until ${instant(freeze.until)}`}` : 'off',
    `${freeze.windows.map(({ from, to }) => `${from} – ${to}`).join(', ')} ${freeze.timeZone}`,
    reachInWords(freeze),
    printable(freeze.message ?? ''),
  ]);
  return columns([['FREEZE', 'NOW', 'WHEN', 'FOR', 'WHY'], ...rows]);
}

function foresee({ api }: Session, body: object): Promise<FreezeOutlook> {
  return api.post<FreezeOutlook>('/v1/freezes', { ...body, dryRun: true });
}

/** When it is on next, by its own clock and by that of the log. */
function outlookLines({ active, until, coming, clocks }: FreezeOutlook): string[] {
  const rows = coming.map(({ from, to, wall, message = '' }) => [wall, instant(from), instant(to), message]);
  const now = active ? [`On now, ${until === null ? 'without an end' : `until ${instant(until)}`}.`] : [];
  const none = rows.length === 0 ? ['It is over, and is never on again.'] : [];
  return [
    ...now,
    ...none,
    ...columns([['NEXT', 'FROM', 'TO', ''], ...rows]),
    ...(clocks === undefined ? [] : [clocks]),
  ];
}

function ownLines({ ownLabels = {} }: Freeze): string[] {
  const own = wordsOf(ownLabels);
  return own.length === 0 ? [] : [printable(`Its own labels: ${own.join(' ')}`)];
}

function wordsOf(labels: Labels): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
}

function reachInWords({ services = [], zones = [], labels = {} }: Freeze): string {
  return printable([...services, ...zones, ...wordsOf(labels)].join(' ')) || 'everything';
}
