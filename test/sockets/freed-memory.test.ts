/** Freed memory goes back to the system after a large zone came or went, and at no other time. */
import t from 'tap';
import { FreedMemory } from '../../src/sockets/freed-memory.ts';
import { loadLibc } from '../../src/sockets/libc.ts';

const MIB = 2 ** 20;

t.test('once the table has changed by much and then stands still', (t) => {
  let given = 0;
  const freed = new FreedMemory(10 * MIB, () => given++);
  const after = (...usedMib: number[]): number => {
    for (const mib of usedMib) freed.look(mib * MIB);
    return given;
  };
  t.equal(after(10, 11, 14, 10), 0, 'a little is not worth it');
  t.equal(after(40, 90, 140), 0, 'not while it grows');
  t.equal(after(141), 1);
  t.equal(after(141, 142, 141), 1, 'once');
  t.equal(after(100, 20, 20), 2, 'a zone that went');
  t.end();
});

const trim = loadLibc()?.trim;
t.test('the C library does it in another thread', { skip: trim === undefined && 'no glibc' }, async (t) => {
  const error = await new Promise((resolve) => trim?.(resolve));
  t.notOk(error);
});
