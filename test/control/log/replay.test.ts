/** The log can be replayed: what random histories of all kinds wrote into it, an empty store and table can be made of. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { decodeEntry, type Entry, encodeEntry } from '../../../src/model/entry.ts';
import type { ModelChange } from '../../../src/model/revision.ts';
import { makeEngine, NOON_MS } from '../../fixtures/engine.ts';
import { runs } from '../../fixtures/runs.ts';
import { answersOf, beginning, everything, type Ledger, type Move, makeLedger, moves, rowsOf } from './histories.ts';

/** Applies the entries to an empty store, through their wire form; what they import is taken from where they were made. */
function replay(t: Test, from: Ledger, entries: readonly Entry[]): Ledger {
  const to = makeLedger(makeEngine(t));
  for (const entry of entries) {
    const heard = decodeEntry(encodeEntry(entry));
    if (heard === undefined) throw new Error('another format');
    for (const change of heard.changes) if (change.op === 'importZone') to.stage(change, from);
    const problem = to.fixture.engine.apply(heard, heard.revision.atMs);
    if (problem !== undefined) throw new Error(`${entry.revision.kind}: ${problem.detail}`);
  }
  return to;
}

function entriesOf({ fixture }: Ledger): Entry[] {
  return Array.from({ length: fixture.store.lastRevision }, (_, i) => {
    const entry = fixture.store.entry(i + 1);
    if (entry === undefined) throw new Error(`revision ${i + 1} has no entry`);
    return entry;
  });
}

/** What is not the same in both. */
function differences(one: Ledger, other: Ledger): string[] {
  const [was, is] = [rowsOf(one), rowsOf(other)];
  const tables = Object.keys(was).filter((table) => !isDeepStrictEqual(was[table], is[table]));
  const rows = tables.map((table) => `${table}: ${JSON.stringify(is[table])}\n--- was\n${JSON.stringify(was[table])}`);
  return isDeepStrictEqual(answersOf(one), answersOf(other)) ? rows : [...rows, 'the answers'];
}

/** Ends the process, as it were, and begins another: what is not the same in what it has read from the store. */
function afterStart(t: Test, ledger: Ledger): string[] {
  const [rows, answers] = [rowsOf(ledger), answersOf(ledger)];
  ledger.close();
  const again = makeLedger(makeEngine(t, { folder: ledger.fixture.folder }));
  const isSame = isDeepStrictEqual(rowsOf(again), rows);
  const found = answersOf(again).flatMap((each, i) => (each === answers[i] ? [] : [`${each}, not ${answers[i]}`]));
  again.close();
  return isSame ? found : [...found, 'other rows'];
}

function play(t: Test, history: readonly Move[]): Ledger {
  const ledger = makeLedger(makeEngine(t));
  for (const move of history) ledger.make(move);
  return ledger;
}

// Each takes a tenth of a second and some waits for the disk; a busy machine may take long.
t.setTimeout(600_000);

t.test('random histories of all kinds are made again from their entries', async (t) => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(fc.array(moves, { minLength: 15, maxLength: 45 }), (random) => {
      const first = play(t, [...beginning, ...random]);
      const entries = entriesOf(first);
      for (const { revision } of entries) kinds.add(revision.kind);
      const second = replay(t, first, entries);
      const found = differences(first, second);
      second.close();
      found.push(...afterStart(t, first).map((each) => `after a start, ${each}`));
      if (found.length > 0) throw new Error(found.join('\n'));
    }),
    { numRuns: runs(20), endOnFailure: true },
  );
  t.ok(kinds.size > 10, [...kinds].join(' '));
});

/** Every kind of change; one that is new does not compile until it is here. */
const ops: Readonly<Record<ModelChange['op'], true>> = {
  putZone: true,
  importZone: true,
  deleteZone: true,
  putRRset: true,
  deleteRRset: true,
  putService: true,
  deleteService: true,
  putRelease: true,
  putToken: true,
  deleteToken: true,
  putWebhook: true,
  deleteWebhook: true,
  putSigning: true,
  deleteSigning: true,
  putFreeze: true,
  deleteFreeze: true,
  putProposal: true,
};

t.test('a kind of change that is left out of the entries is found out', async (t) => {
  const first = play(t, everything);
  const entries = entriesOf(first);
  const whole = replay(t, first, entries);
  t.same(differences(first, whole), [], 'with all of them it is the same');
  for (const op of Object.keys(ops)) {
    const without = entries.map((entry) => ({ ...entry, changes: entry.changes.filter((change) => change.op !== op) }));
    t.not(JSON.stringify(without), JSON.stringify(entries), `the history has a ${op}`);
    let found = ['it cannot be applied'];
    try {
      const second = replay(t, first, without);
      // The entries themselves differ anyway.
      found = differences(first, second).filter((each) => !each.startsWith('entries:'));
      second.close();
    } catch {
      // Good.
    }
    t.not(found.length, 0, op);
  }
});

t.test('an entry that was applied changes nothing more, and none is left out', async (t) => {
  const first = play(t, everything);
  const entries = entriesOf(first);
  const second = replay(t, first, entries.slice(0, 3));
  const { engine } = second.fixture;
  t.equal(engine.apply(entries[1] as Entry, NOON_MS), undefined);
  t.equal(second.fixture.store.lastRevision, 3);
  t.throws(() => engine.apply(entries[4] as Entry, NOON_MS), /in their order/);
});

t.test('an entry of another format is left alone, and so is a change that is not known', async (t) => {
  const [entry] = entriesOf(play(t, everything.slice(0, 1)));
  const wire = JSON.parse(encodeEntry(entry as Entry)) as { format: number; changes: { op: string }[] };
  t.equal(decodeEntry(JSON.stringify({ ...wire, format: 2 })), undefined);
  const unknown = [...wire.changes, { op: 'toString' }];
  t.equal(
    decodeEntry(JSON.stringify({ ...wire, changes: unknown })),
    undefined,
    'of a later version: out, and not ended',
  );
});
