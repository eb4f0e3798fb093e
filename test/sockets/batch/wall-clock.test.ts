/** The clock of the batch transport tells the system's time. */
import t from 'tap';
import { WallClock } from '../../../src/sockets/batch/wall-clock.ts';
import { loadLibc } from '../../../src/sockets/libc.ts';

const libc = loadLibc();

t.test('it reads what Date.now() reads', { skip: libc === undefined && 'no C library here' }, (t) => {
  const clock = new WallClock(libc as NonNullable<typeof libc>);
  for (let i = 0; i < 1000; i++) {
    const before = Date.now();
    const now = clock.now();
    const after = Date.now();
    t.ok(Number.isInteger(now) && before <= now && now <= after, `${before} <= ${now} <= ${after}`);
  }
  t.end();
});
