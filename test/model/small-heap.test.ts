/** Large zones of every shape are read in a heap in which no object for each name, cut or record has room. */
import t from 'tap';
import { inSmallHeap } from '../fixtures/small-heap.ts';
import { type Reading, SHAPES, type Shape, type Task } from './small-heap-thread.ts';

const entry = new URL('./small-heap-thread.ts', import.meta.url);
/** An object for each of so many names, with what it holds, takes twice as much as there is. */
const RECORDS = 60_000;
/** What tells the records of one RRset apart is smaller. */
const RECORDS_OF_LARGE = 300_000;

const ofLarge: Shape = 'RRsets of twenty records';

function read(shape: Shape): Promise<Reading> {
  const task: Task = { shape, records: shape === ofLarge ? RECORDS_OF_LARGE : RECORDS };
  return inSmallHeap<Reading>(entry, task);
}

/** What the check says of such a zone, and how often. */
const said: Partial<Record<Shape, readonly [codes: readonly string[], findings: number]>> = {
  'delegations without the glue that they need': [['glue_missing'], RECORDS],
  'records that are there twice': [['record_repeated'], RECORDS],
};

for (const shape of SHAPES) {
  t.test(shape, async (t) => {
    const { rrsets, packedBytes, codes, findings } = await read(shape);
    t.match([codes, findings], said[shape] ?? [[], 0]);
    const each = shape === 'delegations with glue' ? 2 : 1;
    t.equal(rrsets, (shape === ofLarge ? RECORDS_OF_LARGE / 20 : RECORDS * each) + 3);
    t.ok(packedBytes > RECORDS);
  });
}
