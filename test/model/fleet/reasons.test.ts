/** A node that cannot apply the log says why, also where it was out before it came to that entry. */
import t from 'tap';
import { HEAD_KEY } from '../../../src/model/fleet/keys.ts';
import { encodeRevision } from '../../../src/model/fleet/records.ts';
import type { NodeEvent } from '../../../src/model/fleet/turn.ts';
import { OneNode } from './one-node.ts';

type Why = Extract<NodeEvent, { kind: 'refused' }>['why'];

const refused =
  (why: Why, words: string) =>
  (revision: number): NodeEvent => ({ kind: 'refused', revision, why, words });

for (const why of ['full', 'newer', 'unstaged'] as const) {
  t.test(`a node that catches up, and meets what it cannot apply: ${why}`, async (t) => {
    const node = new OneNode(['ns1']);
    node.stored.set(HEAD_KEY, encodeRevision(9));
    node.apply = refused(why, 'has no room');
    node.pass(5);
    t.same(node.told, [
      'out: catches up with the log; shifts do not wait for it',
      'out: cannot apply the log: entry 8 has no room',
    ]);
    node.pass(60);
    t.equal(node.told.length, 2, 'once');
  });
}

t.test('another reason is told too, but not each second', async (t) => {
  const node = new OneNode(['ns1']);
  node.stored.set(HEAD_KEY, encodeRevision(9));
  node.apply = refused('unstaged', 'could not be read');
  node.pass(5);
  let tries = 0;
  node.apply = (revision) => refused('full', tries++ % 2 === 0 ? 'has no room' : 'met a full disk')(revision);
  node.pass(31);
  t.equal(node.told.length, 2 + 3);
  t.match(node.told[2], /entry 8 (has no room|met a full disk)$/);
  node.apply = (revision) => ({ kind: 'applied', revision });
  node.pass(5);
  t.match(node.told.at(-1), /^live: /);
});

t.test('a change that the engine refuses, also where it refuses to be read, is told why', async (t) => {
  const node = new OneNode([]);
  node.pass(5);
  for (const awaySeconds of [0, 30]) {
    node.refusal = 'permission denied';
    node.pass(awaySeconds);
    const shift = { shift: String(awaySeconds), id: String(awaySeconds), expected: 7, value: new Uint8Array() };
    node.tell({ kind: 'shift', ...shift });
    node.pass(1);
    t.match(node.outcomes.splice(0), [
      { kind: 'unavailable', shift: shift.shift, words: 'its log refuses it: permission denied' },
    ]);
  }
});

t.test(
  'a change is told that the engine is silent, also where every question to it takes its whole time',
  async (t) => {
    for (const silentSeconds of [2, 4, 30]) {
      const node = new OneNode([]);
      node.pass(5);
      node.silentMs = 1500;
      node.pass(silentSeconds);
      node.tell({ kind: 'shift', shift: 'a', id: 'a', expected: 7, value: new Uint8Array() });
      node.pass(7);
      t.match(node.outcomes, [{ kind: 'unavailable', shift: 'a', words: /no quorum/ }], `after ${silentSeconds} s`);
    }
  },
);
