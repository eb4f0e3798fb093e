/**
 * Wall clocks of time zones: which instants lie between two of their readings. Pure: the time is passed in, and the rules
 * of the zones are data. Temporal, which the language has and Node 24 does not yet, knows what clocks do twice and what
 * they leave out.
 */
import { Temporal } from 'temporal-polyfill';

/** From the first instant to the last one, which is not in it. Unix times, milliseconds. */
export interface Span {
  readonly beginMs: number;
  readonly endMs: number;
}

/** A time of each week: the day from 1, Monday, to 7, and the minute of the day. */
interface WeekTime {
  readonly day: number;
  readonly minute: number;
}

/** Part of each week, or of the calendar once; a time in it is one of a wall clock. */
export type CalendarWindow =
  | { readonly weekly: { readonly from: WeekTime; readonly to: WeekTime } }
  /** As ISO 8601 writes them, without a zone. */
  | { readonly dates: { readonly from: string; readonly to: string } };

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const WEEK_DAYS = 7;
const DAY_MINUTES = 24 * 60;

/** The name of a time zone as the tz database has it, whatever the case; undefined: it has none of that name. */
export function timeZoneOf(text: string): string | undefined {
  // Temporal takes offsets too, which know of no summer.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(text)) return undefined;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text).timeZoneId;
  } catch {
    return undefined;
  }
}

/** `Fri 16:00`, `friday 8:00`; undefined: it is none of these. `24:00` is the end of a day. */
export function readWeekTime(text: string): WeekTime | undefined {
  const match = /^([A-Za-z]{3,9})[ ,]{1,2}(\d{1,2}):(\d\d)$/.exec(text.trim());
  if (match === null) return undefined;
  const [, word = '', hour, minute] = match;
  const day = DAYS.findIndex((each) => isDay(word.toLowerCase(), each)) + 1;
  const minutes = Number(hour) * 60 + Number(minute);
  if (day === 0 || Number(minute) > 59 || minutes > 24 * 60) return undefined;
  return minutes === 24 * 60 ? { day: (day % WEEK_DAYS) + 1, minute: 0 } : { day, minute: minutes };
}

const LONG = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

function isDay(word: string, day: (typeof DAYS)[number]): boolean {
  return word === day.toLowerCase() || word === LONG[DAYS.indexOf(day)];
}

/** `Fri 16:00`. */
export function weekTimeText({ day, minute }: WeekTime): string {
  return `${DAYS[day - 1]} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/** `2026-12-20`, `2026-12-20 16:00`, `2026-12-20T16:00`, in canonical text; undefined: there is no such day or time. */
export function readDateTime(text: string): string | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d{1,2}):(\d\d))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, date, hour = '0', minute = '00'] = match;
  try {
    const isDayEnd = hour === '24' && minute === '00';
    const time = `${date}T${isDayEnd ? '00' : hour.padStart(2, '0')}:${minute}`;
    const read = Temporal.PlainDateTime.from(time, { overflow: 'reject' });
    return (isDayEnd ? read.add({ days: 1 }) : read).toString({ smallestUnit: 'minute' });
  } catch {
    return undefined;
  }
}

/** Spans that were worked out last, by window and zone: each holds from when it was asked for until its end. */
const known = new Map<string, { readonly fromMs: number; readonly span: Span | undefined }>();
/** More than all windows of all freezes. */
const KNOWN_MAX = 5000;

/** The span of a window that goes on at a time, or else the next one; undefined: there is none any more. */
export function spanAt(window: CalendarWindow, timeZone: string, atMs: number): Span | undefined {
  const key = `${timeZone} ${JSON.stringify(window)}`;
  const last = known.get(key);
  if (last !== undefined && atMs >= last.fromMs && (last.span === undefined || atMs < last.span.endMs)) {
    return last.span;
  }
  const span = spansNear(window, timeZone, atMs).find(({ endMs }) => endMs > atMs);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, { fromMs: atMs, span });
  return span;
}

/** The spans of a window that are not over at a time, in order; of a part of each week so many. */
export function spansAfter(window: CalendarWindow, timeZone: string, atMs: number, count: number): Span[] {
  // From the one that began in the week before: one of these is over, and one may be left out.
  const weeks = Array.from({ length: count + 3 }, (_, i) => i - 1);
  return spansNear(window, timeZone, atMs, weeks)
    .filter(({ beginMs, endMs }) => endMs > atMs && endMs > beginMs)
    .slice(0, count);
}

/** How long a window is by a clock that is never set, milliseconds. */
export function nominalMs(window: CalendarWindow): number {
  if ('dates' in window) {
    const [from, to] = [window.dates.from, window.dates.to].map((each) => Temporal.PlainDateTime.from(each));
    return (from as Temporal.PlainDateTime).until(to as Temporal.PlainDateTime).total('milliseconds');
  }
  const { from, to } = window.weekly;
  const minutes = (to.day - from.day) * DAY_MINUTES + to.minute - from.minute;
  return (minutes > 0 ? minutes : minutes + WEEK_DAYS * DAY_MINUTES) * 60_000;
}

/** That a clock is set, and from what to what it is. */
interface ClockChange {
  /** Unix time, milliseconds. */
  readonly atMs: number;
  /** Minutes that it is put forward by; less than none: back. */
  readonly minutes: number;
  /** As it would show the moment, and as it does: `02:00`. */
  readonly from: string;
  readonly to: string;
}

/** The next time that the clock is set; undefined: as far as is known it never is. */
export function clockChangeAfter(timeZone: string, atMs: number): ClockChange | undefined {
  const after = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).getTimeZoneTransition('next');
  if (after === null) return undefined;
  const before = after.subtract({ milliseconds: 1 });
  const minutes = (after.offsetNanoseconds - before.offsetNanoseconds) / 60e9;
  const shown = after.toPlainDateTime().subtract({ minutes });
  return {
    atMs: after.epochMilliseconds,
    minutes,
    from: `${two(shown.hour)}:${two(shown.minute)}`,
    to: `${two(after.hour)}:${two(after.minute)}`,
  };
}

const NEAR = [-1, 0, 1, 2];

/** In order of time; what clocks leave out as a whole is none. */
function spansNear(window: CalendarWindow, timeZone: string, atMs: number, weeks: readonly number[] = NEAR): Span[] {
  if ('dates' in window) {
    const [from, to] = [window.dates.from, window.dates.to].map((each) => Temporal.PlainDateTime.from(each));
    return [spanOf(from as Temporal.PlainDateTime, to as Temporal.PlainDateTime, timeZone)];
  }
  const { from, to } = window.weekly;
  const today = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate();
  const monday = today.subtract({ days: today.dayOfWeek - 1 });
  const isNextWeek = to.day < from.day || (to.day === from.day && to.minute <= from.minute);
  const days = to.day - from.day + (isNextWeek ? WEEK_DAYS : 0);
  return weeks
    .map((week) => {
      const begin = monday.add({ days: week * WEEK_DAYS + from.day - 1 });
      return spanOf(at(begin, from.minute), at(begin.add({ days }), to.minute), timeZone);
    })
    .filter(({ beginMs, endMs }) => endMs > beginMs);
}

function at(date: Temporal.PlainDate, minute: number): Temporal.PlainDateTime {
  return date.toPlainDateTime({ hour: Math.floor(minute / 60), minute: minute % 60 });
}

/**
 * The widest: where a clock shows the beginning twice it is the first time, and where it shows the end twice, the second
 * one. A time that it leaves out is the instant at which it does so.
 */
function spanOf(from: Temporal.PlainDateTime, to: Temporal.PlainDateTime, timeZone: string): Span {
  return { beginMs: instantOf(from, timeZone, 'earlier'), endMs: instantOf(to, timeZone, 'later') };
}

function instantOf(reading: Temporal.PlainDateTime, timeZone: string, twice: 'earlier' | 'later'): number {
  if (!isLeftOut(reading, timeZone)) {
    return reading.toZonedDateTime(timeZone, { disambiguation: twice }).epochMilliseconds;
  }
  const before = reading.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  return before.getTimeZoneTransition('next')?.epochMilliseconds ?? before.epochMilliseconds;
}

function isLeftOut(reading: Temporal.PlainDateTime, timeZone: string): boolean {
  const found = reading.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  return !found.toPlainDateTime().equals(reading);
}

/** What one reading of a wall clock is: an instant; none, since the clock leaves it out; or either of two. */
export function readingAt(text: string, timeZone: string): number | 'never' | 'twice' {
  const reading = Temporal.PlainDateTime.from(text);
  if (isLeftOut(reading, timeZone)) return 'never';
  const [first, second] = (['earlier', 'later'] as const).map((disambiguation) =>
    reading.toZonedDateTime(timeZone, { disambiguation }),
  );
  if (first?.epochMilliseconds !== second?.epochMilliseconds) return 'twice';
  return (first as Temporal.ZonedDateTime).epochMilliseconds;
}

/** `Mon 2026-11-30 08:00 Europe/Berlin`. Unix time, milliseconds. */
export function wallText(atMs: number, timeZone: string): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  const { year, month, day, hour, minute } = zoned;
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
  return `${DAYS[zoned.dayOfWeek - 1]} ${date} ${two(hour)}:${two(minute)} ${timeZone}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
