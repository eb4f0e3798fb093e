/** The clock of the batch transport tells the system's time. */
import t from 'tap';
import { Clock } from '../../src/sockets/clock.ts';
import { loadLibc } from '../../src/sockets/libc.ts';

const libc = loadLibc();

t.test('it reads what Date.now() reads', { skip: libc === undefined && 'no C library here' }, (t) => {
  const clock = new Clock(libc as NonNullable<typeof libc>);
  for (let i = 0; i < 1000; i++) {
    const before = Date.now();
    const now = clock.now();
    const after = Date.now();
    t.ok(Number.isInteger(now) && before <= now && now <= after, `${before} <= ${now} <= ${after}`);
  }
  t.end();
});
