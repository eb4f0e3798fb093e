/** What a node says of zones that it leaves out, and what is told by it. */
import t from 'tap';
import { leftOutKey, parseKey } from '../../../src/model/fleet/keys.ts';
import { amongLeftOut, encodeLeftOut, leftOutOf, parseLeftOut } from '../../../src/model/fleet/left-out.ts';
import { encodeMember, encodeRevision, Unreadable } from '../../../src/model/fleet/records.ts';
import { emptyView, leftOutBy, withDeleted, withFound, withStored } from '../../../src/model/fleet/view.ts';
import { OneNode } from './one-node.ts';

const key = leftOutKey('ns3');
const stored = (key: string, value: Uint8Array, changedAt: number) => ({ key, value, changedAt, createdAt: 1 });
const member = (incarnation: string) => encodeMember({ state: 'live', incarnation, version: '1' });

t.test('it is read as it was written', async (t) => {
  const said = leftOutOf('a', ['b.test', '', 'a.test']);
  t.same(parseLeftOut(encodeLeftOut(said)), { incarnation: 'a', zones: ['', 'a.test', 'b.test'], count: 3 });
  t.same(parseKey(key), { kind: 'leftOut', node: 'ns3' });
  for (const wrong of [{}, { incarnation: 'a' }, { ...said, count: 2 }, { ...said, zones: [1, 2, 3] }])
    t.ok(parseLeftOut(Buffer.from(JSON.stringify({ form: 1, ...wrong }))) instanceof Unreadable);
});

t.test('of more zones than can be told any may be left out', async (t) => {
  const zones = Array.from({ length: 5000 }, (_, n) => `zone-${String(n).padStart(4, '0')}.example.test`);
  const said = leftOutOf('a', zones);
  t.ok(said.zones.length < 5000);
  t.ok(encodeLeftOut(said).length < 65_536);
  t.same(parseLeftOut(encodeLeftOut(said)), said);
  t.same(amongLeftOut(said, ['zone-4999.example.test']), { isAny: true, named: [] });
  t.same(amongLeftOut(said, ['zone-0000.example.test', 'other.test']), {
    isAny: true,
    named: ['zone-0000.example.test'],
  });
  t.same(amongLeftOut(said, []), { isAny: false, named: [] }, 'a change of no zone');
  t.same(amongLeftOut(leftOutOf('a', ['a.test']), ['b.test']), { isAny: false, named: [] });
  t.same(amongLeftOut(leftOutOf('a', ['a.test']), undefined), { isAny: true, named: [] }, 'of whatever zone');
  t.same(amongLeftOut(leftOutOf('a', []), undefined), { isAny: false, named: [] });
});

t.test('what another process of the node said, or what is gone, is of no account', async (t) => {
  const said = stored(key, encodeLeftOut(leftOutOf('a', ['a.test'])), 7);
  const view = withStored(emptyView, [stored('member/ns3', member('a'), 5), said]);
  t.same(leftOutBy(view, 'ns3')?.zones, ['a.test']);
  t.equal(leftOutBy(withStored(view, [stored('member/ns3', member('b'), 9)]), 'ns3'), undefined);
  t.equal(leftOutBy(withDeleted(view, [{ key, at: 8 }]), 'ns3'), undefined);
  const nothing = { succeeded: true, at: 9, found: [] };
  t.equal(leftOutBy(withFound(view, [{ key: 'ack/', isPrefix: true }], nothing), 'ns3'), undefined);
});

t.test('it stands there before what it confirms does, and goes when it is over', async (t) => {
  const node = new OneNode(['ns1']);
  node.pass(3);
  t.notOk(node.stored.has(key));
  const from = node.puts.length;
  node.tell({ kind: 'leftOut', zones: ['large.test'] });
  node.stored.set('head', encodeRevision(8));
  node.pass(3);
  t.same(node.stored.get('ack/ns3'), encodeRevision(8));
  t.match(parseLeftOut(node.stored.get(key) ?? new Uint8Array()), { incarnation: 'c', zones: ['large.test'] });
  t.same(node.puts.slice(from), [key, 'ack/ns3', 'ack/ns3']);
  node.tell({ kind: 'leftOut', zones: [] });
  node.pass(1);
  t.notOk(node.stored.has(key), 'at once, whatever comes into the log');
  const { length } = node.puts;
  node.pass(20);
  t.equal(node.puts.length, length, 'and is not said again and again');
});
