/** The table against a plain model: random changes, published or taken back; every lookup must equal the model's. */
import fc from 'fast-check';
import t from 'tap';
import type { Responder } from '../../src/responder/answer.ts';
import { CounterView, createCounterMemory } from '../../src/table/counters.ts';
import type { Table } from '../../src/table/table.ts';
import { buildQuery, decode } from '../fixtures/dns-client.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, askBytes, collectAll, makeTable, rrset, service, zone } from '../fixtures/table.ts';
import { Model } from './model.ts';
import { differences, emptied, type Round, round } from './rounds.ts';

/** Plays the rounds; gives back differences, and the state at the end. */
function play(table: Table, current: Responder, held: Responder, rounds: readonly Round[]): string[] {
  let model = new Model();
  let heldModel = model;
  held.enter(0);
  for (const { steps, publish, reenter } of rounds) {
    const next = model.copy();
    const changes = steps.flatMap((one) => next.change(one) ?? []);
    const problem = table.prepare(changes);
    if (problem !== undefined) return [problem.detail];
    current.enter(0);
    const early = differences(current, model).map((text) => `prepared, not published: ${text}`);
    if (early.length > 0) return early;
    if (publish) table.publish();
    else table.takeBack();
    if (publish) model = next;
    current.enter(0);
    const now = differences(current, model).map((text) => `${publish ? 'published' : 'taken back'}: ${text}`);
    if (now.length > 0) return now;
    current.leave();
    const old = differences(held, heldModel).map((text) => `a reader of an older generation: ${text}`);
    if (old.length > 0) return old;
    if (!reenter) continue;
    held.enter(0);
    heldModel = model;
  }
  held.leave();
  apply(table, ...emptied(model).flatMap((one) => model.change(one) ?? []));
  // Nobody reads: what was replaced is free at once, what settles then is free the next time.
  collectAll(table);
  return [];
}

t.test('every lookup equals the model, in every generation', (t) => {
  fc.assert(
    fc.property(fc.array(round, { minLength: 1, maxLength: 12 }), (rounds) => {
      const { table, makeResponder } = makeTable({ initialBytes: 4096 });
      const found = play(table, makeResponder(0), makeResponder(1), rounds);
      if (found.length > 0) throw new Error(found[0]);
    }),
    { numRuns: runs(80) },
  );
  t.end();
});

t.test('the use of the arena returns to its start after everything was deleted, however often', (t) => {
  fc.assert(
    fc.property(fc.array(round, { minLength: 1, maxLength: 12 }), (rounds) => {
      const { table, makeResponder } = makeTable({ initialBytes: 4096 });
      const [current, held] = [makeResponder(0), makeResponder(1)];
      // The first time the index of zones takes the size that it then keeps, or the second time, beside marks of zones that went.
      for (let first = 0; first < 2; first++) play(table, current, held, rounds);
      const { usedBytes, waiting } = table.memory;
      for (let again = 0; again < 3; again++) play(table, current, held, rounds);
      if (waiting !== 0 || table.memory.waiting !== 0) throw new Error(`${table.memory.waiting} blocks still wait`);
      if (table.memory.usedBytes !== usedBytes) throw new Error(`${table.memory.usedBytes} bytes, not ${usedBytes}`);
    }),
    { numRuns: runs(25) },
  );
  t.end();
});

t.test('names above a service exist in a new zone where another name came and went before in the same changes', (t) => {
  const { table, responder } = makeTable({ initialBytes: 4096 });
  const pools = (): Parameters<typeof service>[2] => ({ blue: [1, '192.0.2.1'], green: [0, '192.0.2.2'] });
  const gone = { op: 'deleteService', zone: 'test', name: 'd.c.b.a.test' } as const;
  apply(table, zone('test'), service('test', gone.name, pools()), gone, service('test', 'e.c.b.a.test', pools()));
  collectAll(table);
  for (const name of ['a.test', 'b.a.test', 'c.b.a.test', 'e.c.b.a.test'])
    t.equal(decode(askBytes(responder, buildQuery({ name })) as Buffer).rcode, 0, name);
  t.equal(decode(askBytes(responder, buildQuery({ name: gone.name })) as Buffer).rcode, 3);
  t.end();
});

t.test('a zone that comes and goes in the same changes leaves nothing of a service that it took over', (t) => {
  const { table, responder } = makeTable({ initialBytes: 4096 });
  const app = (apex: string) => service(apex, 'app.a.test', { blue: [1, '192.0.2.1'], green: [0, '192.0.2.2'] });
  apply(table, zone('test'), app('test'));
  apply(table, zone('a.test'), app('a.test'), { op: 'deleteZone', zone: 'a.test' });
  for (const name of ['a.test', 'app.a.test', 'green.app.a.test'])
    t.equal(decode(askBytes(responder, buildQuery({ name })) as Buffer).rcode, 3, name);
  t.end();
});

t.test('20,000 names in one zone: each is found, each delete is seen, and the memory comes back', (t) => {
  const { table, responder } = makeTable({ initialBytes: 4096 });
  apply(table, zone('test'), zone('other.test'));
  apply(table, { op: 'deleteZone', zone: 'test' });
  collectAll(table);
  const before = table.memory.usedBytes;
  apply(table, zone('test'));
  const name = (i: number): string => `n${i}.d${i % 97}.test`;
  const count = 20_000;
  for (let first = 0; first < count; first += 1000) {
    const batch = Array.from({ length: 1000 }, (_, i) => first + i);
    apply(table, ...batch.map((i) => rrset('test', name(i), 'A', 60, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)));
  }
  const address = (i: number): string | undefined => {
    const reply = askBytes(responder, buildQuery({ name: name(i), type: 'A' }));
    return decode(reply as Buffer).answers[0]?.data;
  };
  let wrong = 0;
  for (let i = 0; i < count; i++) if (address(i) !== `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`) wrong++;
  t.equal(wrong, 0);
  for (let i = 0; i < count; i += 2) apply(table, { op: 'deleteRRset', zone: 'test', name: name(i), type: 1 });
  for (let i = 0; i < count; i++) if ((address(i) === undefined) !== (i % 2 === 0)) wrong++;
  t.equal(wrong, 0, 'half of them deleted');
  apply(table, { op: 'deleteZone', zone: 'test' });
  collectAll(table);
  t.equal(table.memory.usedBytes, before);
  t.end();
});

t.test('a full table refuses the change with a Problem and goes on as it was', (t) => {
  const { table, responder } = makeTable({ initialBytes: 4096, maxBytes: 64 * 1024 });
  apply(table, zone('test'), rrset('test', 'www.test', 'A', 60, '192.0.2.1'));
  const text = `"${'x'.repeat(250)}"`;
  let problem: unknown;
  for (let i = 0; i < 1000 && problem === undefined; i++) {
    const changes = [
      rrset('test', `n${i}.test`, 'TXT', 60, text),
      rrset('test', 'www.test', 'A', 60, `192.0.2.${i % 200}`),
    ];
    problem = table.prepare(changes);
    if (problem === undefined) table.publish();
    else t.match(problem, { code: 'table_full', detail: /limit of 65536 bytes/ });
  }
  t.ok(problem, 'it became full');
  const reply = () => decode(askBytes(responder, buildQuery({ name: 'www.test', type: 'A' })) as Buffer);
  const held = reply().answers[0].data;
  t.match(held, /^192\.0\.2\./);
  t.ok(
    table.prepare([
      rrset(
        'test',
        'big.test',
        'TXT',
        60,
        ...Array(300)
          .fill(0)
          .map((_, i) => `"${i}" ${text}`),
      ),
    ]),
  );
  t.equal(reply().answers[0].data, held, 'answers go on');
  apply(table, { op: 'deleteRRset', zone: 'test', name: 'n0.test', type: 16 });
  table.collect();
  apply(table, rrset('test', 'www.test', 'A', 60, '192.0.2.250'));
  t.equal(reply().answers[0].data, '192.0.2.250', 'what was deleted makes room');
  t.end();
});

t.test('a shift touches the plan only: no RRset is compiled again, the counters go on', (t) => {
  const { table, responder } = makeTable();
  const pools = (blue: number, green: number) =>
    service('test', 'app.test', { blue: [blue, '192.0.2.1'], green: [green, '192.0.2.2'] });
  apply(table, zone('test'), pools(1, 0));
  const ask = () => askBytes(responder, buildQuery({ name: 'app.test', type: 'A' }));
  for (let i = 0; i < 5; i++) ask();
  apply(table, pools(0, 1));
  table.collect();
  const { usedBytes } = table.memory;
  for (let i = 0; i < 100; i++) {
    apply(table, pools(i % 2, 1 - (i % 2)));
    table.collect();
  }
  t.equal(table.memory.usedBytes, usedBytes, 'a hundred shifts hold no more memory than one');
  for (let i = 0; i < 3; i++) ask();
  t.match(table.observed.poolCounts('app.test'), { blue: { answers: 8 }, green: { answers: 0 } });
  t.end();
});

t.test('a counter line that was freed starts at zero for the next pool', (t) => {
  const { table, responder } = makeTable();
  apply(table, zone('test'), service('test', 'app.test', { blue: [1, '192.0.2.1'], green: [0, '192.0.2.2'] }));
  for (let i = 0; i < 5; i++) askBytes(responder, buildQuery({ name: 'app.test', type: 'A' }));
  apply(table, { op: 'deleteService', zone: 'test', name: 'app.test' });
  table.collect();
  apply(table, service('test', 'new.test', { red: [1, '192.0.2.3'], grey: [0, '192.0.2.4'] }));
  t.match(table.observed.poolCounts('new.test'), { red: { answers: 0, lastAtMs: 0 }, grey: { answers: 0 } });
  t.same(table.observed.poolCounts('app.test'), {});
  t.end();
});

t.test('the counters of a worker follow the memory as it grows', (t) => {
  const memory = createCounterMemory();
  const view = new CounterView(memory);
  const before = view.values.length;
  memory.grow(memory.byteLength + view.values.byteLength);
  view.refresh();
  t.equal(view.values.length, before * 2);
  t.end();
});
