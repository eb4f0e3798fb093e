/** Each thread has a mark of its own for as long as it lives. */
import t from 'tap';
import { clearMarks, Marks } from '../../src/sockets/marks.ts';
import { CONTROL, MARK_STRIDE_WORDS, MAX_READERS, READERS_PER_PLACE } from '../../src/table/layout.ts';
import { createSharedTable } from '../../src/table/memory.ts';

t.test('the lowest that nobody has is taken, and one that is freed says that nobody reads', async (t) => {
  const { control } = createSharedTable(4096, 2 ** 16);
  const marks = new Marks(control);
  t.same([marks.take(), marks.take(), marks.take()], [0, 1, 2]);
  const words = new Int32Array(control);
  const at = CONTROL.MARKS + MARK_STRIDE_WORDS;
  words[at] = 7;
  words[at + MARK_STRIDE_WORDS] = 8;
  marks.free(1);
  t.equal(words[at], 0, 'what the dead held may be used again');
  t.equal(words[at + MARK_STRIDE_WORDS], 8);
  t.equal(marks.take(), 1);
  t.equal(marks.take(), 3);
});

t.test('there are no more than the memory has room for', async (t) => {
  const marks = new Marks(createSharedTable(4096, 2 ** 16).control);
  for (let i = 0; i < MAX_READERS; i++) marks.take();
  t.throws(() => marks.take());
});

t.test('two processes that read at once have marks of their own, and those of a dead one are cleared', async (t) => {
  const { control } = createSharedTable(4096, 2 ** 16);
  const words = new Int32Array(control);
  const [first, second] = [new Marks(control, 0), new Marks(control, 1)];
  for (let i = 0; i < READERS_PER_PLACE; i++) words[CONTROL.MARKS + first.take() * MARK_STRIDE_WORDS] = 7;
  t.throws(() => first.take(), 'and no more');
  const mark = second.take();
  t.equal(mark, READERS_PER_PLACE);
  words[CONTROL.MARKS + mark * MARK_STRIDE_WORDS] = 8;
  clearMarks(control, 0);
  const left = Array.from({ length: MAX_READERS }, (_, i) => words[CONTROL.MARKS + i * MARK_STRIDE_WORDS]);
  t.same(
    left.filter((value) => value !== 0),
    [8],
  );
});
