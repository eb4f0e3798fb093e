/** The builder thread sweeps when nobody waits for it, and does not wait for ever until nobody does. */
import t from 'tap';
import { Sweeps } from '../../src/control/zone-files/sweeps.ts';

/** A clock that is set by hand, and how much there is to sweep. */
function begin(steps = 0) {
  let nowMs = 0;
  let left = steps;
  let next: { atMs: number; work: () => void } | undefined;
  const sweptAtMs: number[] = [];
  const sweep = (): boolean => {
    sweptAtMs.push(nowMs);
    return left > 0 && left-- > 0;
  };
  const after = (ms: number, work: () => void): (() => void) => {
    const own = { atMs: nowMs + ms, work };
    next = own;
    return () => {
      if (next === own) next = undefined;
    };
  };
  const sweeps = new Sweeps(sweep, { after });
  const pass = (ms: number): void => {
    const untilMs = nowMs + ms;
    while (next !== undefined && next.atMs <= untilMs) {
      const { atMs, work } = next;
      nowMs = atMs;
      next = undefined;
      work();
    }
    nowMs = untilMs;
  };
  return { sweeps, sweptAtMs, pass };
}

t.test('every two seconds, and on and on while there is something', async (t) => {
  const { sweeps, sweptAtMs, pass } = begin(2);
  pass(4100);
  t.same(sweptAtMs, [2000, 2010, 2020, 4020]);
  sweeps.stop();
  pass(10_000);
  t.equal(sweptAtMs.length, 4, 'no more once it is stopped');
});

t.test('not before two seconds after a reply, but requests that keep coming do not hold it up for ever', async (t) => {
  const { sweeps, sweptAtMs, pass } = begin(3);
  pass(1900);
  sweeps.replied();
  pass(1999);
  t.same(sweptAtMs, []);
  for (let i = 0; i < 100; i++) {
    sweeps.replied();
    pass(100);
  }
  t.equal(sweptAtMs[0], 1900 + 1999 + 300 + 2000, 'two seconds after the fifth');
  t.ok(sweptAtMs.length >= 4, 'and then all of it');
  const before = sweptAtMs.length;
  sweeps.replied();
  pass(1999);
  t.equal(sweptAtMs.length, before, 'after which it waits again');
});
