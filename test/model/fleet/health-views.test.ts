/** Views of several nodes of a target, and how many of them it takes to be down. */
import fc from 'fast-check';
import t from 'tap';
import {
  encodeBeat,
  encodeViews,
  isVotedDown,
  type NodeViews,
  parseBeat,
  parseViews,
  type Vote,
} from '../../../src/model/fleet/health-views.ts';
import { bytesOf, Unreadable } from '../../../src/model/fleet/records.ts';
import { type Quorum, quorumOf } from '../../../src/model/health.ts';
import type { TargetState } from '../../../src/model/health-state.ts';
import { runs } from '../../fixtures/runs.ts';

const views = (state: TargetState, reason = 'answered 503'): NodeViews =>
  new Map([['app', new Map([['192.0.2.1', { state, ageMs: 10, reason }]])]]);

const isDown = (votes: readonly Vote[], quorum: Quorum, wasDown = false): boolean =>
  isVotedDown(votes, quorum, { wasDown });

t.test('so many have to see it down, and then it is down for all', async (t) => {
  t.equal(isDown(['down', 'up', 'up'], 2), false, "one node's broken network");
  t.equal(isDown(['down', 'up', 'up'], 'majority'), false);
  t.equal(isDown(['down', 'down', 'up'], 2), true);
  t.equal(isDown(['up', 'down', 'down'], 'majority'), true, 'it sees it up, and two others do not');
  t.equal(isDown(['up', 'down', 'up'], 1), true, "any node's word is enough");
  t.equal(isDown(['down', 'down', 'up', 'up'], 'majority'), false, 'half is no majority');
});

t.test('who is not heard has no say', async (t) => {
  t.equal(isDown(['down', 'silent', 'silent'], 2), false, 'cut off from the others');
  t.equal(isDown(['down', 'silent', 'silent'], 'majority'), false, 'a majority is of all, not of those that are heard');
  t.equal(isDown(['down', 'unknown', 'awaited'], 2), false, 'they have not probed, or not said so');
  t.equal(isDown(['down', 'silent'], 1), true);
});

t.test('a quorum of more than there are is all; one node alone is all there is', async (t) => {
  t.equal(isDown(['down', 'down'], 3), true);
  t.equal(isDown(['down', 'up'], 3), false);
  for (const quorum of [1, 2, 50, 'majority'] as const) {
    t.equal(isDown(['down'], quorum), true);
    t.equal(isDown(['up'], quorum), false);
    t.equal(isDown(['unknown'], quorum), false);
    t.equal(isDown(['unknown'], quorum, true), true, 'what an earlier process saw stays until a probe says otherwise');
  }
});

t.test('what was agreed stays while the silent could make it up, unless somebody sees it up', async (t) => {
  t.equal(isDown(['down', 'silent', 'silent'], 2, true), true, 'etcd is away');
  t.equal(isDown(['up', 'silent', 'silent'], 2, true), false, 'it came back, as far as anybody can tell');
  t.equal(isDown(['down', 'up', 'up'], 2, true), false, 'the others see it up');
  t.equal(isDown(['down', 'up', 'silent'], 2, true), false, 'one that is heard sees it up');
  t.equal(isDown(['down', 'silent', 'awaited'], 2, true), true);
  t.equal(isDown(['up', 'awaited', 'awaited'], 2, true), true, 'after a start the others are waited for');
  t.equal(isDown(['up', 'awaited', 'up'], 2, true), false);
  t.equal(isDown(['unknown', 'awaited', 'awaited'], 2, true), true);
});

const vote = fc.constantFrom<Vote>('up', 'down', 'unknown', 'silent', 'awaited');
const all = fc.tuple(
  fc.constantFrom<Vote>('up', 'down', 'unknown'),
  fc.array(vote, { maxLength: 7 }),
  fc.oneof(fc.constant<Quorum>('majority'), fc.integer({ min: 1, max: 50 })),
  fc.boolean(),
);

t.test('whatever is seen', async () => {
  fc.assert(
    fc.property(all, fc.nat(7), ([own, others, quorum, wasDown], at) => {
      const votes = [own, ...others];
      const needed = quorumOf(quorum, votes.length);
      const down = votes.filter((each) => each === 'down').length;
      const found = isDown(votes, quorum, wasDown);
      // A node never takes a target out that was in, but by so many that say so, itself among them or not.
      if (found && !wasDown && down < needed) return false;
      // And it always does when there are so many.
      if (!found && down >= needed) return false;
      // Enough that see it up bring it back, whoever is silent.
      const up = votes.filter((each) => each === 'up').length;
      if (found && votes.length - up < needed) return false;
      // One more that says down never brings a target up, and one more that says up never takes one out.
      const changed = (to: Vote): Vote[] => votes.map((each, i) => (i === at ? to : each));
      if (found && !isDown(changed('down'), quorum, wasDown)) return false;
      if (!found && isDown(changed('up'), quorum, wasDown)) return false;
      // What was found stays found while nothing changes.
      return isDown(votes, quorum, found) === found;
    }),
    { numRuns: runs(2000) },
  );
});

t.test('views are read back, and what is no view is refused with words', async (t) => {
  const read = (told: NodeViews) => parseViews(encodeViews({ id: 'a.1', views: told }).value);
  t.same(read(views('down')), { id: 'a.1', views: views('down') });
  t.same(read(views('up')), { id: 'a.1', views: views('up', '') }, 'what one that is up said is not told');
  const target = ['192.0.2.1', 'up', 1, ''];
  for (const services of [
    ...[undefined, {}, [1], [['app', 1]], [['', [target]]], [['app', [[]]]], [['app', [['192.0.2.1', 'UP', 1, '']]]]],
    ...[[['app', [['192.0.2.1', 'up', -1, '']]]], [['app', [['192.0.2.1', 'up', 1, 7]]]]],
  ]) {
    const value = bytesOf(JSON.stringify({ form: 1, id: 'a.1', services }));
    t.ok(parseViews(value) instanceof Unreadable, JSON.stringify(services));
  }
  t.ok(parseViews(bytesOf('{"form":1,"services":[]}')) instanceof Unreadable, 'without an id');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.json(), (bytes, json) => {
      for (const parse of [parseViews, parseBeat]) {
        parse(bytes);
        parse(bytesOf(`{"form":1,"id":"a","services":[["a",${json}]]}`));
        parse(bytesOf(`{"form":1,"id":${json}}`));
      }
    }),
    { numRuns: runs(100) },
  );
  const clock = { wallMs: 1_796_000_000_000, steadyMs: 17 };
  for (const beat of [
    { id: 'a.2', clock },
    { id: 'a.2', clock: undefined },
  ])
    t.same(parseBeat(encodeBeat(beat)), beat);
  t.ok(parseBeat(bytesOf('{"form":1}')) instanceof Unreadable);
});

t.test('what is too much for one value is left out from the end, and counted', async (t) => {
  const many = new Map(
    Array.from({ length: 5000 }, (_, i) => [
      `app-${i}.example.com`,
      new Map([['192.0.2.1', { state: 'down', ageMs: 1e9, reason: 'ü'.repeat(500) } as const]]),
    ]),
  );
  const { value, left } = encodeViews({ id: 'x'.repeat(100), views: many });
  const told = parseViews(value);
  if (told instanceof Unreadable) throw new Error(told.words);
  t.ok(told.views.size > 100);
  t.equal(told.views.size + left, 5000);
  t.ok(told.views.has('app-0.example.com'));
});
