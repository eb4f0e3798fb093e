/** What the console says of a date and a time before the server judges it, held against the server's own calendar. */
import fc from 'fast-check';
import t from 'tap';
import { firstLater, isTimeZone, plannedOf, readingAt } from '../../src/console/rules/wall.ts';
import { readingAt as ofServer, timeZoneOf } from '../../src/model/calendar.ts';
import { runs } from '../fixtures/runs.ts';

const zones = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'Asia/Kolkata',
  'Pacific/Apia',
  'America/Santiago',
  'Pacific/Kiritimati',
  'UTC',
];

t.test('a reading is the instant that the server takes it for; left out and shown twice likewise', async () => {
  // Around changes of clocks most of all, and the day that Samoa left out.
  const near = ['2026-03-29', '2026-10-25', '2026-03-08', '2026-11-01', '2026-04-05', '2026-10-04', '2026-04-24'];
  const day = fc.oneof(
    fc.constantFrom(...near, '2026-09-06', '2011-12-30', '2011-12-31'),
    fc
      .date({ min: new Date('2026-01-01'), max: new Date('2028-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10)),
  );
  const two = (number: number): string => String(number).padStart(2, '0');
  const time = fc.tuple(fc.nat(23), fc.nat(59)).map(([hour, minute]) => `${two(hour)}:${two(minute)}`);
  fc.assert(
    fc.property(day, time, fc.constantFrom(...zones), (date, text, timeZone) => {
      const [own, server] = [readingAt(date, text, timeZone), ofServer(`${date}T${text}`, timeZone)];
      if (own !== server) throw new Error(`${date} ${text} ${timeZone}: ${own}, and the server: ${server}`);
    }),
    { numRuns: runs(2000) },
  );
});

t.test('a zone is one here where it is one on the server', async (t) => {
  for (const text of [...zones, 'europe/berlin', 'Mars/Phobos', '+02:00', '', 'UTC+2', '../etc']) {
    t.equal(isTimeZone(text), timeZoneOf(text) !== undefined, text);
  }
});

t.test('what is typed comes to a time, or to a sentence on what is wrong', async (t) => {
  const nowMs = Date.parse('2026-11-29T10:20:00Z');
  const later = { ...firstLater(nowMs, 'Europe/Berlin'), isLater: true };
  t.match(later, { date: '2026-11-29', time: '13:00', timeZone: 'Europe/Berlin' });
  const said = (more: object) => plannedOf({ ...later, ...more }, nowMs);
  t.same(said({}), {
    kind: 'later',
    atMs: Date.parse('2026-11-29T12:00:00Z'),
    body: { at: '2026-11-29T13:00', timeZone: 'Europe/Berlin' },
  });
  t.same(said({ isLater: false, timeZone: 'Mars/Phobos' }), { kind: 'now' });
  t.same(said({ date: '' }), { kind: 'unsaid' });
  t.match(said({ timeZone: 'Mars/Phobos' }), { fault: /no time zone “Mars\/Phobos”/ });
  t.match(said({ date: '2027-03-28', time: '02:30' }), { fault: /leave 02:30 out on that day/ });
  t.match(said({ date: '2027-10-31', time: '02:30' }), { fault: /show 02:30 twice on that day/ });
  t.match(said({ date: '2026-11-28' }), { fault: 'That is past.' });
  t.match(said({ date: '2028-11-28' }), { fault: /more than a year/ });
  t.match(firstLater(nowMs, 'No/Where'), { timeZone: 'UTC' });
});
