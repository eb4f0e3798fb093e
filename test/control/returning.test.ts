/** When zones that are left out for want of room are tried again. */
import t from 'tap';
import { Returning } from '../../src/control/zone-files/returning.ts';
import { Problem } from '../../src/model/errors.ts';
import { TestClock } from '../fixtures/clock.ts';

/** Zones for which there is never room, and the names of those that were tried. */
function world(isAdopted: boolean) {
  const clock = new TestClock();
  const tried: string[] = [];
  const leftOut = new Set(['a.test', 'b.test']);
  const memory = { usedBytes: 100_000, sizeBytes: 2 ** 17, maxBytes: 2 ** 17, waiting: 0 };
  const nothing = (): void => {};
  const parts = {
    store: { signing: nothing },
    table: { content: { leftOut: () => leftOut }, memory, isAdopted },
    engine: { onChange: nothing },
    files: {
      rebuild: async (zone: string) => {
        tried.push(zone);
        return new Problem('table_full', 'The table has no room.');
      },
    },
    clock,
    log: { info: nothing, warn: nothing, error: nothing },
  } as unknown as ConstructorParameters<typeof Returning>[0];
  const returning = new Returning(parts);
  returning.start();
  return { clock, memory, tried, returning };
}

t.test('what had no room when the table was loaded is tried when something has become free', async (t) => {
  const { clock, memory, tried } = world(false);
  await clock.pass(10);
  t.same(tried, []);
  memory.usedBytes -= 5000;
  await clock.pass(1);
  t.same(tried, ['a.test'], 'one that has no room leaves others their turn');
  await clock.pass(1);
  t.same(tried, ['a.test', 'b.test']);
  await clock.pass(60);
  t.equal(tried.length, 2, 'nothing has become free since');
});

t.test('what a process before this one left out may have been about to come back', async (t) => {
  const { clock, tried, returning } = world(true);
  await clock.pass(60);
  t.same(tried, ['a.test', 'b.test']);
  returning.stop();
});
