/** Moments as programs write them: what the calendar does not have is no other day. */
import fc from 'fast-check';
import t from 'tap';
import { readDay, readInstant } from '../../src/model/instant.ts';
import { runs } from '../fixtures/runs.ts';

/** The days of each month of a year (Gregorian). */
const daysOf = (year: number): number[] => {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
};
const padded = (number: number): string => String(number).padStart(2, '0');

t.test('a day is one that the calendar has, and a time one of that day', async () => {
  const field = (min: number, max: number) => fc.integer({ min, max });
  const asked = fc.tuple(field(1970, 2400), field(0, 13), field(0, 32), field(0, 25), field(0, 61), field(0, 61));
  fc.assert(
    fc.property(asked, fc.constantFrom('Z', 'z', '+02:00', '-11:30'), ([year, month, day, ...time], zone) => {
      const date = `${year}-${padded(month)}-${padded(day)}`;
      const [hour, minute, second] = time;
      const isDay = day >= 1 && day <= (daysOf(year)[month - 1] ?? 0);
      const isTime = hour <= 23 && minute <= 59 && second <= 59;
      const text = `${date}T${time.map(padded).join(':')}${zone}`;
      const read = readInstant(text);
      return (readDay(date) !== undefined) === isDay && (read !== undefined) === (isDay && isTime);
    }),
    { numRuns: runs(2000) },
  );
});

t.test('is read in all the ways that RFC 3339 has, and no others', async (t) => {
  const ms = Date.UTC(2027, 1, 28, 22, 30, 5, 250);
  for (const text of ['2027-02-28T22:30:05.250Z', '2027-02-28t22:30:05.25z', '2027-03-01 00:30:05.250+02:00'])
    t.equal(readInstant(text), ms, text);
  t.equal(readInstant('2027-02-28T22:30Z'), Date.UTC(2027, 1, 28, 22, 30));
  t.equal(readDay('2028-02-29'), Date.UTC(2028, 1, 29));
  for (const text of ['', '2027-02-28', '2027-02-28T22:30:05', '+012027-02-28T22:30:05Z', '2027-2-28T22:30Z', '0'])
    t.equal(readInstant(text), undefined, text);
});
