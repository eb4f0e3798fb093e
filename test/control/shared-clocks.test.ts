/** Nodes of a fleet that tell each other what their clocks show, with what they tell of health; nothing is probed here. */
import t, { type Test } from 'tap';
import { SharedViews } from '../../src/control/health/shared-views.ts';
import { SeenHealth } from '../../src/control/observed/health.ts';
import { SharedClocks } from '../../src/control/shared-clocks.ts';
import { memberKey } from '../../src/model/fleet/keys.ts';
import { bytesOf, encodeMember } from '../../src/model/fleet/records.ts';
import { emptyView, type View, withDeleted, withStored } from '../../src/model/fleet/view.ts';
import { TestClock } from '../fixtures/clock.ts';
import { MemoryKeeper } from '../fixtures/keeper.ts';

const NAMES = ['ns1', 'ns2', 'ns3'];

function makeFleet(t: Test) {
  const keeper = new MemoryKeeper();
  const stored = NAMES.map((node, i) => ({
    ...{ key: memberKey(node), changedAt: i + 1, createdAt: 1 },
    value: encodeMember({ state: 'live', incarnation: node, version: '1' }),
  }));
  const members: { view: View } = { view: withStored(emptyView, stored) };
  const nodes = NAMES.map((node) => {
    const clock = new TestClock();
    const lines: string[] = [];
    const say = (level: string) => (line: object) => {
      const { nodes = [] } = line as { nodes?: readonly string[] };
      lines.push(`${level} ${nodes.join()}`);
    };
    const view = () => members.view;
    const log = { warn: say('far'), info: say('near') };
    const clocks = new SharedClocks({ view, clock, log });
    const seen = new SeenHealth(clock);
    const shared = { keeper: keeper.of(node), seen, clocks, clock, isVoted: () => true, view, log };
    const views = new SharedViews({ node, incarnation: node, ...shared });
    views.start();
    t.teardown(() => views.stop());
    const take = (): string[] => lines.splice(0);
    /** In whole seconds: of the nodes one is a second further than another within a round. */
    const of = (other: string) => {
      const found = clocks.of(other);
      return found && { seconds: Math.round(found.offsetMs / 1000), isFar: found.isFar };
    };
    return { clock, clocks, of, take };
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds; n++) {
      for (const { clock } of nodes) await clock.pass(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const [one, two, three] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]];
  return { keeper, members, pass, one, two, three, takeAll: () => nodes.map(({ take }) => take()) };
}

const NONE = [[], [], []];

t.test('a clock that is set is known to all within seconds, and said once', async (t) => {
  const { pass, one, two, three, takeAll } = makeFleet(t);
  await pass(12);
  t.same(one.of('ns2'), { seconds: 0, isFar: false });
  t.equal(one.clocks.of('ns1'), undefined, 'its own');
  t.same(takeAll(), NONE);
  t.ok(one.clocks.behindMs < 1100, 'they are moved one after the other');
  three.clock.jump(3_600_000);
  await pass(3);
  t.match(Math.round(three.clocks.behindMs / 1000), /^(3600|3601|3599)$/);
  t.match(three.clocks.aheadMs / 1000, /^(3600|3601|3599)$/);
  t.match(
    [one, two].map(({ clocks }) => clocks.aheadMs <= 1000),
    [true, true],
  );
  t.ok(one.clocks.behindMs < 1100, 'ahead is not behind');
  t.same(one.of('ns3'), { seconds: 3600, isFar: true }, 'it tells at once');
  t.match(three.of('ns1'), { seconds: /^-(3600|3599)$/, isFar: true });
  t.same([...two.clocks.all().keys()].sort(), ['ns1', 'ns3']);
  t.same(takeAll(), [['far ns3'], ['far ns3'], ['far ns1,ns2']]);
  await pass(60);
  t.same(takeAll(), NONE);
  three.clock.jump(-3_598_500);
  await pass(3);
  t.same(one.clocks.of('ns3'), { offsetMs: 1500, isFar: true }, 'near enough not to be told of, not to be well');
  three.clock.jump(-1500);
  await pass(3);
  t.same(one.clocks.of('ns3'), { offsetMs: 0, isFar: false });
  t.same(takeAll(), [['near ns3'], ['near ns3'], ['near ns1,ns2']]);
  two.clock.jump(-86_400_000);
  // Of one that is behind a single word may only be late.
  await pass(12);
  t.same(takeAll(), [['far ns2'], ['far ns1,ns3'], ['far ns2']]);
  t.match(
    [one, three].map(({ clocks }) => clocks.aheadMs <= 1000),
    [true, true],
    'one that is behind is not most',
  );
  t.ok(one.clocks.behindMs > 86_000_000);
});

t.test('of who tells nothing lately nothing is known, and who has left is forgotten', async (t) => {
  const { keeper, members, pass, one, three, takeAll } = makeFleet(t);
  three.clock.jump(10_000);
  await pass(12);
  t.same(one.clocks.of('ns3'), { offsetMs: 10_000, isFar: true });
  t.same(takeAll(), [['far ns3'], ['far ns3'], ['far ns1,ns2']]);
  keeper.fate = (node) => (node === 'ns3' ? 'request lost' : undefined);
  await pass(40);
  t.equal(one.clocks.of('ns3'), undefined);
  t.same([...one.clocks.all().keys()], ['ns2']);
  t.ok(three.clocks.behindMs > 8000, 'who is silent may have written what is held');
  keeper.fate = () => undefined;
  await pass(12);
  t.same(one.clocks.of('ns3'), { offsetMs: 10_000, isFar: true });
  t.same(takeAll(), NONE, 'that it is far off was said');
  members.view = withDeleted(members.view, [{ key: memberKey('ns3'), at: 99 }]);
  keeper.fate = (node) => (node === 'ns3' ? 'request lost' : undefined);
  await pass(2);
  t.equal(one.clocks.of('ns3'), undefined);
});

t.test('an earlier version tells nothing of its clock, and reads the beats of this one', async (t) => {
  const { keeper, pass, one } = makeFleet(t);
  await pass(12);
  const [beat] = keeper.under('beat/ns2');
  const record = JSON.parse(new TextDecoder().decode(beat?.value));
  t.match(record, { form: 1, id: /^ns2\.\d+$/ }, 'what it looks for');
  keeper.put('beat/ns9', bytesOf('{"form":1,"id":"ns9.1"}'));
  keeper.put('beat/ns8', bytesOf('{"form":1,"id":"ns8.1","clock":["a"]}'));
  await pass(2);
  t.same([one.clocks.of('ns9'), one.clocks.of('ns8')], [undefined, undefined]);
});

t.test('where nothing is probed a beat is written every ten seconds, and what is seen once', async (t) => {
  const { keeper, pass } = makeFleet(t);
  await pass(5);
  const written = { beats: new Set<number>(), seen: new Set<number>() };
  for (let n = 0; n < 60; n++) {
    await pass(1);
    written.beats.add(keeper.under('beat/ns1')[0]?.changedAt ?? 0);
    written.seen.add(keeper.under('health/ns1')[0]?.changedAt ?? 0);
  }
  t.same([written.beats.size, written.seen.size], [7, 1]);
});
