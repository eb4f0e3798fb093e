/** Answers by the hour: counted from counters, kept for a week, bounded, and read again from what was written. */
import t from 'tap';
import { AnswerHours, ENTRIES_MAX, HOUR_MS } from '../../src/control/hours.ts';
import { atOnce } from '../../src/control/slices.ts';
import type { Table } from '../../src/table/table.ts';

const DAY_MS = 24 * HOUR_MS;
const T0 = Date.UTC(2026, 10, 29, 10, 30);

/** Counters that the test sets. */
function counters() {
  const counts = new Map<string, Record<string, number>>();
  const observed = {
    services: () => [...counts.keys()].map((name) => ({ name })).values(),
    poolCounts: (name: string) =>
      Object.fromEntries(Object.entries(counts.get(name) ?? {}).map(([pool, answers]) => [pool, { answers }])),
  } as unknown as Table['observed'];
  return { counts, hours: new AnswerHours(observed) };
}

t.test('counts what was gained, to the hour that it is', async (t) => {
  const { counts, hours } = counters();
  counts.set('a.test', { blue: 1000, green: 5 });
  atOnce(hours.sample(T0));
  t.same(hours.of('a.test'), [], 'what was answered before is of no hour');
  counts.set('a.test', { blue: 1010, green: 5 });
  atOnce(hours.sample(T0 + 60_000));
  counts.set('a.test', { blue: 1011, green: 9 });
  atOnce(hours.sample(T0 + 120_000));
  const atMs = Date.UTC(2026, 10, 29, 10);
  t.same(hours.of('a.test'), [{ atMs, answers: { blue: 11, green: 4 } }]);
  // A pool that is made anew begins at 0.
  counts.set('a.test', { blue: 3, green: 9 });
  atOnce(hours.sample(T0 + HOUR_MS));
  t.equal(hours.of('a.test').length, 1, 'nothing was gained');
  counts.set('a.test', { blue: 5, green: 9 });
  atOnce(hours.sample(T0 + HOUR_MS + 60_000));
  t.same(hours.of('a.test').at(-1), { atMs: atMs + HOUR_MS, answers: { blue: 2 } });
});

t.test('keeps a week, and no hours to come where a clock went back', async (t) => {
  const { counts, hours } = counters();
  for (let day = 0; day < 10; day++) {
    counts.set('a.test', { blue: day });
    atOnce(hours.sample(T0 + day * DAY_MS));
  }
  t.equal(hours.of('a.test').length, 7);
  atOnce(hours.sample(T0));
  t.same(
    hours.of('a.test').filter(({ atMs }) => atMs > T0),
    [],
  );
});

t.test('is bounded, however many services are asked all the time', async (t) => {
  const { counts, hours } = counters();
  const names = Array.from({ length: 10_000 }, (_, i) => `s${i}.test`);
  for (let hour = 0; hour < 40; hour++) {
    for (const name of names) counts.set(name, { blue: hour });
    atOnce(hours.sample(T0 + hour * HOUR_MS));
  }
  const kept = hours.of('s1.test').length;
  t.ok(kept >= 24 && kept * names.length <= ENTRIES_MAX, `${kept} hours of 39`);
  t.equal(hours.of('s1.test').at(-1)?.atMs, Math.floor(T0 / HOUR_MS + 39) * HOUR_MS, 'the latest');
});

t.test('is read again, and nonsense is not', async (t) => {
  const { counts, hours } = counters();
  for (const blue of [0, 7]) {
    counts.set('a.test', { blue });
    atOnce(hours.sample(T0));
  }
  const again = counters().hours;
  t.ok(again.read(hours.text(), T0));
  t.same(again.of('a.test'), hours.of('a.test'));
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"form":2,"hours":[]}',
    '{"form":1,"hours":[[1,{"a":{"blue":-1}}]]}',
    '{"form":1,"hours":[["x",{}]]}',
  ]) {
    const fresh = counters().hours;
    t.notOk(fresh.read(text, T0), text);
    t.same(fresh.of('a.test'), []);
  }
});
