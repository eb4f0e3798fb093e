/** Random changes of a table, and what it says held against the model. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Responder } from '../../src/responder/answer.ts';
import { buildQuery, decode } from '../fixtures/dns-client.ts';
import { type Brought, type Model, type Step, types } from './model.ts';
import { said } from './said.ts';

export const zones = ['test', 'a.test', 'b.a.test', 'c.b.a.test', 'g.test'];
/** Few names, so that they meet: ancestors, wildcards, cuts, names at and below an apex. */
const names = [
  ...['test', 'a.test', 'b.a.test', 'c.b.a.test', 'd.c.b.a.test', '*.a.test', '*.c.b.a.test', 'x.*.a.test'],
  ...['www.test', '*.test', 'e.f.g.test', 'f.g.test', 'e.x.y.test', 'e.x.test'],
  // Preview names of some of them, and one below.
  ...['blue.www.test', 'green.a.test', 'blue.c.b.a.test', 'n.green.b.a.test'],
];
/** Asked, besides those: names that nothing owns. */
const strangers = [
  'invalid',
  'nope.test',
  'n.nope.test',
  'nope.a.test',
  'n.c.b.a.test',
  'z.e.f.g.test',
  'n.x.*.a.test',
  'green.www.test',
  'n.blue.www.test',
  'blue.green.a.test',
  'green.b.a.test',
  'blue.*.a.test',
  'red.www.test',
];

const content = fc.integer({ min: 0, max: 250 });
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('zone'),
      zone: fc.constantFrom(...zones),
      // By itself a number is next to never 0, with which a zone goes.
      n: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: content }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('rrset'),
      name: fc.constantFrom(...names),
      type: fc.constantFrom(...types),
      n: fc.oneof(fc.constant(0), content),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('service'),
      name: fc.constantFrom(...names),
      n: fc.oneof(fc.constant(0), content),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('adoption'),
      name: fc.constantFrom(...names),
      n: fc.oneof(fc.constant(0), content),
    }),
  },
);
/** A record that an import brings. */
export const brought: fc.Arbitrary<Brought> = fc.record({
  name: fc.constantFrom(...names),
  type: fc.constantFrom(...types),
  n: fc.integer({ min: 1, max: 250 }),
});

/** Changes prepared together; then published, or taken back. */
export const round = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 6 }),
  publish: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  /** A reader that holds on to an older generation comes up to date after this round. */
  reenter: fc.boolean(),
});
export type Round = typeof round extends fc.Arbitrary<infer T> ? T : never;

const REPLY_BYTES = 4096;
/** Replies whose reading is kept: most are the same in every round. */
const READ_MAX = 20_000;

const questions = [...names, ...strangers].flatMap((name) =>
  types.map((type) => ({ name, type, query: buildQuery({ name, type, edns: { udpBytes: REPLY_BYTES } }) })),
);
const reply = Buffer.alloc(REPLY_BYTES);
const read = new Map<string, string>();

/** What the responder says, as text. */
function ask(responder: Responder, query: Buffer): string {
  const length = responder.answer(query, 0, query.length, reply, 0, true);
  const bytes = reply.toString('latin1', 0, length);
  const known = read.get(bytes);
  if (known !== undefined) return known;
  const decoded = decode(reply.subarray(0, length));
  assert(!decoded.tc, 'the reply is whole');
  const text = JSON.stringify(said(decoded));
  if (read.size === READ_MAX) read.clear();
  read.set(bytes, text);
  return text;
}

/** What the responder says now to each question. */
export function answers(responder: Responder): { name: string; type: string; text: string }[] {
  return questions.map(({ name, type, query }) => ({ name, type, text: ask(responder, query) }));
}

/** Differences between that and what the model says. */
export function differences(responder: Responder, model: Model): string[] {
  return answers(responder).flatMap(({ name, type, text }) => {
    const wanted = model.ask(name, type);
    return text === wanted ? [] : [`${name} ${type}: ${text}, not ${wanted}`];
  });
}

/** Every step at its start: an empty state again. */
export function emptied(model: Model): Step[] {
  return [...model.zones.keys()].map((name) => ({ kind: 'zone', zone: name, n: 0 }));
}
