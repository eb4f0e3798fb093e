/** Freed memory goes back to the system after a large zone came or went, and at no other time. */

import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { FreedMemory, giveBackFreed, quietness } from '../../src/sockets/freed-memory.ts';
import { loadLibc } from '../../src/sockets/libc.ts';

const MIB = 2 ** 20;

t.test('once the table has changed by much and then stands still', (t) => {
  let given = 0;
  let isQuiet = true;
  const freed = new FreedMemory(
    10 * MIB,
    () => given++,
    () => isQuiet,
  );
  const after = (...usedMib: number[]): number => {
    for (const mib of usedMib) freed.look(mib * MIB);
    return given;
  };
  t.equal(after(10, 11, 14, 10), 0, 'a little is not worth it');
  t.equal(after(40, 90, 140), 0, 'not while it grows');
  t.equal(after(141), 1);
  t.equal(after(141, 142, 141), 1, 'once');
  t.equal(after(100, 20, 20), 2, 'a zone that went');
  isQuiet = false;
  t.equal(after(100, 100, 100), 2, 'not while somebody would wait for it');
  isQuiet = true;
  t.equal(after(100, 100), 3, 'but then');
  t.end();
});

t.test('a thread is quiet that has waited since the last look', async (t) => {
  const isQuiet = quietness();
  for (let endAt = performance.now() + 50; performance.now() < endAt; );
  await turn();
  t.equal(isQuiet(), false);
  // However long it takes: on a busy machine what is little may take its time.
  let isLastQuiet = false;
  for (let i = 0; i < 100 && !isLastQuiet; i++) {
    await sleep(100);
    isLastQuiet = isQuiet();
  }
  t.ok(isLastQuiet);
});

const trim = loadLibc()?.trim;
t.test('the C library does it in another thread', { skip: trim === undefined && 'no glibc' }, async (t) => {
  const error = await new Promise((resolve) => trim?.(resolve));
  t.notOk(error);
});

t.test('V8 keeps no room for what is gone', async (t) => {
  const { gone, before } = (() => {
    const objects = Array.from({ length: 200_000 }, (_, i) => ({ name: `object ${i}`, parts: [i] }));
    return { gone: new WeakRef(objects), before: process.memoryUsage().heapTotal };
  })();
  // A reference that was made in this turn is kept until it ends.
  await turn();
  giveBackFreed();
  t.equal(gone.deref(), undefined);
  t.ok(process.memoryUsage().heapTotal < before - 10 * MIB, `${before} bytes before`);
  t.equal((globalThis as { gc?: unknown }).gc, undefined, 'nobody else can call for it');
  t.doesNotThrow(giveBackFreed, 'more than once');
});
