/** What one node tells another of its clocks, late or not, and what is made of it. */
import fc from 'fast-check';
import t from 'tap';
import {
  clockForm,
  clockOffsetMs,
  type HeardClock,
  isFarOff,
  noteClock,
  parseClock,
} from '../../../src/model/fleet/clocks.ts';
import { runs } from '../../fixtures/runs.ts';

const NOON_MS = Date.parse('2026-11-30T12:00:00Z');

/** One moment: the clocks of both may be set, and then the one tells, on its way for so long. */
interface Moment {
  readonly afterMs: number;
  readonly otherSetMs: number;
  readonly ownSetMs: number;
  readonly delayMs: number;
}

// A clock that is set by less than what makes it one that was set is off by that.
const setMs = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 300, max: 3e9 }) },
  { weight: 1, arbitrary: fc.integer({ min: -3e9, max: -300 }) },
);
const moment: fc.Arbitrary<Moment> = fc.record({
  afterMs: fc.integer({ min: 1000, max: 20_000 }),
  otherSetMs: setMs,
  ownSetMs: setMs,
  delayMs: fc.integer({ min: 0, max: 900 }),
});

t.test('an offset reads low by as long as the quickest word was on its way, and never high', async (t) => {
  fc.assert(
    fc.property(fc.array(moment, { minLength: 1, maxLength: 30 }), fc.integer({ min: 0, max: 1e9 }), (moments, up) => {
      let nowMs = 0;
      let otherMs = NOON_MS;
      let ownMs = NOON_MS;
      let heard: readonly HeardClock[] = [];
      /** Since the other's clock was set last, within the time that is looked at. */
      let words: { atMs: number; delayMs: number }[] = [];
      for (const { afterMs, otherSetMs, ownSetMs, delayMs } of moments) {
        nowMs += afterMs;
        otherMs += otherSetMs;
        ownMs += ownSetMs;
        if (otherSetMs !== 0) words = [];
        const told = { wallMs: otherMs + nowMs, steadyMs: up + nowMs };
        const heardAtMs = nowMs + delayMs;
        words = [...words.filter(({ atMs }) => heardAtMs - atMs < 60_000), { atMs: heardAtMs, delayMs }];
        heard = noteClock(heard, { ...told, heardAtMs });
        const own = { wallMs: ownMs + heardAtMs, steadyMs: heardAtMs };
        const offsetMs = clockOffsetMs(heard, own);
        const quickestMs = Math.min(...words.map((word) => word.delayMs));
        t.equal(offsetMs, otherMs - ownMs - quickestMs);
        t.equal(clockOffsetMs(heard, { ...own, steadyMs: heardAtMs + 30_001 }), undefined, 'it fell silent');
      }
    }),
    { numRuns: runs(300) },
  );
});

t.test('far off is so from two seconds on, and until it is within one', async (t) => {
  const heard = [1, 2].map((heardAtMs) => ({ wallMs: 0, steadyMs: 0, heardAtMs }));
  const isFar = (offsetMs: number, wasFar = false, told: readonly HeardClock[] = heard): boolean =>
    isFarOff(offsetMs, told, { wasFar });
  t.same(
    [0, 1999, -1999, 2000, -2000, 1e9].map((offsetMs) => isFar(offsetMs)),
    [false, false, false, true, true, true],
  );
  t.same(
    [0, 999, -999, 1000, -1000].map((offsetMs) => isFar(offsetMs, true)),
    [false, false, false, true, true],
  );
  t.equal(isFar(-2000, false, heard.slice(1)), false, 'one word may have been on its way for long');
  t.equal(isFar(2000, false, heard.slice(1)), true, 'none arrives before it was sent');
});

t.test('what is no clock was not told', async (t) => {
  const told = { wallMs: NOON_MS, steadyMs: 12 };
  t.same(parseClock(JSON.parse(JSON.stringify(clockForm({ ...told, steadyMs: 12.3 })))), told);
  for (const form of [undefined, null, 1, 'a', {}, [], [1], [1, -1], [1.5, 2], ['1', '2'], [null, 1]]) {
    t.equal(parseClock(form), undefined, JSON.stringify(form));
  }
});
