/** A window of a freeze as it is typed. */
import t from 'tap';
import { parseWindow } from '../../src/cli/freeze.ts';

t.test('two times, and a time zone where one is named', async (t) => {
  const week = { from: 'Fri 16:00', to: 'Mon 8:00' };
  for (const text of [
    'Fri 16:00 - Mon 8:00',
    ' Fri  16:00 – Mon 8:00 ',
    'Fri 16:00 to Mon 8:00',
    'Fri 16:00 until Mon 8:00',
  ]) {
    t.same(parseWindow(text), { ...week, zone: [] }, text);
    t.same(parseWindow(`${text} Europe/Berlin`), { ...week, zone: ['Europe/Berlin'] });
  }
  t.same(parseWindow('2026-12-20 - 2027-01-03'), { from: '2026-12-20', to: '2027-01-03', zone: [] });
});

t.test('what is no window says what one is', async (t) => {
  for (const text of ['', 'Fri 16:00', '- Mon 8:00', 'Fri 16:00 -', 'Fri - Sat - Sun', 'Fri 16:00-Mon 8:00'])
    t.throws(() => parseWindow(text), { message: /^expected a window such as 'Fri 16:00 - Mon 8:00'/ }, text);
});
