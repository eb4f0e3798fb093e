/**
 * The table against the plain model, where all meets that a table knows: lists of changes that make a zone, fill it and take
 * it away, imports among them, zones that are built aside meanwhile, children that take services over, a table that is full
 * in the middle of a list, and writers that go on with it.
 */
import fc from 'fast-check';
import t from 'tap';
import type { StagedIndex, TableChange } from '../../src/table/changes.ts';
import { CounterRegistry } from '../../src/table/counters.ts';
import { Arena } from '../../src/table/memory.ts';
import { createTableMemory } from '../../src/table/shared-memory.ts';
import { Table } from '../../src/table/table.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, collectAll, makeTable, zone } from '../fixtures/table.ts';
import { Aside, build, type Form, importOf } from './aside.ts';
import { type Brought, Model } from './model.ts';
import { brought, differences, emptied, step, zones } from './rounds.ts';

const form = fc.constantFrom<Form[]>('objects', 'objects', 'packed', 'packed', 'aside');
const filled = fc.record({
  zone: fc.constantFrom(...zones),
  n: fc.integer({ min: 1, max: 250 }),
  form,
  brought: fc.array(brought, { maxLength: 8 }),
});

const round = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 6 }),
  /** An import among the steps, behind so many of them. */
  brings: fc.option(fc.record({ behind: fc.nat(6), what: filled }), { freq: 3 }),
  publish: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  /** The table is full at the block behind so many, the first time. */
  full: fc.option(fc.nat(60), { freq: 2 }),
  /** A reader that holds on to an older generation comes up to date after this round. */
  reenter: fc.boolean(),
  /** Before the changes a zone is begun to be built aside: of these records, or (`isRebuilt`) of those that it has. */
  begins: fc.option(fc.record({ what: filled, isRebuilt: fc.boolean() }), { freq: 3 }),
  /** After them. */
  aside: fc.array(fc.constantFrom('link', 'catchUp', 'catchUp all', 'swap'), { maxLength: 3 }),
  collects: fc.nat(2),
  /** Another writer goes on with the table at last. */
  adopts: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
});
type Filled = typeof filled extends fc.Arbitrary<infer T> ? T : never;
type Round = typeof round extends fc.Arbitrary<infer T> ? T : never;

/** What an index of a few names may come to be larger. */
const INDEX_GROWTH_BYTES = 256;

class Play {
  readonly #memory = createTableMemory({ readers: 2, initialBytes: 2 ** 18, maxBytes: 2 ** 26 });
  #table: Table;
  readonly #current;
  readonly #held;
  #model = new Model();
  #heldModel = this.#model;
  #aside: Aside | undefined;
  /** The records of which that was made, and what the zone is to say of itself then. */
  #asideBrought: { readonly n: number; readonly brought: readonly Brought[] } = { n: 0, brought: [] };
  readonly #emptyBytes: number;

  constructor() {
    const { table, makeResponder } = makeTable({ place: this.#memory });
    this.#table = table;
    this.#current = makeResponder(0, this.#memory);
    this.#held = makeResponder(1, this.#memory);
    // The index of zones takes the size that it then keeps.
    for (const name of zones) apply(table, zone(name));
    for (const name of zones) apply(table, { op: 'deleteZone', zone: name });
    collectAll(table);
    table.hold({ revision: 1, history: 1 });
    this.#emptyBytes = table.memory.usedBytes;
    this.#held.enter(0);
  }

  play(round: Round): void {
    const { begins } = round;
    if (begins !== null && this.#aside === undefined) this.#begin(begins.what, begins.isRebuilt);
    this.#change(round);
    for (const what of round.aside) this.#goOn(what);
    for (let i = 0; i < round.collects; i++) this.#table.collect();
    this.#looks('collected');
    if (round.adopts) this.#adopt();
    this.#fail(differences(this.#held, this.#heldModel), 'a reader of an older generation');
    if (!round.reenter) return;
    this.#held.enter(0);
    this.#heldModel = this.#model;
  }

  #begin({ zone, n, form, brought }: Filled, isRebuilt: boolean): void {
    if (isRebuilt && !this.#model.zones.has(zone)) return;
    const rrsets = isRebuilt ? this.#model.rrsetsOf(zone) : this.#model.copy().import(zone, n, brought)?.rrsets;
    if (rrsets === undefined) return;
    this.#asideBrought = { n, brought };
    this.#aside = new Aside(this.#table, zone, rrsets, { form, isRebuilt });
  }
  #change({ steps, brings, full, publish }: Round): void {
    const next = this.#model.copy();
    const changes: TableChange[] = [];
    let staged: StagedIndex | undefined;
    const bring = (): void => {
      if (brings === null) return;
      const { zone, n, brought, form } = brings.what;
      const meant = next.import(zone, n, brought);
      if (meant === undefined) return;
      staged = build(this.#table, zone, meant.rrsets, form);
      changes.push(importOf(zone, n, staged), ...meant.moves);
    };
    for (const [i, one] of steps.entries()) {
      if (brings?.behind === i) bring();
      changes.push(...next.change(one));
    }
    if (brings !== null && brings.behind >= steps.length) bring();
    if (full !== null && this.#isFull(changes, full)) this.#looks('full');
    this.#must(this.#table.prepare(changes));
    this.#looks('prepared, not published');
    if (!publish) this.#table.takeBack();
    else this.#table.publish();
    if (publish) this.#model = next;
    else if (staged !== undefined) this.#table.discard(staged);
    this.#looks(publish ? 'published' : 'taken back');
    // What is built of the records that a zone has is of no use where others took their place.
    const isGone = changes.some(
      (change) =>
        (change.op === 'deleteZone' && change.zone === this.#aside?.zone) ||
        (change.op === 'importZone' && change.zone.name === this.#aside?.zone),
    );
    if (publish && isGone && this.#aside?.isRebuilt === true) this.#drop();
  }

  /** Whether the table was full: it is as it was then. */
  #isFull(changes: readonly TableChange[], at: number): boolean {
    const { allocate } = Arena.prototype;
    let left = at;
    Arena.prototype.allocate = function (words) {
      return left-- === 0 ? 0 : allocate.call(this, words);
    };
    try {
      const problem = this.#table.prepare(changes);
      if (problem === undefined) this.#table.takeBack();
      return problem !== undefined;
    } finally {
      Arena.prototype.allocate = allocate;
    }
  }

  #drop(): void {
    this.#aside?.discard(this.#table);
    this.#aside = undefined;
  }

  #goOn(what: string): void {
    const aside = this.#aside;
    if (aside === undefined) return;
    const isThere = this.#model.zones.has(aside.zone);
    const now = isThere ? this.#model.rrsetsOf(aside.zone) : [];
    if (what === 'link') apply(this.#table, aside.link());
    else if (what.startsWith('catchUp'))
      apply(this.#table, aside.catchUp(now, what === 'catchUp' ? 2 : Number.POSITIVE_INFINITY));
    else this.#swap(aside, now);
    this.#looks(what);
  }

  #swap(aside: Aside, now: ReturnType<Model['rrsetsOf']>): void {
    const next = this.#model.copy();
    const { n, brought } = this.#asideBrought;
    const meant = aside.isRebuilt ? undefined : next.import(aside.zone, n, brought);
    if (!aside.isRebuilt) {
      // It was built for the services of that moment.
      const keys = meant?.rrsets.map(({ name, type }) => `${name} ${type}`);
      if (keys === undefined || `${keys}` !== `${[...aside.rrsets.keys()]}`) return this.#drop();
    }
    const changes = [aside.swap(next.zones.get(aside.zone)?.n ?? n, now), ...(meant?.moves ?? [])];
    this.#must(this.#table.prepare(changes));
    this.#looks('swap prepared');
    this.#table.publish();
    this.#model = next;
    this.#aside = undefined;
  }

  /** What is built aside is lost with its writer. */
  #adopt(): void {
    const { shared, counters, notes } = this.#memory;
    const table = Table.adopt(shared, new CounterRegistry(counters, 1, 1, notes));
    if (typeof table === 'string') throw new Error(table);
    this.#table = table;
    this.#aside = undefined;
    this.#looks('adopted');
  }

  #looks(when: string): void {
    this.#current.enter(0);
    this.#fail(differences(this.#current, this.#model), when);
    this.#current.leave();
  }

  #fail(found: readonly string[], when: string): void {
    if (found.length > 0) throw new Error(`${when}: ${found[0]}`);
  }

  #must(problem: ReturnType<Table['prepare']>): void {
    if (problem !== undefined) throw new Error(problem.detail);
  }

  /** Nothing is left over of all that. */
  end(): void {
    this.#held.leave();
    this.#drop();
    apply(this.#table, ...emptied(this.#model).flatMap((one) => this.#model.change(one)));
    collectAll(this.#table);
    this.#looks('emptied');
    const { usedBytes } = this.#table.memory;
    this.#adopt();
    collectAll(this.#table);
    const lost = usedBytes - this.#table.memory.usedBytes;
    if (lost !== 0) throw new Error(`${lost} bytes are lost`);
    // The index of zones keeps what it has grown to.
    const more = usedBytes - this.#emptyBytes;
    if (more > INDEX_GROWTH_BYTES) throw new Error(`${more} bytes are left over`);
  }
}

t.test('every answer is that of the model, whatever meets', async (t) => {
  const property = fc.property(fc.array(round, { minLength: 1, maxLength: 10 }), (rounds) => {
    const play = new Play();
    for (const round of rounds) play.play(round);
    play.end();
  });
  fc.assert(property, { numRuns: runs(30) });
  t.pass();
});
