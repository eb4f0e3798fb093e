/** The memory that a start needed goes back once, when nobody would wait for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { giveBackAfterStart } from '../../src/server/start-memory.ts';

/** Says by turns what it is given, then the last of it for ever; how often it was asked. */
function saying(...words: boolean[]): { isQuiet: () => boolean; asked: () => number } {
  let asked = 0;
  return { isQuiet: () => words[Math.min(asked++, words.length - 1)] ?? false, asked: () => asked };
}

async function untilAsked(asked: () => number, times: number): Promise<void> {
  while (asked() < times) await sleep(1);
}

t.test('after some looks at a thread that has little to do, once', async (t) => {
  const { isQuiet, asked } = saying(true);
  let givenAt: number | undefined;
  giveBackAfterStart(() => (givenAt = givenAt === undefined ? asked() : Number.NaN), isQuiet, 1);
  while (givenAt === undefined) await sleep(1);
  await sleep(20);
  t.equal(givenAt, 5);
  t.equal(asked(), 5, 'nobody looks any more');
});

t.test('not while it has much to do', async (t) => {
  const { isQuiet, asked } = saying(true, true, true, true, false, false, false, true);
  let givenAt = 0;
  giveBackAfterStart(() => (givenAt = asked()), isQuiet, 1);
  while (givenAt === 0) await sleep(1);
  t.equal(givenAt, 8);
});

t.test('never, once it is to be left out', async (t) => {
  const { isQuiet, asked } = saying(true);
  const leaveOut = giveBackAfterStart(() => t.fail('given back'), isQuiet, 1);
  await untilAsked(asked, 1);
  leaveOut();
  await sleep(20);
  t.equal(asked(), 1);
});
