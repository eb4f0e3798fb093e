/**
 * Readings of wall clocks, as the browser knows time zones: which instant one is, and that a clock leaves it out or shows
 * it twice. Said while it is typed; the server judges all the same. Pure.
 */

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** undefined: there is no such time zone. */
function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  // An offset is a zone to Intl, and one that knows of no summer.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(timeZone)) return undefined;
  try {
    const made = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(timeZone, made);
    return made;
  } catch {
    return undefined;
  }
}

/** Where the browser is. */
export function ownTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function isTimeZone(text: string): boolean {
  return formatOf(text) !== undefined;
}

/** What is wrong with the name of a time zone; undefined: nothing. */
export function zoneFault(text: string): string | undefined {
  if (isTimeZone(text)) return undefined;
  return `There is no time zone “${text}”: it is a name such as Europe/Berlin or UTC.`;
}

/** What a clock shows, as if it were UTC: Unix time, milliseconds. */
function shownMs(atMs: number, format: Intl.DateTimeFormat): number {
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = (
    ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
  ).map((type) => parts.get(type));
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * The instant at which a clock shows a date (`2026-12-01`) and a time (`06:00`), Unix time, milliseconds; `never`: it
 * leaves that out; `twice`: it shows it at two instants; undefined: there is no such date, time or zone.
 */
export function readingAt(date: string, time: string, timeZone: string): number | 'never' | 'twice' | undefined {
  const format = formatOf(timeZone);
  const asUtcMs = Date.parse(`${date}T${time}Z`);
  if (format === undefined || !/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(asUtcMs)) return undefined;
  // Whichever way the clock is set nearby, it was so the day before, or is so the day after.
  const offsets = [-DAY_MS, 0, DAY_MS].map((by) => shownMs(asUtcMs + by, format) - (asUtcMs + by));
  const found = [...new Set(offsets)].map((offset) => asUtcMs - offset).filter((at) => shownMs(at, format) === asUtcMs);
  if (found.length === 0) return 'never';
  return found.length === 1 ? found[0] : 'twice';
}

/** When something is to be done, as it is typed. */
export interface Later {
  readonly isLater: boolean;
  readonly date: string;
  readonly time: string;
  readonly timeZone: string;
}

/** What was typed comes to a body's members, with the instant that it is; or to what is wrong with it. */
export type Planned =
  | { readonly kind: 'now' }
  | { readonly kind: 'unsaid' }
  | { readonly kind: 'fault'; readonly fault: string }
  | {
      readonly kind: 'later';
      readonly atMs: number;
      readonly body: { readonly at: string; readonly timeZone: string };
    };

/** The most that the server plans ahead. */
const AHEAD_MAX_MS = 366 * DAY_MS;

export function plannedOf({ isLater, date, time, timeZone }: Later, nowMs: number): Planned {
  if (!isLater) return { kind: 'now' };
  const zone = timeZone.trim();
  const noZone = zoneFault(zone);
  if (noZone !== undefined) return { kind: 'fault', fault: noZone };
  if (date === '' || time === '') return { kind: 'unsaid' };
  const atMs = readingAt(date, time, zone);
  if (atMs === undefined) return { kind: 'fault', fault: 'There is no such date and time.' };
  if (atMs === 'never') {
    return { kind: 'fault', fault: `The clocks of ${zone} leave ${time} out on that day: they are put forward.` };
  }
  if (atMs === 'twice') {
    const fault = `The clocks of ${zone} show ${time} twice on that day, since they are put back: choose another time, or UTC.`;
    return { kind: 'fault', fault };
  }
  if (atMs <= nowMs) return { kind: 'fault', fault: 'That is past.' };
  if (atMs > nowMs + AHEAD_MAX_MS) return { kind: 'fault', fault: 'That is more than a year away.' };
  return { kind: 'later', atMs, body: { at: `${date}T${time}`, timeZone: zone } };
}

/** The next hour but one, where the browser is. */
export function firstLater(nowMs: number, timeZone: string): Later {
  const format = formatOf(timeZone);
  if (format === undefined) return firstLater(nowMs, 'UTC');
  const hourMs = 60 * MINUTE_MS;
  const text = new Date(Math.ceil(shownMs(nowMs, format) / hourMs) * hourMs + hourMs).toISOString();
  return { isLater: false, date: text.slice(0, 10), time: text.slice(11, 16), timeZone };
}
