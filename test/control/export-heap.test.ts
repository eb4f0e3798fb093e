/** Large zones are written in a heap in which no object for each RRset has room. */
import t from 'tap';
import { inSmallHeap } from '../fixtures/small-heap.ts';
import type { Exported, Task } from './export-heap-thread.ts';

const entry = new URL('./export-heap-thread.ts', import.meta.url);
const RRSETS = 60_000;

for (const isDigested of [false, true]) {
  t.test(isDigested ? 'with a digest' : 'as it is kept', async (t) => {
    const task: Task = { rrsets: RRSETS, isDigested };
    const { lines, bytes, end } = await inSmallHeap<Exported>(entry, task);
    t.equal(lines, RRSETS + (isDigested ? 4 : 3), '$ORIGIN, SOA, NS');
    t.ok(bytes > RRSETS * 30);
    t.match(end, /^host-00\d+\.sub-6 +60 +IN A +192\.0\.2\.1\n$/m, 'the last one in canonical order');
  });
}
