/** When a freeze is on next, and what clocks that are set do to it. */
import t from 'tap';
import { Problem } from '../../src/model/errors.ts';
import { makeFreeze } from '../../src/model/freeze.ts';
import { clockSaid, comingWindows, nextBegin } from '../../src/model/freeze-outlook.ts';

const freeze = (timeZone: string, ...windows: [from: string, to: string][]) => {
  const made = makeFreeze('some', { timeZone, windows: windows.map(([from, to]) => ({ from, to })) });
  if (made instanceof Problem) throw new Error(made.detail);
  return made;
};
const at = (text: string) => Date.parse(text);
const walls = (of: ReturnType<typeof freeze>, text: string) =>
  comingWindows(of, at(text)).map(({ wall, message }) => (message === undefined ? wall : `${wall}: ${message}`));

t.test('the windows that come next, in the order of time, at most five', async (t) => {
  const mixed = freeze('UTC', ['Fri 16:00', 'Mon 08:00'], ['2026-12-20', '2027-01-03']);
  t.same(walls(mixed, '2026-11-28T12:00:00Z'), [
    'Fri 2026-11-27 16:00 – Mon 2026-11-30 08:00 UTC',
    'Fri 2026-12-04 16:00 – Mon 2026-12-07 08:00 UTC',
    'Fri 2026-12-11 16:00 – Mon 2026-12-14 08:00 UTC',
    'Fri 2026-12-18 16:00 – Mon 2026-12-21 08:00 UTC',
    'Sun 2026-12-20 00:00 – Sun 2027-01-03 00:00 UTC',
  ]);
  t.equal(nextBegin(mixed, at('2026-11-28T12:00:00Z')), at('2026-12-20T00:00:00Z'), 'the one that is on has begun');
  t.equal(nextBegin(freeze('UTC', ['Fri 16:00', 'Mon 08:00']), at('2026-12-01T00:00:00Z')), at('2026-12-04T16:00:00Z'));
  const over = freeze('UTC', ['2020-01-01', '2020-01-02']);
  t.same(walls(over, '2026-11-28T12:00:00Z'), []);
  t.equal(nextBegin(over, at('2026-11-28T12:00:00Z')), undefined);
});

t.test('a window over a change of clocks says how long it is', async (t) => {
  const weekend = freeze('Europe/Berlin', ['Fri 16:00', 'Mon 08:00']);
  t.same(walls(weekend, '2027-03-24T00:00:00Z').slice(0, 2), [
    'Fri 2027-03-26 16:00 – Mon 2027-03-29 08:00 Europe/Berlin: Clocks go forward: it lasts 63 h.',
    'Fri 2027-04-02 16:00 – Mon 2027-04-05 08:00 Europe/Berlin',
  ]);
  t.match(walls(weekend, '2026-10-22T00:00:00Z')[0], /: Clocks go back: it lasts 65 h\.$/);
  const half = freeze('Australia/Lord_Howe', ['Sat 16:00', 'Mon 08:00']);
  t.match(walls(half, '2027-04-01T00:00:00Z')[0], /it lasts 40 h 30 min\.$/);
});

t.test('the next change of clocks is said long before, and what it does to which window', async (t) => {
  const said = (timeZone: string, ...windows: [string, string][]) =>
    clockSaid(freeze(timeZone, ...windows), at('2026-11-29T00:00:00Z'));
  const change = 'The clocks of Europe/Berlin go forward on Sun 2027-03-28, from 02:00 to 03:00.';
  t.equal(said('Europe/Berlin', ['Mon 08:00', 'Mon 09:00']), change);
  t.equal(
    said('Europe/Berlin', ['Fri 16:00', 'Mon 08:00'], ['Sat 20:00', 'Sun 02:30']),
    `${change} Fri 16:00 – Mon 08:00 lasts 63 h then. Sat 20:00 – Sun 02:30 lasts 6 h then.`,
  );
  t.equal(said('Europe/Berlin', ['Sun 02:10', 'Sun 02:50']), `${change} Sun 02:10 – Sun 02:50 is left out then.`);
  t.equal(said('UTC', ['Fri 16:00', 'Mon 08:00']), undefined);
  t.equal(said('Asia/Kolkata', ['Fri 16:00', 'Mon 08:00']), undefined);
  const back = clockSaid(freeze('Europe/Berlin', ['Sun 01:00', 'Sun 02:30']), at('2026-09-01T00:00:00Z'));
  t.equal(
    back,
    'The clocks of Europe/Berlin go back on Sun 2026-10-25, from 03:00 to 02:00. Sun 01:00 – Sun 02:30 lasts 2 h 30 min then.',
  );
});
