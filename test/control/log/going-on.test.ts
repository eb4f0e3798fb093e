/** A control plane that dies anywhere in a command: the next one goes on with the table, and brings it up to the store. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { Engine } from '../../../src/control/engine.ts';
import { inForce, SeenHealth } from '../../../src/control/observed/health.ts';
import type { Service } from '../../../src/model/service.ts';
import { CounterRegistry } from '../../../src/table/counters.ts';
import { createTableMemory, type TableMemory } from '../../../src/table/shared-memory.ts';
import type { Table } from '../../../src/table/table.ts';
import { dieAt } from '../../fixtures/death.ts';
import {
  bluegreen,
  type EngineFixture,
  makeEngine,
  NOON_MS,
  temporaryFolder,
  withService,
  zoneBody,
} from '../../fixtures/engine.ts';
import { runs } from '../../fixtures/runs.ts';
import { openTestStore } from '../../fixtures/store.ts';
import { collectAll, makeTable } from '../../fixtures/table.ts';
import { answersOf, beginning, everything, type Ledger, type Move, makeLedger, moves } from './histories.ts';

/** The weights are told apart by when they came. */
const later = { atMs: NOON_MS + 1000 };

const sizes = { readers: 1, initialBytes: 2 ** 21, maxBytes: 2 ** 21 };

/** Each takes a tenth of a second and some waits for the disk. */
t.setTimeout(600_000);

function goOn(t: Test, folder: string, memory: TableMemory): Ledger {
  return makeLedger(makeEngine(t, { folder, memory, goesOn: true }));
}

/** What the table answers now, by a responder that has drawn no numbers yet. */
function answersNow(ledger: Ledger): string[] {
  return answersOf(ledger);
}

/** What a table that is built anew from the same store answers otherwise. */
function differences(t: Test, ledger: Ledger): string[] {
  const answers = answersNow(ledger);
  const { folder } = ledger.fixture;
  ledger.close();
  const fresh = makeLedger(makeEngine(t, { folder }));
  const wanted = answersNow(fresh);
  fresh.close();
  return answers.flatMap((answer, i) => (answer === wanted[i] ? [] : [`${answer}, not ${wanted[i]}`]));
}

t.test('whatever a command was about and wherever it ended, the answers are those of the store', async (t) => {
  let deaths = 0;
  const random = fc.array(moves, { minLength: 10, maxLength: 25 });
  fc.assert(
    fc.property(random, fc.array(fc.nat(15), { minLength: 3, maxLength: 8 }), moves, (history, ends, more) => {
      const memory = createTableMemory(sizes);
      let ledger = makeLedger(makeEngine(t, { memory }));
      const { folder } = ledger.fixture;
      for (const move of [...beginning, ...history]) ledger.make(move);
      for (const [i, end] of ends.entries()) {
        // One that is not cut off is a change more.
        if (dieAt(end, () => ledger.make(history[i]))) deaths++;
        ledger.close();
        ledger = goOn(t, folder, memory);
      }
      ledger.make(more);
      const found = differences(t, ledger);
      if (found.length > 0) throw new Error(found.slice(0, 3).join('\n'));
      const again = goOn(t, folder, memory);
      collectAll(again.fixture.table);
      again.close();
    }),
    { numRuns: runs(10), endOnFailure: true },
  );
  t.ok(deaths > 0, `${deaths} deaths`);
});

/** Ends between the commit of each move and what makes it visible; what is answered wrongly once another one goes on. */
function endBeforePublishing(t: Test, history: readonly Move[]): string[] {
  const memory = createTableMemory(sizes);
  let ledger = makeLedger(makeEngine(t, { memory }));
  const { folder } = ledger.fixture;
  for (const move of history) {
    const { table } = ledger.fixture;
    table.publish = () => {
      throw new Error('dead');
    };
    try {
      ledger.make(move);
    } catch (error) {
      if ((error as Error).message !== 'dead') throw error;
    }
    ledger.close();
    ledger = goOn(t, folder, memory);
  }
  return differences(t, ledger);
}

t.test('what was committed and not published is completed from the log, whatever it is', async (t) => {
  t.same(endBeforePublishing(t, everything), []);
  const services = ['app', 'a.sub', 'b.sub'].map((name) => ({
    ...({ kind: 'service.put', name: `${name}.example.com`, body: bluegreen(1, 0) } as const),
  }));
  const moves: Command[] = [
    { kind: 'zone.put', zone: 'example.com', body: zoneBody },
    ...services,
    // Takes services over from the zone above, and hides what stood for them there; then gives them up.
    { kind: 'zone.put', zone: 'sub.example.com', body: zoneBody },
    { kind: 'weights.put', name: 'a.sub.example.com', weights: { blue: 0, green: 1 } },
    { kind: 'service.delete', name: 'b.sub.example.com' },
    { kind: 'zone.delete', zone: 'sub.example.com', withServices: true },
    { kind: 'service.put', name: 'a.sub.example.com', body: bluegreen(0, 1) },
    { kind: 'zone.delete', zone: 'example.com', withServices: true },
    { kind: 'zone.put', zone: 'example.com', body: zoneBody },
    { kind: 'service.put', name: 'app.example.com', body: bluegreen(0, 1) },
  ];
  for (const count of [4, 6, 7, moves.length]) {
    const history = moves.slice(0, count).map(
      (command): Move =>
        (ledger) =>
          ledger.execute(command),
    );
    t.same(endBeforePublishing(t, history), [], `${count} commands`);
  }
});

/** Dies at every store of a shift; whether something was ever answered that the store had not taken. */
function answersUndurable(t: Test, spoil: (table: Table) => void): boolean {
  for (let count = 0; ; count++) {
    const memory = createTableMemory(sizes);
    const fixture = withService(makeEngine(t, { memory }));
    const before = fixture.store.lastRevision;
    spoil(fixture.table);
    const shift = { kind: 'weights.put', name: 'app.example.com', weights: { blue: 0, green: 100 } } as const;
    const died = dieAt(count, () => fixture.must(shift));
    const isKept = fixture.store.lastRevision > before;
    const isAnswered = isDeepStrictEqual(fixture.ask('app.example.com'), ['192.0.2.20']);
    fixture.close();
    if (isAnswered && !isKept) return true;
    if (!died) return false;
  }
}

t.test('nothing is answered before it is durable; a writer that publishes before the commit is found out', (t) => {
  t.notOk(answersUndurable(t, () => {}));
  const publishesFirst = (table: Table): void => {
    const { prepare, publish } = table;
    table.prepare = (changes) => {
      const problem = prepare.call(table, changes);
      if (problem === undefined) publish.call(table);
      return problem;
    };
    table.publish = () => {};
  };
  t.ok(answersUndurable(t, publishesFirst));
  t.end();
});

t.test(
  'counts go on: what was answered before and meanwhile is in the report, under the weights that it was given',
  (t) => {
    const memory = createTableMemory(sizes);
    const first = withService(makeEngine(t, { memory }));
    for (let i = 0; i < 5; i++) first.ask('app.example.com');
    first.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue: 0, green: 1 } }, later);
    first.close();
    first.ask('app.example.com');
    const second = makeEngine(t, { folder: first.folder, memory, goesOn: true });
    second.ask('app.example.com');
    const counts = second.table.observed.poolCounts('app.example.com');
    t.match(counts.blue, { answers: 5, answersBefore: 5 });
    t.match(counts.green, { answers: 2, answersBefore: 0 });
    t.end();
  },
);

t.test('weights that were published and not yet marked in the counters are marked', (t) => {
  const memory = createTableMemory(sizes);
  const first = withService(makeEngine(t, { memory }));
  for (let i = 0; i < 5; i++) first.ask('app.example.com');
  const { markWeight } = CounterRegistry.prototype;
  CounterRegistry.prototype.markWeight = () => {
    throw new Error('dead');
  };
  t.throws(() => first.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue: 1, green: 1 } }, later));
  CounterRegistry.prototype.markWeight = markWeight;
  first.close();
  const second = makeEngine(t, { folder: first.folder, memory, goesOn: true });
  t.match(second.table.observed.poolCounts('app.example.com').blue, { answers: 5, answersBefore: 5 });
  t.end();
});

t.test('a table of another history, of a newer store or behind a log that forgot is refused, and why is said', (t) => {
  const memory = createTableMemory(sizes);
  const first = withService(makeEngine(t, { memory }));
  first.close();
  const on = (folder: string): EngineFixture => makeEngine(t, { folder, memory, goesOn: true });
  t.throws(() => on(temporaryFolder(t)), { message: /it is at revision 2, and the store at 0 only/ });
  const other = makeEngine(t);
  for (const zone of ['other.test', 'third.test']) other.must({ kind: 'zone.put', zone, body: zoneBody });
  other.close();
  t.throws(() => on(other.folder), { message: /another history up to revision 2/ });
  const shifted = makeEngine(t, { folder: first.folder });
  shifted.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue: 1, green: 1 } });
  shifted.store.entry = () => undefined;
  const why = new Engine(shifted.store, adoptedTable(memory)).goOn();
  t.match(why, /the log no longer says what revision 3 changed/);
  t.end();
});

function adoptedTable(memory: TableMemory): Table {
  const { table } = makeTable({ place: memory, adopts: true });
  return table;
}

t.test('what probes of an earlier process saw is answered on', (t) => {
  const memory = createTableMemory(sizes);
  const health = { tcp: { port: 80 } };
  const seen = new SeenHealth({ wallMs: () => NOON_MS, steadyMs: () => 0 });
  const inForceOf = (view: SeenHealth) => (service: Service) => inForce(service, view);
  const first = makeEngine(t, { memory, inForce: inForceOf(seen) });
  first.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  first.must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(1, 1, { health }) as never });
  seen.see('app.example.com', '192.0.2.10', { state: 'down', against: 0, sinceMs: NOON_MS, reason: 'refused' });
  first.engine.refresh(first.store.service('app.example.com') as Service);
  t.same(first.ask('app.example.com'), ['192.0.2.20']);
  first.close();

  const after = new SeenHealth({ wallMs: () => NOON_MS, steadyMs: () => 0 });
  const store = openTestStore(first.folder);
  const table = adoptedTable(memory);
  for (const answered of table.content.services()) {
    const service = store.service(answered.name);
    if (service !== undefined) after.seeAnswered(service, answered);
  }
  const engine = new Engine(store, table, inForceOf(after));
  t.equal(engine.goOn(), undefined);
  t.match(after.target('app.example.com', '192.0.2.10'), { state: 'down' });
  t.equal(after.target('app.example.com', '192.0.2.20'), undefined);
  for (let i = 0; i < 20; i++) t.same(first.ask('app.example.com'), ['192.0.2.20']);
  // A probe says that it is up again.
  after.see('app.example.com', '192.0.2.10', { state: 'up', against: 0, sinceMs: NOON_MS, reason: 'fine' });
  engine.refresh(store.service('app.example.com') as Service);
  const answers = new Set(Array.from({ length: 50 }, () => String(first.ask('app.example.com'))));
  t.equal(answers.size, 2);
  store.close();
  t.end();
});
