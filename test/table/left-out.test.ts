/** Zones that are left out of the table, while everything changes around them, against the plain model of one that has all of them. */
import fc from 'fast-check';
import t from 'tap';
import { CounterRegistry } from '../../src/table/counters.ts';
import { NO_SIGNERS } from '../../src/table/rrset-signer.ts';
import { createTableMemory } from '../../src/table/shared-memory.ts';
import { Table } from '../../src/table/table.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, collectAll, makeTable, zone } from '../fixtures/table.ts';
import { build, importOf } from './aside.ts';
import { Model, type Step } from './model.ts';
import { serviceOf, zonePut } from './model-data.ts';
import { answers, emptied, step, zones } from './rounds.ts';
import type { Said } from './said.ts';

const round = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
  publish: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  /** The changes stand in the log already: those that are of no use now are passed over, where they would be refused. */
  mustTake: fc.boolean(),
  /** A zone that is imported then, if it is left out. */
  comes: fc.option(fc.constantFrom(...zones), { freq: 4 }),
  /** A zone that is left out then: with an index that was built of it all the same, or none; or it is taken back. */
  goes: fc.option(fc.tuple(fc.constantFrom(...zones), fc.constantFrom('built', 'alone', 'not')), { freq: 3 }),
  /** Another writer goes on with the table at last. */
  adopts: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
});
type Round = typeof round extends fc.Arbitrary<infer T> ? T : never;

/** What an index of a few names may come to be larger. */
const INDEX_GROWTH_BYTES = 256;
const SERVFAIL = 2;
const NOTHING: Said = { rcode: SERVFAIL, aa: false, answers: [], authority: [] };
const ALIAS = / (5|39) /;

const seen = { same: 0, unavailable: 0, back: 0, refused: 0, gone: 0 };

class Play {
  readonly #memory = createTableMemory({ readers: 1, initialBytes: 2 ** 18, maxBytes: 2 ** 26 });
  readonly #responder;
  #table: Table;
  #model = new Model();
  readonly #emptyBytes: number;

  constructor(steps: readonly Step[], leftOut: readonly string[]) {
    const { table, responder } = makeTable({ place: this.#memory });
    this.#table = table;
    this.#responder = responder;
    // The index of zones takes the size that it then keeps.
    for (const name of zones) apply(table, zone(name));
    for (const name of zones) apply(table, { op: 'deleteZone', zone: name });
    collectAll(table);
    table.hold({ revision: 1, history: 1 });
    this.#emptyBytes = table.memory.usedBytes;
    for (const name of zones) this.#model.change({ kind: 'zone', zone: name, n: 1 });
    for (const one of steps) this.#model.change(one);
    this.#load(leftOut);
    this.#looks('loaded');
  }

  #load(leftOut: readonly string[]): void {
    for (const name of this.#model.zones.keys()) {
      if (leftOut.includes(name)) apply(this.#table, { op: 'leaveOut', zone: zonePut(name, 1).zone });
      else this.#import(name);
    }
    for (const [apex, { services }] of this.#model.zones)
      for (const [name, n] of services) apply(this.#table, serviceOf(apex, name, n));
  }

  #import(name: string): void {
    const { n } = this.#model.zones.get(name) as { readonly n: number };
    apply(this.#table, importOf(name, n, build(this.#table, name, this.#model.rrsetsOf(name), 'objects')));
  }

  play({ steps, publish, mustTake, comes, goes, adopts }: Round): void {
    this.#table.signWith({ ...NO_SIGNERS, mustTake });
    const next = this.#model.copy();
    const changes = steps.flatMap((one) => next.change(one));
    const before = new Set(this.#leftOut);
    const problem = this.#table.prepare(changes);
    if (problem !== undefined) {
      if (mustTake || before.size === 0) throw new Error(problem.detail);
      seen.refused++;
    } else {
      this.#looks('prepared', before);
      if (publish) this.#table.publish();
      else this.#table.takeBack();
      if (publish) this.#model = next;
    }
    const isAsBefore = before.size === this.#leftOut.size && [...before].every((name) => this.#leftOut.has(name));
    if ((problem !== undefined || !publish) && !isAsBefore) throw new Error(`${[...before]} were left out`);
    this.#looks('after the changes');
    if (comes !== null && this.#leftOut.has(comes)) {
      this.#import(comes);
      seen.back++;
      this.#looks('imported');
    }
    if (goes !== null && this.#model.zones.has(goes[0])) this.#leave(...goes);
    this.#table.collect();
    if (adopts) this.#adopt();
  }

  #leave(name: string, how: string): void {
    const before = new Set(this.#leftOut);
    const { n } = this.#model.zones.get(name) as { readonly n: number };
    const built = build(this.#table, name, this.#model.rrsetsOf(name), 'objects');
    const zone = zonePut(name, n).zone;
    const staged = { ...built, isLeftOut: true, ...(how !== 'alone' && { followed: this.#table.follow(name) }) };
    const change =
      how === 'alone' ? ({ op: 'leaveOut', zone } as const) : ({ op: 'importZone', zone, staged } as const);
    const problem = this.#table.prepare([change]);
    if (problem !== undefined) throw new Error(problem.detail);
    this.#looks('prepared to leave one out', before);
    if (how === 'not') this.#table.takeBack();
    else this.#table.publish();
    if (how !== 'built') this.#table.discard(staged);
    if (this.#table.followed > 0) throw new Error('something is followed that nobody builds');
    if (this.#leftOut.has(name) !== (how !== 'not' || before.has(name))) throw new Error(`${name}: ${how}`);
    seen.gone++;
    this.#looks('one was left out');
  }

  get #leftOut(): ReadonlySet<string> {
    return this.#table.content.leftOut();
  }

  #adopt(): void {
    collectAll(this.#table);
    const before = [...this.#leftOut].sort();
    const { usedBytes } = this.#table.memory;
    const { shared, counters, notes } = this.#memory;
    const table = Table.adopt(shared, new CounterRegistry(counters, 1, 1, notes));
    if (typeof table === 'string') throw new Error(table);
    this.#table = table;
    collectAll(table);
    if (`${[...this.#leftOut].sort()}` !== `${before}`) throw new Error(`${before} were left out`);
    if (table.memory.usedBytes !== usedBytes) throw new Error(`${usedBytes - table.memory.usedBytes} bytes are lost`);
    this.#looks('adopted');
  }

  #looks(when: string, leftOut = this.#leftOut): void {
    this.#responder.enter(0);
    const all = answers(this.#responder);
    this.#responder.leave();
    for (const { name, type, text } of all) {
      const apex = this.#model.zoneOf(name);
      // Who answers that is a question for both zones.
      if (type === 'DS' && apex === name) continue;
      const isOut = apex !== undefined && leftOut.has(apex);
      const wanted = isOut ? JSON.stringify(NOTHING) : this.#model.ask(name, type);
      if (text === wanted) seen[isOut ? 'unavailable' : 'same']++;
      else if (leftOut.size === 0 || isOut || !endsWithAlias(JSON.parse(text), JSON.parse(wanted)))
        throw new Error(`${when}: ${name} ${type}: ${text}, not ${wanted}; left out: ${[...leftOut]}`);
    }
  }

  /** Nothing is left over of all that. */
  end(): void {
    this.#table.signWith({ ...NO_SIGNERS, mustTake: true });
    apply(this.#table, ...emptied(this.#model).flatMap((one) => this.#model.change(one)));
    collectAll(this.#table);
    const more = this.#table.memory.usedBytes - this.#emptyBytes;
    if (more > INDEX_GROWTH_BYTES) throw new Error(`${more} bytes are left over`);
  }
}

/** An alias that leads to what is left out ends the answer. */
function endsWithAlias(got: Said, whole: Said): boolean {
  const isPart = got.answers.every((each) => whole.answers.includes(each));
  return got.rcode === 0 && got.authority.length === 0 && isPart && got.answers.some((each) => ALIAS.test(each));
}

t.test('what is left out is not to be had, and all else is as ever', async (t) => {
  const steps = fc.array(step, { minLength: 3, maxLength: 25 });
  const leftOut = fc.array(fc.constantFrom(...zones), { minLength: 1, maxLength: 3 });
  const property = fc.property(steps, leftOut, fc.array(round, { maxLength: 10 }), (steps, leftOut, rounds) => {
    const play = new Play(steps, leftOut);
    for (const round of rounds) play.play(round);
    play.end();
  });
  fc.assert(property, { numRuns: runs(60) });
  for (const [what, times] of Object.entries(seen)) t.ok(times > 0, `${what}: ${times}`);
});
