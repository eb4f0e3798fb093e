/** A table whose writer died: another one goes on with it, wherever that was, and readers never notice. */
import fc from 'fast-check';
import t from 'tap';
import { Census } from '../../src/table/adoption/census.ts';
import { CounterRegistry } from '../../src/table/counters.ts';
import { CONTROL } from '../../src/table/layout.ts';
import { createTableMemory, type TableMemory } from '../../src/table/shared-memory.ts';
import { Table } from '../../src/table/table.ts';
import { dieAt } from '../fixtures/death.ts';
import { buildQuery, decode } from '../fixtures/dns-client.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, askBytes, collectAll, makeTable, rrset, zone } from '../fixtures/table.ts';
import { Model } from './model.ts';
import { differences, emptied, type Round, round } from './rounds.ts';

const held = { revision: 7, history: 1234.5 };

function adopt(memory: TableMemory): Table {
  const table = Table.adopt(memory.shared, new CounterRegistry(memory.counters, 1, 1, memory.notes));
  if (typeof table === 'string') throw new Error(table);
  return table;
}

/** The bytes that a table and its writer's notes lie in. */
function copyOf({ shared: { control, arena }, notes }: TableMemory): Uint8Array[] {
  return [control, arena, notes].map((memory) => new Uint8Array(memory).slice());
}

function restore({ shared: { control, arena }, notes }: TableMemory, copies: readonly Uint8Array[]): void {
  [control, arena, notes].forEach((memory, i) => {
    new Uint8Array(memory).set(copies[i]);
  });
}

function make(rounds: readonly Round[]): { memory: TableMemory; model: Model } {
  const memory = createTableMemory({ readers: 1, initialBytes: 2 ** 17, maxBytes: 2 ** 17 });
  const { table } = makeTable({ place: memory });
  table.hold(held);
  return { memory, model: rounds.reduce((model, each) => play(table, model, each), new Model()) };
}

/** Makes the changes of a round; the model after it. */
function play(table: Table, model: Model, { steps, publish }: Round): Model {
  const next = model.copy();
  const problem = table.prepare(steps.flatMap((step) => next.change(step) ?? []));
  if (problem !== undefined) throw new Error(problem.detail);
  if (!publish) table.takeBack();
  else table.publish();
  table.collect();
  return publish ? next : model;
}

/** Words in use, as the table counts them and as one that was just adopted does. */
function leaked(memory: TableMemory, table: Table): number {
  collectAll(table);
  const again = adopt(memory);
  collectAll(again);
  return table.memory.usedBytes - again.memory.usedBytes;
}

const rounds = (maxLength: number) => fc.array(round, { maxLength });

/** What stands between a death and the adoption, in mutants. */
type Meddle = (memory: TableMemory) => void;

/** Cuts the round off at every store, one after the other, and has another writer go on; how many deaths there were. */
function dieEverywhere(before: Round[], cut: Round, after: Round[], meddle?: Meddle): number {
  const { memory, model } = make(before);
  const copies = copyOf(memory);
  for (let count = 0; ; count++) {
    restore(memory, copies);
    const late = makeTable().makeResponder(1, memory);
    late.enter(0);
    const writer = adopt(memory);
    const generation = writer.generation;
    const changed = model.copy();
    const changes = cut.steps.flatMap((step) => changed.change(step) ?? []);
    const died = dieAt(count, () => {
      writer.prepare(changes);
      if (cut.publish) writer.publish();
      else writer.takeBack();
      writer.collect();
      writer.collect();
    });
    const now = writer.generation === generation ? model : changed;
    meddle?.(memory);
    check(memory, late, { before: model, now, after, what: `dead at ${count}` });
    if (!died) return count;
  }
}

t.test('a change that is cut off at any store is either whole or not there, and another writer goes on', (t) => {
  let deaths = 0;
  fc.assert(
    fc.property(rounds(5), round, rounds(2), (before, cut, after) => {
      deaths += dieEverywhere(before, cut, after);
    }),
    { numRuns: runs(12) },
  );
  t.ok(deaths > 20, `${deaths} deaths`);
  t.end();
});

const twoChanges: [Round[], Round, Round[]] = [
  [{ steps: [{ kind: 'zone', zone: 'test', n: 1 }], publish: true, reenter: false }],
  {
    steps: [
      { kind: 'rrset', name: 'www.test', type: 'A', n: 1 },
      { kind: 'service', name: 'e.x.test', n: 2 },
    ],
    publish: true,
    reenter: false,
  },
  [{ steps: [{ kind: 'rrset', name: 'test', type: 'TXT', n: 3 }], publish: true, reenter: false }],
];

t.test('that can fail: by a writer that does not look at an unfinished change', (t) => {
  t.doesNotThrow(() => dieEverywhere(...twoChanges));
  const { newest } = Census.prototype;
  Census.prototype.newest = function (word) {
    return this.view.words[word];
  };
  t.teardown(() => {
    Census.prototype.newest = newest;
  });
  t.throws(() => dieEverywhere(...twoChanges));
  t.end();
});

t.test('that can fail: by a writer that uses a generation again that was published', (t) => {
  const again = ({ shared }: TableMemory): void => {
    Atomics.sub(new Int32Array(shared.control), CONTROL.GENERATION, 1);
  };
  t.throws(() => dieEverywhere(...twoChanges, again), { message: /dead at/ });
  t.end();
});

t.test('an index of many names that was being split, or its directory doubled, has each of them', (t) => {
  const name = (i: number): string => `n${i}.test`;
  const add = (table: Table, i: number): void => {
    apply(table, rrset('test', name(i), 'A', 60, '192.0.2.1'));
    table.collect();
  };
  const begin = (): { memory: TableMemory; table: Table } => {
    const memory = createTableMemory({ readers: 1, initialBytes: 2 ** 19, maxBytes: 2 ** 19 });
    const { table } = makeTable({ place: memory });
    apply(table, zone('test'));
    table.hold(held);
    return { memory, table };
  };
  // A segment of full size is a page: which names bring one about?
  const { table: rehearsed } = begin();
  const splits: number[] = [];
  for (let i = 0, before = 0; i < 1700; i++, before = rehearsed.memory.usedBytes) {
    add(rehearsed, i);
    if (rehearsed.memory.usedBytes - before >= 4096 && before > 0) splits.push(i);
  }
  t.ok(splits.length >= 3, `${splits}`);
  const { memory, table } = begin();
  const responder = makeTable().makeResponder(0, memory);
  let last = table;
  let made = 0;
  let deaths = 0;
  for (const split of splits) {
    while (made < split) add(last, made++);
    const copies = copyOf(memory);
    for (let at = 0, died = true; died; at += 97) {
      restore(memory, copies);
      const writer = adopt(memory);
      died = dieAt(at, () => add(writer, split));
      if (died) deaths++;
      last = adopt(memory);
      const found = Array.from({ length: split }, (_, i) => name(i)).filter((each) => !isThere(responder, each));
      if (found.length > 0) return t.fail(`dead at ${at}: ${found[0]} and ${found.length - 1} others are gone`);
    }
    made++;
  }
  t.ok(deaths > 20, `${deaths} deaths`);
  t.equal(leaked(memory, last), 0);
  t.end();
});

function isThere(responder: Late, name: string): boolean {
  const reply = askBytes(responder, buildQuery({ name, type: 'A' }));
  return reply !== undefined && decode(reply).answers.length === 1;
}

type Late = ReturnType<ReturnType<typeof makeTable>['makeResponder']>;

function check(
  memory: TableMemory,
  late: Late,
  { before, now, after, what }: { before: Model; now: Model; after: readonly Round[]; what: string },
): void {
  const fail = (found: readonly string[], when: string): void => {
    if (found.length > 0) throw new Error(`${what}, ${when}: ${found[0]}`);
  };
  const current = makeTable().makeResponder(0, memory);
  const look = (model: Model): string[] => {
    current.enter(0);
    const found = differences(current, model);
    current.leave();
    return found;
  };
  fail(look(now), 'before anybody adopts it');
  const table = adopt(memory);
  fail(look(now), 'adopted');
  let model = now;
  for (const each of after) {
    model = play(table, model, each);
    fail(look(model), 'changed again');
    fail(differences(late, before), 'a reader that began before');
  }
  late.leave();
  const lost = leaked(memory, table);
  if (lost !== 0) throw new Error(`${what}: ${lost} bytes are lost`);
  const empty = model.copy();
  apply(table, ...emptied(model).flatMap((step) => empty.change(step) ?? []));
  collectAll(table);
  fail(look(empty), 'emptied');
}

t.test('a writer that adopts may die as well', (t) => {
  let deaths = 0;
  fc.assert(
    fc.property(rounds(4), round, fc.nat(60), (before, cut, first) => {
      const { memory, model } = make(before);
      const late = makeTable().makeResponder(1, memory);
      late.enter(0);
      const writer = adopt(memory);
      const generation = writer.generation;
      const changed = model.copy();
      const changes = cut.steps.flatMap((step) => changed.change(step) ?? []);
      dieAt(first, () => {
        writer.prepare(changes);
        writer.publish();
        writer.collect();
      });
      const now = writer.generation === generation ? model : changed;
      for (let count = 0, died = true; died; count++) {
        died = dieAt(count, () => {
          collectAllBut(adopt(memory));
        });
        if (died) deaths++;
      }
      check(memory, late, { before: model, now, after: [], what: `dead at ${first}, then while adopting` });
    }),
    { numRuns: runs(40) },
  );
  t.ok(deaths > 20, `${deaths} deaths`);
  t.end();
});

/** A reader is there, so not all comes free. */
function collectAllBut(table: Table): void {
  for (let i = 0; i < 3; i++) table.collect();
}

t.test('what the writer knew is known again', (t) => {
  const { memory } = make([]);
  const first = adopt(memory);
  t.same(first.held, held);
  t.equal(new Int32Array(memory.shared.control)[CONTROL.GENERATION], first.generation);
  t.end();
});
