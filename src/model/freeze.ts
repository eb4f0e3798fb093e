/** A freeze: windows of a calendar in which traffic of some services stays where it is. Pure: the time is passed in. */
import {
  type CalendarWindow,
  readDateTime,
  readWeekTime,
  spanAt,
  timeZoneOf,
  wallText,
  weekTimeText,
} from './calendar.ts';
import { Problem } from './errors.ts';
import { type Labels, settleLabels } from './labels.ts';
import { matchesAny, parsePatterns } from './name-pattern.ts';
import type { Service } from './service.ts';

export interface Freeze {
  readonly name: string;
  /** As the tz database names it. */
  readonly timeZone: string;
  readonly windows: readonly CalendarWindow[];
  /** Canonical patterns; it is for what either list matches, and for all where there is none. */
  readonly services?: readonly string[];
  readonly zones?: readonly string[];
  /** And of these only for services that have all of them. */
  readonly labels?: Labels;
  /** Its own, by which files find it again; they say nothing of services. */
  readonly ownLabels?: Labels;
  /** Why, for who is refused. */
  readonly message?: string;
  /** The last revision that changed it. */
  readonly revision: number;
}

/** What a user says of a freeze. */
export interface FreezeBody {
  readonly timeZone: string;
  readonly windows: readonly { readonly from: string; readonly to: string }[];
  readonly services?: readonly string[];
  readonly zones?: readonly string[];
  readonly labels?: Labels;
  /** Left out: those that it has. */
  readonly ownLabels?: Labels;
  readonly message?: string;
}

/** Each shift is held against all of them. */
export const FREEZES_MAX = 100;
const WINDOWS_MAX = 20;
const MESSAGE_MAX_CHARS = 500;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come in
const NOT_IN_A_LINE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

export function makeFreeze(
  name: string,
  body: FreezeBody,
  before?: Pick<Freeze, 'ownLabels'>,
): Omit<Freeze, 'revision'> | Problem {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    return refuse(
      `A freeze's name is 1 to 63 letters, digits and ._-, and begins with one of the first two; not ${JSON.stringify(name)}.`,
    );
  }
  const timeZone = timeZoneOf(body.timeZone);
  if (timeZone === undefined) {
    const detail = `timeZone is a name of the tz database such as Europe/Berlin or UTC, not ${JSON.stringify(body.timeZone)}.`;
    return refuse(detail, '/timeZone');
  }
  if (body.windows.length === 0 || body.windows.length > WINDOWS_MAX) {
    return refuse(`A freeze has 1 to ${WINDOWS_MAX} windows, not ${body.windows.length}.`, '/windows');
  }
  const windows: CalendarWindow[] = [];
  for (const [i, window] of body.windows.entries()) {
    const made = makeWindow(window, timeZone, `/windows/${i}`);
    if (made instanceof Problem) return made;
    windows.push(made);
  }
  const services = body.services && parsePatterns(body.services, '/services');
  if (services instanceof Problem) return services;
  const zones = body.zones && parsePatterns(body.zones, '/zones');
  if (zones instanceof Problem) return zones;
  const labelled = settleLabels(body.labels, undefined);
  if (labelled instanceof Problem) return labelled;
  const own = settleLabels(body.ownLabels, before?.ownLabels, '', 'ownLabels');
  if (own instanceof Problem) return own;
  const message = body.message?.trim() ?? '';
  if (message.length > MESSAGE_MAX_CHARS || NOT_IN_A_LINE.test(message) || !message.isWellFormed()) {
    return refuse(`message is one line of at most ${MESSAGE_MAX_CHARS} characters.`, '/message');
  }
  return {
    name,
    timeZone,
    windows,
    ...(services && { services }),
    ...(zones && { zones }),
    ...labelled,
    ...(own.labels && { ownLabels: own.labels }),
    ...(message !== '' && { message }),
  };
}

function makeWindow(
  { from, to }: FreezeBody['windows'][number],
  timeZone: string,
  pointer: string,
): CalendarWindow | Problem {
  const weekly = [readWeekTime(from), readWeekTime(to)];
  if (weekly[0] !== undefined && weekly[1] !== undefined) {
    if (from !== to && weekTimeText(weekly[0]) !== weekTimeText(weekly[1])) {
      return { weekly: { from: weekly[0], to: weekly[1] } };
    }
    return refuse('A weekly window ends at another time than it begins; two of them can be a whole week.', pointer);
  }
  const dates = [readDateTime(from), readDateTime(to)];
  if (dates[0] === undefined || dates[1] === undefined) {
    const detail = `from and to are both times of the week such as "Fri 16:00", or both dates such as "2026-12-24" or "2026-12-24T16:00"; not ${JSON.stringify(from)} and ${JSON.stringify(to)}.`;
    return refuse(detail, pointer);
  }
  const window = { dates: { from: dates[0], to: dates[1] } };
  // Asked of long before, there is one where it is not empty.
  const span = spanAt(window, timeZone, Number.MIN_SAFE_INTEGER);
  if (dates[0] < dates[1] && span !== undefined && span.beginMs < span.endMs) return window;
  return refuse(`A window ends after it begins; this one is from ${dates[0]} to ${dates[1]}.`, pointer);
}

function refuse(detail: string, pointer?: string): Problem {
  return new Problem('freeze_invalid', detail, pointer === undefined ? {} : { pointer });
}

/** A window as a body has it. */
export function windowBody(window: CalendarWindow): FreezeBody['windows'][number] {
  if ('dates' in window) return window.dates;
  const { from, to } = window.weekly;
  return { from: weekTimeText(from), to: weekTimeText(to) };
}

/** The freeze as the log and replies tell of it. */
export function freezeBody({ timeZone, windows, services, zones, labels, ownLabels, message }: Freeze): FreezeBody {
  return {
    timeZone,
    windows: windows.map(windowBody),
    ...(services && { services }),
    ...(zones && { zones }),
    ...(labels && { labels }),
    ...(ownLabels && { ownLabels }),
    ...(message !== undefined && { message }),
  };
}

/** Whether a freeze is for a service. */
export function concerns({ services, zones, labels = {} }: Freeze, service: Pick<Service, 'name' | 'zone' | 'labels'>) {
  const isAll = services === undefined && zones === undefined;
  const isNamed = isAll || matchesAny(services ?? [], service.name) || matchesAny(zones ?? [], service.zone);
  const own = service.labels ?? {};
  return isNamed && Object.entries(labels).every(([key, value]) => Object.hasOwn(own, key) && own[key] === value);
}

/** What holds a service's traffic at a time. */
export interface Frozen {
  /** Of those that do, the one that does so longest. */
  readonly freeze: Freeze;
  /** Unix time, milliseconds; undefined: as far as can be seen it never ends. */
  readonly untilMs: number | undefined;
}

/** Windows that follow each other without a gap: a year of weekly ones. */
const SPANS_MAX = 110;

/** Whether a freeze of its own goes on, and until when: it may be that another one begins before it ends. */
export function frozenAt(freezes: readonly Freeze[], atMs: number): Frozen | undefined {
  let found: Freeze | undefined;
  let untilMs = atMs;
  for (let spans = 0; spans < SPANS_MAX; spans++) {
    const next = longestAt(freezes, untilMs);
    if (next === undefined) return found && { freeze: found, untilMs };
    found ??= next.freeze;
    untilMs = next.untilMs;
  }
  return found && { freeze: found, untilMs: undefined };
}

/** The same for any of some services, the one that is frozen longest. */
export function frozenServices(
  freezes: readonly Freeze[],
  services: readonly Pick<Service, 'name' | 'zone' | 'labels'>[],
  atMs: number,
): (Frozen & { readonly service: string }) | undefined {
  // Most have none, and a release may have a hundred services.
  if (freezes.length === 0) return undefined;
  const held = services.flatMap((service) => {
    const frozen = frozenAt(
      freezes.filter((freeze) => concerns(freeze, service)),
      atMs,
    );
    return frozen === undefined ? [] : [{ ...frozen, service: service.name }];
  });
  return held.reduce<(typeof held)[number] | undefined>((longest, each) => {
    return longest === undefined || endOf(each) > endOf(longest) ? each : longest;
  }, undefined);
}

function endOf({ untilMs = Number.POSITIVE_INFINITY }: Frozen): number {
  return untilMs;
}

function longestAt(freezes: readonly Freeze[], atMs: number): { freeze: Freeze; untilMs: number } | undefined {
  let longest: { freeze: Freeze; untilMs: number } | undefined;
  for (const freeze of freezes) {
    for (const window of freeze.windows) {
      const span = spanAt(window, freeze.timeZone, atMs);
      if (span === undefined || span.beginMs > atMs) continue;
      if (longest === undefined || span.endMs > longest.untilMs) longest = { freeze, untilMs: span.endMs };
    }
  }
  return longest;
}

/** `by the freeze weekend until Mon 2026-11-30 08:00 Europe/Berlin (no releases at weekends)`. */
export function frozenInWords({ freeze, untilMs }: Frozen): string {
  const until =
    untilMs === undefined ? 'until it is changed or removed' : `until ${wallText(untilMs, freeze.timeZone)}`;
  return `by the freeze ${freeze.name} ${until}${freeze.message === undefined ? '' : ` (${freeze.message})`}`;
}
