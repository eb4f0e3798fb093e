/** Wall clocks: windows of a calendar around the hours that clocks leave out or show twice, in several zones. */
import fc from 'fast-check';
import t from 'tap';
import {
  type CalendarWindow,
  readDateTime,
  readingAt,
  readWeekTime,
  type Span,
  spanAt,
  timeZoneOf,
  wallText,
} from '../../src/model/calendar.ts';
import { runs } from '../fixtures/runs.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** With clocks that are set at 1:00 UTC, at midnight, by half an hour, never, and that left out a whole day. */
const timeZones = [
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'Asia/Kolkata',
  'Pacific/Apia',
  'America/Santiago',
  'UTC',
];

const window = (from: string, to: string): CalendarWindow => {
  const weekly = { from: readWeekTime(from), to: readWeekTime(to) };
  return weekly.from === undefined || weekly.to === undefined
    ? { dates: { from: readDateTime(from) as string, to: readDateTime(to) as string } }
    : ({ weekly } as CalendarWindow);
};
const iso = (span: Span | undefined) =>
  span && [new Date(span.beginMs).toISOString(), new Date(span.endMs).toISOString()];
const at = (text: string) => Date.parse(text);

/** What the clock on a wall shows, by Intl, which knows nothing of Temporal: minutes of the week from Monday 0:00. */
function minuteOfWeek(atMs: number, timeZone: string): number {
  const parts = formatOf(timeZone).formatToParts(atMs);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  const day = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part('weekday'));
  return day * 1440 + Number(part('hour')) * 60 + Number(part('minute'));
}

const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  });
  formats.set(timeZone, made);
  return made;
}

t.test('times of the week and dates are read as people write them', async (t) => {
  t.same(readWeekTime('Fri 16:00'), { day: 5, minute: 960 });
  t.same(readWeekTime('friday 8:05'), { day: 5, minute: 485 });
  t.same(readWeekTime('Sun 24:00'), { day: 1, minute: 0 }, 'the end of Sunday is the beginning of Monday');
  for (const text of ['Fri', '16:00', 'Fri 25:00', 'Fri 24:01', 'Fri 16:60', 'Frx 16:00', '', 'Fri 16:00 x']) {
    t.equal(readWeekTime(text), undefined, text);
  }
  t.equal(readDateTime('2026-12-24'), '2026-12-24T00:00');
  t.equal(readDateTime('2026-12-24 9:30'), '2026-12-24T09:30');
  t.equal(readDateTime('2026-12-31T24:00'), '2027-01-01T00:00');
  for (const text of ['2026-02-30', '2026-13-01', '2026-12-24T24:01', '2026-12-24T12:00Z', '24.12.2026']) {
    t.equal(readDateTime(text), undefined, text);
  }
  t.equal(timeZoneOf('europe/berlin'), 'Europe/Berlin');
  for (const text of ['+02:00', 'Mars/Phobos', '', 'Europe/Berlin[u-ca=iso8601]', '../etc']) {
    t.equal(timeZoneOf(text), undefined, text);
  }
});

t.test('a weekend is as long as its clocks make it', async (t) => {
  const weekend = window('Fri 16:00', 'Mon 8:00');
  const span = (text: string) => iso(spanAt(weekend, 'Europe/Berlin', at(text)));
  t.same(span('2026-11-27T14:59:59Z'), ['2026-11-27T15:00:00.000Z', '2026-11-30T07:00:00.000Z']);
  t.same(span('2026-03-28T12:00:00Z'), ['2026-03-27T15:00:00.000Z', '2026-03-30T06:00:00.000Z'], 'an hour less');
  t.same(span('2026-10-25T00:30:00Z'), ['2026-10-23T14:00:00.000Z', '2026-10-26T07:00:00.000Z'], 'an hour more');
});

t.test('what begins or ends in the hour that is left out does so when the clock leaves it out', async (t) => {
  // 2026-03-29, 02:00 to 03:00 in Berlin: at 01:00 UTC.
  const berlin = (from: string, to: string, near: string) => iso(spanAt(window(from, to), 'Europe/Berlin', at(near)));
  const change = '2026-03-29T01:00:00.000Z';
  t.same(berlin('Sun 02:30', 'Sun 05:00', '2026-03-29T00:00:00Z'), [change, '2026-03-29T03:00:00.000Z']);
  t.same(berlin('Sun 02:00', 'Sun 05:00', '2026-03-29T00:00:00Z'), [change, '2026-03-29T03:00:00.000Z']);
  t.same(berlin('Sat 20:00', 'Sun 02:30', '2026-03-28T20:00:00Z'), ['2026-03-28T19:00:00.000Z', change]);
  t.same(
    berlin('Sun 02:10', 'Sun 02:50', '2026-03-28T20:00:00Z'),
    ['2026-04-05T00:10:00.000Z', '2026-04-05T00:50:00.000Z'],
    'what is left out as a whole is not there that week',
  );
  t.same(berlin('2026-03-29T02:30', '2026-03-30', '2026-03-01T00:00:00Z'), [change, '2026-03-29T22:00:00.000Z']);
});

t.test('what begins or ends in the hour that comes twice counts in full', async (t) => {
  // 2026-10-25, 03:00 back to 02:00 in Berlin: at 01:00 UTC. 02:30 is 00:30 and 01:30 UTC.
  const berlin = (from: string, to: string) =>
    iso(spanAt(window(from, to), 'Europe/Berlin', at('2026-10-24T22:00:00Z')));
  t.same(berlin('Sun 02:30', 'Sun 05:00'), ['2026-10-25T00:30:00.000Z', '2026-10-25T04:00:00.000Z']);
  t.same(berlin('Sun 01:00', 'Sun 02:30'), ['2026-10-24T23:00:00.000Z', '2026-10-25T01:30:00.000Z']);
  t.equal(readingAt('2026-10-25T02:30', 'Europe/Berlin'), 'twice');
  t.equal(readingAt('2026-03-29T02:30', 'Europe/Berlin'), 'never');
  t.equal(readingAt('2026-03-29T03:00', 'Europe/Berlin'), at('2026-03-29T01:00:00Z'));
  t.equal(wallText(at('2026-10-25T01:30:00Z'), 'Europe/Berlin'), 'Sun 2026-10-25 02:30 Europe/Berlin');
});

t.test('a day that a zone left out', async (t) => {
  // Samoa went from Thursday the 29th to Saturday the 31st of December 2011.
  const span = spanAt(window('2011-12-30', '2011-12-31'), 'Pacific/Apia', at('2011-12-01T00:00:00Z'));
  t.same(iso(span), ['2011-12-30T10:00:00.000Z', '2011-12-30T10:00:00.000Z'], 'it has no length');
});

const weekTime = fc.record({ day: fc.integer({ min: 1, max: 7 }), minute: fc.integer({ min: 0, max: 95 }) });
const weekly = fc
  .record({ from: weekTime, to: weekTime })
  .map(({ from, to }) => ({ from: { ...from, minute: from.minute * 15 }, to: { ...to, minute: to.minute * 15 } }))
  .filter(({ from, to }) => from.day !== to.day || from.minute !== to.minute);

/** Around changes of clocks most of all. */
const instant = fc.oneof(
  fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') }),
  fc
    .record({
      near: fc.constantFrom(
        ...['2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z', '2026-03-08T07:00:00Z', '2026-11-01T06:00:00Z'],
        ...['2026-04-04T15:00:00Z', '2026-10-03T15:30:00Z', '2026-04-23T22:00:00Z', '2026-09-06T04:00:00Z'],
      ),
      minutes: fc.integer({ min: -240, max: 240 }),
    })
    .map(({ near, minutes }) => at(near) + minutes * MINUTE_MS),
);

t.test('an instant at which a wall clock shows a time of the window is in its span', async () => {
  fc.assert(
    fc.property(weekly, fc.constantFrom(...timeZones), instant, ({ from, to }, timeZone, atMs) => {
      const span = spanAt({ weekly: { from, to } }, timeZone, atMs) as Span;
      const isIn = span.beginMs <= atMs;
      const [begin, end] = [from, to].map(({ day, minute }) => (day - 1) * 1440 + minute) as [number, number];
      const now = minuteOfWeek(atMs, timeZone);
      const shows = begin < end ? now >= begin && now < end : now >= begin || now < end;
      // In an hour that comes twice the span covers what the clock shows in between, too.
      const change = [-61, 61].some((minutes) => {
        const other = minuteOfWeek(atMs + minutes * MINUTE_MS, timeZone);
        return (((other - now - minutes) % 10_080) + 10_080) % 10_080 !== 0;
      });
      if (shows !== isIn && !(isIn && change))
        throw new Error(`${JSON.stringify({ from, to, timeZone, atMs, now, span })}`);
    }),
    { numRuns: runs(1500) },
  );
});

t.test('spans follow each other, whatever was asked before', async () => {
  fc.assert(
    fc.property(weekly, fc.constantFrom(...timeZones), instant, ({ from, to }, timeZone, atMs) => {
      const weekWindow = { weekly: { from, to } };
      const span = spanAt(weekWindow, timeZone, atMs) as Span;
      if (!(span.endMs > atMs && span.beginMs < span.endMs)) throw new Error('it is not over, and has a length');
      if (span.beginMs > atMs + 15 * DAY_MS) throw new Error('the next one is within two weeks');
      const next = spanAt(weekWindow, timeZone, span.endMs) as Span;
      if (next.beginMs < span.endMs) throw new Error('they do not overlap');
      const again = spanAt(weekWindow, timeZone, Math.max(atMs, span.beginMs)) as Span;
      if (again.beginMs !== span.beginMs || again.endMs !== span.endMs) throw new Error('it is the same within');
    }),
    { numRuns: runs(600) },
  );
});
