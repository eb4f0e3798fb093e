/** Nodes of a fleet that tell each other what their probes see, and answer by a quorum of it: each with its own sight of the targets. */
import t, { type Test } from 'tap';
import { SharedViews } from '../../../src/control/health/shared-views.ts';
import { SeenHealth } from '../../../src/control/observed/health.ts';
import { SharedClocks } from '../../../src/control/shared-clocks.ts';
import { VIEWS_FRESH_MS } from '../../../src/model/fleet/health-views.ts';
import { ackKey, memberKey } from '../../../src/model/fleet/keys.ts';
import { bytesOf, encodeMember, encodeRevision } from '../../../src/model/fleet/records.ts';
import { emptyView, type View, withStored } from '../../../src/model/fleet/view.ts';
import type { Quorum } from '../../../src/model/health.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { MemoryKeeper } from '../../fixtures/keeper.ts';
import { app, BLUE, check, GREEN, type HealthWorld, makeHealthWorld, pools, SPARE } from './world.ts';

const [blue1, blue2] = BLUE as [string, string];
const ALL = [...BLUE, ...GREEN];
const NAMES = ['ns1', 'ns2', 'ns3'];

const viewOf = (states: Readonly<Record<string, 'live' | 'out'>>): View =>
  withStored(
    emptyView,
    Object.entries(states).flatMap(([node, state], i) => [
      {
        key: memberKey(node),
        value: encodeMember({ state, incarnation: node, version: '1' }),
        changedAt: i + 1,
        createdAt: 1,
      },
      { key: ackKey(node), value: encodeRevision(9), changedAt: i + 1, createdAt: 1 },
    ]),
  );

interface FleetWorld {
  readonly nodes: readonly HealthWorld[];
  readonly keeper: MemoryKeeper;
  readonly told: SharedViews[];
  members: Record<string, 'live' | 'out'>;
  pass(seconds: number): Promise<void>;
  put(quorum: Quorum | undefined): void;
}

/** Three nodes, whose times of day are an hour apart. */
async function makeFleet(t: Test, quorum: Quorum | null = 'majority'): Promise<FleetWorld> {
  const keeper = new MemoryKeeper();
  const told: SharedViews[] = [];
  const world: Pick<FleetWorld, 'members'> = { members: { ns1: 'live', ns2: 'live', ns3: 'live' } };
  const nodes = NAMES.map((node, i) => {
    let views: SharedViews | undefined;
    return makeHealthWorld(t, {
      service: { pools, health: { ...check, ...(quorum !== null && { quorum }) } },
      others: (seen, clock) => {
        // A process that is started again has another name for what it publishes, and has heard nothing.
        views?.stop();
        const view = () => viewOf(world.members);
        const log = { info: () => {}, warn: () => {} };
        const clocks = new SharedClocks({ view, clock, log });
        views = new SharedViews({
          ...{ node, incarnation: `${node}-${told.length}`, keeper: keeper.of(node), seen, clock },
          ...{ isVoted: () => true, clocks, view, log },
        });
        views.start();
        told[i] = views;
        return () => views;
      },
    });
  });
  t.teardown(() => {
    for (const each of told) each.stop();
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds; n++) {
      for (const { clock } of nodes) await clock.pass(1);
      // What was written is told on the next turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const put = (wanted: Quorum | undefined): void => {
    const health = { ...check, ...(wanted !== undefined && { quorum: wanted }) };
    for (const each of nodes) each.put({ pools, health });
  };
  await pass(3);
  return Object.assign(world, { nodes, keeper, told, pass, put });
}

const answersOf = ({ nodes }: FleetWorld): string[][] => nodes.map((each) => each.answers());
/** `fall` probes, and two rounds for what they saw to be heard. */
const DOWN_SECONDS = 3 * check.intervalSeconds + 3;

t.test("one node's broken network empties nothing; what most see down is down for all", async (t) => {
  const fleet = await makeFleet(t);
  const [one, two, three] = fleet.nodes as [HealthWorld, HealthWorld, HealthWorld];
  for (const target of [...ALL, ...SPARE]) one.down.add(target);
  await fleet.pass(DOWN_SECONDS);
  t.same(answersOf(fleet), [ALL, ALL, ALL]);
  t.match(one.health(), {
    quorum: { asked: 'majority', needed: 2, nodes: 3 },
    failOpen: false,
    pools: {
      blue: {
        healthy: true,
        targets: {
          [blue1]: {
            state: 'down',
            agreed: 'up',
            views: [
              { node: 'ns1', state: 'down', reason: 'answered 503', heard: true },
              { node: 'ns2', state: 'up', heard: true },
              { node: 'ns3', state: 'up', heard: true },
            ],
          },
        },
      },
    },
  });
  t.same(one.events, [], 'what comes of it has not changed');
  two.down.add(blue1);
  await fleet.pass(DOWN_SECONDS);
  t.same(
    answersOf(fleet),
    fleet.nodes.map(() => [blue2, ...GREEN]),
  );
  for (const { events } of fleet.nodes) {
    t.same(events, [
      { service: app, pool: 'blue', target: blue1, state: 'down', reason: (events[0] as { reason: string }).reason },
    ]);
  }
  t.match(three.events, [{ reason: 'ns3 up (answered 200), ns1 down (answered 503), ns2 down (answered 503)' }]);
  one.down.clear();
  await fleet.pass(DOWN_SECONDS);
  t.same(answersOf(fleet), [ALL, ALL, ALL], 'one of them sees it again');
  t.match(three.events, [{ state: 'down' }, { state: 'up' }]);
});

t.test('without a quorum each goes by what it sees, and all can see what the others do', async (t) => {
  const fleet = await makeFleet(t, null);
  const [one, two] = fleet.nodes as [HealthWorld, HealthWorld];
  one.down.add(blue1);
  await fleet.pass(DOWN_SECONDS);
  t.same(answersOf(fleet), [[blue2, ...GREEN], ALL, ALL]);
  const views = [{ node: 'ns2', state: 'up' }, { node: 'ns1', state: 'down', reason: 'answered 503', heard: true }, {}];
  t.match(two.health(), { quorum: null, pools: { blue: { targets: { [blue1]: { agreed: null, views } } } } });
  fleet.put('majority');
  t.same(answersOf(fleet), [ALL, ALL, ALL], 'a quorum counts from the change on');
  fleet.put(1);
  t.same(
    answersOf(fleet),
    fleet.nodes.map(() => [blue2, ...GREEN]),
  );
  fleet.put(undefined);
  t.same(answersOf(fleet), [[blue2, ...GREEN], ALL, ALL], 'and no longer');
});

t.test('while etcd is away what was agreed stays, and nothing new goes down', async (t) => {
  const fleet = await makeFleet(t);
  for (const { down } of fleet.nodes) down.add(blue1);
  await fleet.pass(DOWN_SECONDS);
  t.same(
    answersOf(fleet),
    fleet.nodes.map(() => [blue2, ...GREEN]),
  );
  fleet.keeper.fate = () => 'request lost';
  for (const { down } of fleet.nodes) down.add(blue2);
  await fleet.pass(VIEWS_FRESH_MS / 1000 + DOWN_SECONDS);
  t.same(
    answersOf(fleet),
    fleet.nodes.map(() => [blue2, ...GREEN]),
  );
  t.match(fleet.nodes[0]?.health().pools.blue?.targets[blue1], { agreed: 'down', views: [{}, { heard: false }, {}] });
  t.match(
    [...(fleet.told[0]?.ages().values() ?? [])].map((age) => Number(age) > 15),
    [true, true],
  );
  const [one] = fleet.nodes as [HealthWorld];
  one.down.clear();
  await fleet.pass(DOWN_SECONDS);
  t.same(one.answers(), ALL, 'a node that sees it up, and hears nobody, answers with it');
  fleet.keeper.fate = () => undefined;
  await fleet.pass(10);
  t.same(
    answersOf(fleet),
    fleet.nodes.map(() => GREEN),
    'two of three see both down',
  );
});

t.test('who is out, silent, gone or speaks nonsense has no say', async (t) => {
  const fleet = await makeFleet(t);
  const [one, two, three] = fleet.nodes as [HealthWorld, HealthWorld, HealthWorld];
  fleet.members.ns2 = 'out';
  for (const { down } of [one, two]) down.add(blue1);
  await fleet.pass(DOWN_SECONDS);
  t.same(one.answers(), ALL, 'ns2 is out');
  t.same(two.answers(), [blue2, ...GREEN], 'by its own sight and that of ns1');
  fleet.members.ns2 = 'live';
  await fleet.pass(2);
  t.same(three.answers(), [blue2, ...GREEN]);
  delete fleet.members.ns2;
  await fleet.pass(2);
  t.same([one.answers(), three.answers()], [ALL, ALL], 'of two nodes both have to see it');
  t.match(one.health().quorum, { needed: 2, nodes: 2 });
  fleet.members.ns2 = 'live';
  await fleet.pass(2);
  t.same(three.answers(), [blue2, ...GREEN]);
  for (const key of ['health/ns2', 'beat/ns2', 'health/ns9', 'beat/..']) fleet.keeper.put(key, bytesOf('{"form":1}'));
  await fleet.pass(2);
  t.same(three.answers(), [blue2, ...GREEN], 'what cannot be read was never said');
});

t.test('a node that starts again goes on with what was agreed, and hears the others before it decides', async (t) => {
  const fleet = await makeFleet(t);
  const [one, two] = fleet.nodes as [HealthWorld, HealthWorld];
  for (const { down } of [one, two]) down.add(blue1);
  await fleet.pass(DOWN_SECONDS);
  const [, , three] = fleet.nodes as [HealthWorld, HealthWorld, HealthWorld];
  t.same(three.answers(), [blue2, ...GREEN]);
  three.restart();
  t.same(three.answers(), ALL, 'a table that was built anew knows nothing');
  await fleet.pass(7);
  t.same(three.answers(), [blue2, ...GREEN], 'the next beats tell it of all');
});

t.test('what is missed is read, what stays the same is not written again', async (t) => {
  const fleet = await makeFleet(t);
  const [one, , three] = fleet.nodes as [HealthWorld, HealthWorld, HealthWorld];
  const written = (prefix: string): number[] => fleet.keeper.under(prefix).map(({ changedAt }) => changedAt);
  await fleet.pass(20);
  const before = written('health/');
  const beats = written('beat/');
  await fleet.pass(20);
  t.same(written('health/'), before);
  for (const [i, at] of written('beat/').entries()) t.ok(at > Number(beats[i]));
  // Of one node nothing arrives: neither what it sees nor that it does.
  fleet.keeper.fate = (node) => (node === 'ns1' ? 'reply lost' : undefined);
  one.down.add(blue1);
  await fleet.pass(DOWN_SECONDS);
  t.match(three.health().pools.blue?.targets[blue1], { views: [{}, { node: 'ns1', state: 'down', heard: true }, {}] });
});

t.test(
  'what this process saw of a quorum that was answered by is taken over, not taken for its own sight',
  async (t) => {
    const seen = new SeenHealth(new TestClock());
    const targets = { pools: [{ name: 'blue', weight: 1, targets: ['a', 'b'] }] };
    const service = { name: app, health: { quorum: 'majority' }, ...targets } as never;
    const answered = {
      name: app,
      health: { quorum: 'majority' },
      pools: [{ name: 'blue', weight: 1, targets: ['b'] }],
    };
    seen.seeAnswered(service, answered as never);
    t.equal(seen.target(app, 'a'), undefined);
    t.same([seen.isUp(service, 'a'), seen.isUp(service, 'b')], [false, true]);
  },
);
