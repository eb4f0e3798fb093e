/** A content is on all nodes that shifts wait for before an entry names it, and who takes too long holds up nobody. */
import t from 'tap';
import { ackKey, memberKey } from '../../../src/model/fleet/keys.ts';
import { bytesOf, encodeMember, encodeRevision, Unreadable } from '../../../src/model/fleet/records.ts';
import {
  encodeAnnounced,
  encodeKept,
  encodeStaged,
  notStaged,
  parseAnnounced,
  parseKept,
  parseStaged,
  roomFor,
  STAGE_MAX_MS,
  stageBarrier,
} from '../../../src/model/fleet/staging.ts';
import { emptyView, type View, withStored } from '../../../src/model/fleet/view.ts';

function viewOf(members: Readonly<Record<string, 'live' | 'out'>>): View {
  const stored = Object.entries(members).flatMap(([node, state], i) => {
    const member = { state, incarnation: `${node} now`, version: '1' };
    const place = { changedAt: i + 1, createdAt: i + 1 };
    return [
      { key: memberKey(node), value: encodeMember(member), ...place },
      { key: ackKey(node), value: encodeRevision(7), ...place },
    ];
  });
  return withStored(emptyView, stored);
}

t.test('the entry waits for each live node, and for its process of now', async (t) => {
  const view = viewOf({ ns1: 'live', ns2: 'live', ns3: 'out' });
  const staged = new Map([['ns1', 'ns1 now']]);
  t.same(notStaged(view, staged), ['ns2']);
  t.same(stageBarrier(view, staged, 0), { isOpen: false, waitingFor: ['ns2'] });
  staged.set('ns2', 'ns2 before it was started again');
  t.same(stageBarrier(view, staged, 0), { isOpen: false, waitingFor: ['ns2'] });
  staged.set('ns2', 'ns2 now');
  t.same(stageBarrier(view, staged, 0), { isOpen: true, without: [] });
});

t.test('it does not wait for ever', async (t) => {
  const view = viewOf({ ns1: 'live', ns2: 'live' });
  t.same(stageBarrier(view, new Map(), STAGE_MAX_MS - 1), { isOpen: false, waitingFor: ['ns1', 'ns2'] });
  t.same(stageBarrier(view, new Map(), STAGE_MAX_MS), { isOpen: true, without: ['ns1', 'ns2'] });
});

t.test('announcements are read back, and others are refused with words', async (t) => {
  const announced = { zone: 'example.com', chunks: 48, node: 'ns1', isWhole: false };
  for (const isWhole of [false, true]) {
    t.same(parseAnnounced(encodeAnnounced({ ...announced, isWhole })), { ...announced, isWhole });
  }
  t.same(parseKept(encodeKept({ chunks: 48, revision: 7 })), { chunks: 48, revision: 7 });
  t.equal(parseStaged(encodeStaged('a')), 'a');
  for (const bad of [{ zone: '' }, { zone: 'a'.repeat(1021) }, { chunks: -1 }, { chunks: '4' }, { node: 7 }]) {
    const parsed = parseAnnounced(bytesOf(JSON.stringify({ form: 1, ...announced, ...bad })));
    t.ok(parsed instanceof Unreadable && parsed.words.length > 0, JSON.stringify(bad).slice(0, 40));
  }
  for (const bad of ['', '{}', '{"form":1}', '{"form":1,"incarnation":""}']) {
    t.ok(parseStaged(bytesOf(bad)) instanceof Unreadable, bad);
    t.ok(parseAnnounced(bytesOf(bad)) instanceof Unreadable, bad);
    t.ok(parseKept(bytesOf(bad)) instanceof Unreadable, bad);
  }
});

t.test('contents stay out before there is no room for shifts', async (t) => {
  const quota = 1000;
  t.same(
    [0, 499, 500, 799, 800, 2000].map((used) => roomFor(used, quota)),
    [...['ample', 'ample', 'warn', 'warn', 'refuse', 'refuse']],
  );
  t.equal(roomFor(5, 0), 'ample', 'no quota is known');
});
