/** A clock that is off by more than an hour is found out by what has happened, and by a steady clock beside it. */
import t from 'tap';
import { nameToWire } from '../../src/model/name.ts';
import { ClockWitness } from '../../src/signing/clock-witness.ts';
import { ZoneSigner } from '../../src/signing/zone-signer.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { makeGround, makeKey, NOON_MS } from '../fixtures/signing.ts';

const HOUR_MS = 3_600_000;

/** A wall clock and a steady one, to be set. */
function makeClocks(wallMs = NOON_MS, pastMs = 0) {
  const clocks = { wall: wallMs, steady: 5000, past: pastMs };
  const read = { wallMs: () => clocks.wall, steadyMs: () => clocks.steady };
  const witness = new ClockWitness(read, () => clocks.past);
  const pass = (ms: number, drift = 0): string | undefined => {
    clocks.steady += ms;
    clocks.wall += ms + drift;
    return witness.fault;
  };
  return { clocks, witness, pass };
}

t.test('a clock that runs on is believed, whatever time passes and though it is set a little', async (t) => {
  const { witness, pass } = makeClocks(NOON_MS, NOON_MS - 1);
  t.equal(witness.fault, undefined);
  t.equal(pass(400 * 24 * HOUR_MS), undefined);
  t.equal(pass(1000, HOUR_MS - 1), undefined, 'set ahead by less than an hour');
  t.equal(pass(1000, 2 - 2 * HOUR_MS), undefined, 'and back');
});

t.test('a clock that jumps is not believed until it is back', async (t) => {
  const { pass } = makeClocks();
  t.equal(pass(1000, HOUR_MS + 1), 'ahead');
  t.equal(pass(24 * HOUR_MS), 'ahead', 'no time makes it right');
  t.equal(pass(1000, -HOUR_MS), undefined);
  t.equal(pass(1000, -HOUR_MS - 2), 'behind');
});

t.test('what has happened is not to come: a change that is later than the clock', async (t) => {
  const { clocks, pass, witness } = makeClocks(NOON_MS, NOON_MS + HOUR_MS);
  t.equal(witness.fault, undefined, 'an hour may be');
  clocks.past += 1;
  t.equal(witness.fault, 'behind');
  t.equal(pass(2), undefined, 'it is past by now');
});

t.test('a machine that begins in 1970 and then learns the time is believed from then on', async (t) => {
  const { witness, pass, clocks } = makeClocks(0, NOON_MS);
  t.equal(witness.fault, 'behind');
  t.equal(pass(1000, NOON_MS), undefined);
  t.equal(pass(HOUR_MS), undefined);
  clocks.past = clocks.wall;
  t.equal(pass(1000, 2 * HOUR_MS), 'ahead', 'and a jump after that is one');
});

t.test('nothing is signed by such a clock, and what is signed stays', async (t) => {
  const ground = makeGround(temporaryFolder(t));
  t.teardown(() => ground.file.close());
  let fault: 'ahead' | 'behind' | undefined;
  const key = makeKey();
  const apex = nameToWire('test');
  const signer = new ZoneSigner(apex, { records: [key], dnskey: [key] }, { ...ground, clockFault: () => fault });
  const sign = (last: number): number => signer.sign(apex, TYPE.A, 60, [Uint8Array.of(192, 0, 2, last)]).length;
  t.equal(sign(1), 1);
  for (const each of ['ahead', 'behind'] as const) {
    fault = each;
    t.match(signer.refusal, {
      code: 'signing_refused',
      detail: new RegExp(each === 'ahead' ? 'gone ahead' : 'behind'),
    });
    t.equal(sign(1), 1, 'as before');
    t.throws(() => sign(2));
  }
  fault = undefined;
  t.equal(sign(2), 1);
  t.equal(signer.refusal, undefined);
});
