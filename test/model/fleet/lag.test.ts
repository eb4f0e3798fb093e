/** A node is late that answers from an older entry for longer than a commit takes, whatever shifts come meanwhile. */
import t from 'tap';
import { COMMIT_MAX_SECONDS } from '../../../src/model/drain.ts';
import { ackKey, memberKey } from '../../../src/model/fleet/keys.ts';
import { lateNodes, noLag, withApplied } from '../../../src/model/fleet/lag.ts';
import { encodeMember, encodeRevision } from '../../../src/model/fleet/records.ts';
import { emptyView, type View, withStored } from '../../../src/model/fleet/view.ts';

const LATE_MS = COMMIT_MAX_SECONDS * 1000;

function viewOf(acks: Readonly<Record<string, number>>): View {
  const stored = Object.entries(acks).flatMap(([node, revision]) => [
    ...[{ key: memberKey(node), value: encodeMember({ state: 'out', incarnation: node, version: '1' }) }],
    ...(revision < 0 ? [] : [{ key: ackKey(node), value: encodeRevision(revision) }]),
  ]);
  return withStored(
    emptyView,
    stored.map((each, i) => ({ ...each, changedAt: i + 1, createdAt: i + 1 })),
  );
}

t.test('who follows within the time of a commit is not late, also where shifts come all the time', async (t) => {
  let lag = noLag;
  for (let revision = 1; revision <= 100; revision += 1) lag = withApplied(lag, revision, revision * 1000);
  const nowMs = 100_000;
  t.same(lateNodes(lag, viewOf({ ns1: 100, ns2: 99, ns3: 96 }), 100, nowMs), []);
  t.same(lateNodes(lag, viewOf({ ns1: 100, ns2: 94, ns3: 7 }), 100, nowMs), ['ns2', 'ns3']);
  t.ok(lag.recent.length <= COMMIT_MAX_SECONDS + 1, 'what is old is not kept');
});

t.test('who never confirms becomes late, and whoever was applied before the start is old', async (t) => {
  const lag = withApplied(noLag, 7, 1000);
  const view = viewOf({ ns1: 7, ns2: 6, ns3: -1 });
  t.same(lateNodes(lag, view, 7, 1000), ['ns3'], 'it has confirmed nothing at all');
  t.same(lateNodes(lag, view, 7, 999 + LATE_MS), ['ns3']);
  t.same(lateNodes(lag, view, 7, 1000 + LATE_MS), ['ns2', 'ns3']);
  t.same(lateNodes(noLag, view, 7, 0), ['ns2', 'ns3'], 'nothing is known to be recent');
  t.same(lateNodes(noLag, viewOf({ ns1: 8 }), 7, 0), [], 'further than this node');
});
