/** What a freeze comes to: its windows as instants, with what clocks that are set do to them. Pure: the time is passed in. */
import {
  type CalendarWindow,
  clockChangeAfter,
  nominalMs,
  type Span,
  spanAt,
  spansAfter,
  wallText,
} from './calendar.ts';
import { type Freeze, windowBody } from './freeze.ts';

type Windows = Pick<Freeze, 'windows' | 'timeZone'>;

/** A window on the time line. */
interface ComingWindow extends Span {
  /** By the wall clock: `Fri 2026-12-04 16:00 – Mon 2026-12-07 08:00 Europe/Berlin`. */
  readonly wall: string;
  /** What a clock that is set does to it. */
  readonly message?: string;
}

/** A month of weekends, and what fits a screen. */
const COMING_MAX = 5;

/** When it begins next, Unix time, milliseconds; undefined: never again. Cheap, it is asked of each that is shown. */
export function nextBegin({ windows, timeZone }: Windows, atMs: number): number | undefined {
  const begins = windows.flatMap((window) => {
    const beginMs = spanAt(window, timeZone, atMs)?.beginMs;
    return beginMs === undefined || beginMs <= atMs ? [] : [beginMs];
  });
  return begins.length === 0 ? undefined : Math.min(...begins);
}

/** The windows that are on or come next, in order of time. */
export function comingWindows({ windows, timeZone }: Windows, atMs: number): ComingWindow[] {
  return windows
    .flatMap((window) =>
      spansAfter(window, timeZone, atMs, COMING_MAX).map((span) => ({
        ...span,
        wall: `${wallText(span.beginMs, timeZone).replace(/ \S+$/, '')} – ${wallText(span.endMs, timeZone)}`,
        ...lengthSaid(window, span),
      })),
    )
    .sort((a, b) => a.beginMs - b.beginMs || a.endMs - b.endMs)
    .slice(0, COMING_MAX);
}

/** The next time that the clock is set, in a sentence or two; undefined: as far as is known it never is. */
export function clockSaid({ windows, timeZone }: Windows, atMs: number): string | undefined {
  const change = clockChangeAfter(timeZone, atMs);
  if (change === undefined) return undefined;
  const [day, date] = wallText(change.atMs, timeZone).split(' ');
  const way = change.minutes > 0 ? 'forward' : 'back';
  const said = `The clocks of ${timeZone} go ${way} on ${day} ${date}, from ${change.from} to ${change.to}.`;
  const touched = windows.flatMap((window) => {
    const near = spansAfter(window, timeZone, change.atMs - nominalMs(window) - DAY_MS, 2);
    const span = near.find(({ beginMs, endMs }) => beginMs <= change.atMs && endMs >= change.atMs);
    const { from, to } = windowBody(window);
    if (span === undefined)
      return isLeftOut(window, timeZone, change.atMs) ? [`${from} – ${to} is left out then.`] : [];
    return lengthSaid(window, span).message === undefined ? [] : [`${from} – ${to} lasts ${hours(span)} then.`];
  });
  return [said, ...touched].join(' ');
}

const DAY_MS = 86_400_000;
/** Two windows of a week that follow each other are never so far apart, however the clock is set. */
const GAP_MS = 8 * DAY_MS;

/** Whether a part of each week falls into what the clock leaves out as a whole. */
function isLeftOut(window: CalendarWindow, timeZone: string, changeMs: number): boolean {
  if ('dates' in window) return false;
  const spans = spansAfter(window, timeZone, changeMs - GAP_MS, 3);
  return spans.some(({ beginMs }, i) => {
    const before = spans[i - 1]?.beginMs ?? beginMs;
    return before < changeMs && beginMs > changeMs && beginMs - before > GAP_MS;
  });
}

/** Nothing where it is as long as it reads. */
function lengthSaid(window: CalendarWindow, span: Span): { readonly message?: string } {
  const nominal = nominalMs(window);
  const lengthMs = span.endMs - span.beginMs;
  if (lengthMs === nominal) return {};
  const how = lengthMs < nominal ? 'forward' : 'back';
  return { message: `Clocks go ${how}: it lasts ${hours(span)}.` };
}

/** `63 h`, `63 h 30 min`. */
function hours({ beginMs, endMs }: Span): string {
  const minutes = Math.round((endMs - beginMs) / 60_000);
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}
