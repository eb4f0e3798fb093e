/** The arena hands out what is free as long as there is any, zeroed, and no word twice. */
import fc from 'fast-check';
import t from 'tap';
import { Arena, createSharedTable, sizeClass } from '../../src/table/memory.ts';
import { runs } from '../fixtures/runs.ts';

const MAX_BYTES = 2 ** 16;

t.test('blocks of a full arena are cut where smaller ones are wanted', async (t) => {
  const arena = new Arena(createSharedTable(MAX_BYTES, MAX_BYTES));
  const blocks: number[] = [];
  for (let at = arena.allocate(1024); at !== 0; at = arena.allocate(1024)) blocks.push(at);
  t.ok(blocks.length > 10);
  while (arena.allocate(4) !== 0);
  arena.free(blocks[3], 1024);
  const small = Array.from({ length: 256 }, () => arena.allocate(4));
  t.equal(new Set(small).size, 256);
  t.ok(small.every((at) => at >= blocks[3] && at < blocks[3] + 1024));
  t.equal(arena.allocate(4), 0);
});

t.test('what is free is handed out before more is taken, however long there was nothing', async (t) => {
  for (const slabWords of [0, 1024]) {
    const arena = new Arena(createSharedTable(MAX_BYTES, MAX_BYTES), slabWords);
    const other = new Arena(createSharedTable(MAX_BYTES, MAX_BYTES));
    for (const words of [8, 40, 80]) {
      const blocks = Array.from({ length: 5 }, () => arena.allocate(words));
      arena.free(blocks[1], words);
      t.equal(arena.allocate(words), blocks[1], 'freed');
      arena.free(blocks[2], words);
      other.absorb(arena.lend());
      arena.allocate(words);
      arena.absorb(other.lend());
      t.equal(arena.allocate(words), blocks[2], 'lent, and given back');
      arena.allocate(words);
      arena.giveGaps([blocks[3], sizeClass(words)]);
      t.equal(arena.allocate(words), blocks[3], 'a gap');
    }
  }
});

t.test('blocks that were freed side by side are of use for a larger one when they are joined', async (t) => {
  const arena = new Arena(createSharedTable(MAX_BYTES, MAX_BYTES));
  const blocks: number[] = [];
  for (let at = arena.allocate(8); at !== 0; at = arena.allocate(8)) blocks.push(at);
  const [kept] = blocks.splice(blocks.length >> 1, 1);
  for (const at of blocks) arena.free(at, 8);
  t.equal(arena.allocate(1024), 0);
  arena.join();
  const made: number[] = [];
  for (let at = arena.allocate(1024); at !== 0; at = arena.allocate(1024)) made.push(at);
  t.ok(made.length * 1024 > blocks.length * 8 - 3 * 1024, `${made.length} of ${blocks.length / 128}`);
  t.notOk(made.some((at) => at <= kept && kept < at + 1024));
  t.ok(made.every((at) => arena.view.words.subarray(at, at + 1024).every((word) => word === 0)));
});

t.test('no word is handed out twice, and what is handed out is zeroed', async (t) => {
  const step = fc.record({
    words: fc.integer({ min: 1, max: 700 }),
    frees: fc.boolean(),
    which: fc.nat(1000),
    joins: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 300 }), fc.constantFrom(0, 1024), (steps, slab) => {
      const arena = new Arena(createSharedTable(4096, MAX_BYTES), slab);
      const held: { at: number; words: number }[] = [];
      const owner = new Uint8Array(MAX_BYTES / 4);
      for (const { words, frees, which, joins } of steps) {
        const { usedBytes } = arena;
        if (joins === 0) arena.join();
        t.equal(arena.usedBytes, usedBytes);
        if (frees && held.length > 0) {
          const [gone] = held.splice(which % held.length, 1);
          owner.fill(0, gone.at, gone.at + sizeClass(gone.words));
          arena.free(gone.at, gone.words);
          continue;
        }
        const at = arena.allocate(words);
        if (at === 0) continue;
        const end = at + sizeClass(words);
        t.notOk(owner.subarray(at, end).includes(1));
        t.ok(arena.view.words.subarray(at, end).every((word) => word === 0));
        owner.fill(1, at, end);
        arena.view.words.fill(-1, at, end);
        held.push({ at, words });
      }
    }),
    { numRuns: runs(60) },
  );
});
