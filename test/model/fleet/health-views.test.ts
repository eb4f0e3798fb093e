/** Views of several nodes of a target, and how many of them it takes to be down. */
import fc from 'fast-check';
import t from 'tap';
import {
  encodeViews,
  isTargetUp,
  type NodeViews,
  parseViews,
  VIEWS_FRESH_MS,
  viewsOf,
} from '../../../src/model/fleet/health-views.ts';
import { bytesOf, Unreadable } from '../../../src/model/fleet/records.ts';
import type { TargetState } from '../../../src/model/health-state.ts';

const views = (state: TargetState): NodeViews =>
  new Map([['app', new Map([['192.0.2.1', { state, ageMs: 10, reason: 'answered 503' }]])]]);
const all = (...states: TargetState[]): Map<string, TargetState> =>
  new Map(states.map((state, i) => [`ns${i + 1}`, state]));

t.test('without a quorum each node goes by what it sees, as one node alone does', async (t) => {
  t.equal(isTargetUp('down', all('down', 'up', 'up'), undefined), false);
  t.equal(isTargetUp('up', all('up', 'down', 'down'), undefined), true);
  t.equal(isTargetUp('unknown', all('unknown', 'down'), undefined), true);
  t.equal(isTargetUp('down', all('down'), 2), false, 'one node alone is all there is');
});

t.test('with one, so many have to see it down, and then it is down for all', async (t) => {
  t.equal(isTargetUp('down', all('down', 'up', 'up'), 2), true, "one node's broken network");
  t.equal(isTargetUp('down', all('down', 'down', 'up'), 2), false);
  t.equal(isTargetUp('up', all('up', 'down', 'down'), 2), false, 'it sees it up, and two others do not');
  t.equal(isTargetUp('down', all('down', 'unknown', 'unknown'), 2), true, 'cut off from the others');
  t.equal(isTargetUp('down', all('down', 'down'), 3), false, 'a quorum of more than there are is all');
});

t.test('more views that say down never bring a target up', async () => {
  const states = fc.array(fc.constantFrom<TargetState>('up', 'down', 'unknown'), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      states,
      fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
      fc.nat(5),
      (seen, quorum, at) => {
        const worse = seen.map((state, i) => (i === at ? 'down' : state));
        const before = isTargetUp(seen[0] as TargetState, all(...seen), quorum);
        return before || !isTargetUp(worse[0] as TargetState, all(...worse), quorum);
      },
    ),
  );
});

t.test('views that are old say nothing', async (t) => {
  const heard = new Map([
    ['ns1', { views: views('down'), heardAtMs: 0 }],
    ['ns2', { views: views('down'), heardAtMs: VIEWS_FRESH_MS }],
  ]);
  const asked = { service: 'app', target: '192.0.2.1', nowMs: VIEWS_FRESH_MS };
  t.same([...viewsOf(heard, ['ns1', 'ns2', 'ns3'], asked).values()], ['unknown', 'down', 'unknown']);
  t.same([...viewsOf(heard, ['ns2'], { ...asked, target: '192.0.2.9' }).values()], ['unknown']);
});

t.test('they are read back, and what is no view is refused with words', async (t) => {
  const value = encodeViews(views('down'));
  if (value === undefined) throw new Error('it is small');
  t.same(parseViews(value), views('down'));
  const target = ['192.0.2.1', 'up', 1, ''];
  for (const services of [
    ...[undefined, {}, [1], [['app', 1]], [['', [target]]], [['app', [[]]]], [['app', [['192.0.2.1', 'UP', 1, '']]]]],
    ...[[['app', [['192.0.2.1', 'up', -1, '']]]], [['app', [['192.0.2.1', 'up', 1, 7]]]]],
  ]) {
    t.ok(parseViews(bytesOf(JSON.stringify({ form: 1, services }))) instanceof Unreadable, JSON.stringify(services));
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.json(), (bytes, json) => {
      parseViews(bytes);
      parseViews(bytesOf(`{"form":1,"services":[["a",${json}]]}`));
    }),
  );
});
