/** Random changes of a table, and what it says held against the model. */
import fc from 'fast-check';
import type { Responder } from '../../src/responder/answer.ts';
import { buildQuery, decode } from '../fixtures/dns-client.ts';
import { type Model, type Said, type Step, said, types } from './model.ts';

const zones = ['test', 'a.test', 'b.a.test'];
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
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('zone'), zone: fc.constantFrom(...zones), n: content }) },
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
);
/** Changes prepared together; then published, or taken back. */
export const round = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 6 }),
  publish: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  /** A reader that holds on to an older generation comes up to date after this round. */
  reenter: fc.boolean(),
});
export type Round = typeof round extends fc.Arbitrary<infer T> ? T : never;

function ask(responder: Responder, name: string, type: string, reply = new Uint8Array(4096)): Said {
  const query = buildQuery({ name, type });
  const length = responder.answer(query, 0, query.length, reply, 0, true);
  return said(decode(reply.subarray(0, length)));
}

/** Differences between what the responder says now and what the model says. */
export function differences(responder: Responder, model: Model): string[] {
  const found: string[] = [];
  for (const name of [...names, ...strangers]) {
    for (const type of types) {
      const [got, wanted] = [ask(responder, name, type), model.ask(name, type)];
      if (JSON.stringify(got) !== JSON.stringify(wanted))
        found.push(`${name} ${type}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
    }
  }
  return found;
}

/** Every step at its start: an empty state again. */
export function emptied(model: Model): Step[] {
  return [...model.zones.keys()].map((name) => ({ kind: 'zone', zone: name, n: 0 }));
}
