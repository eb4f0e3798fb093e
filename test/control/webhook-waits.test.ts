/** Waits of webhooks where the wall clock is set meanwhile: none is longer or shorter, and nothing is left out. */
import t from 'tap';
import { Waits } from '../../src/control/webhooks/waits.ts';
import { TestClock } from '../fixtures/clock.ts';
import { fine, makeWebhookWorld } from '../fixtures/webhooks.ts';

t.test('a clock that is set holds up nothing for longer than its wait, nor hastens it', async (t) => {
  for (const jumpMs of [3 * 86_400_000, 40_000]) {
    const world = makeWebhookWorld(t);
    world.hook();
    world.clock.jump(jumpMs);
    world.answer = () => ({ status: 500, body: '' });
    world.shift(5);
    await world.clock.pass(1);
    world.clock.jump(-jumpMs);
    await world.clock.pass(3);
    t.equal(world.sent.length, 1);
    await world.clock.pass(2);
    t.equal(world.sent.length, 2, 'five seconds later');
    world.clock.jump(jumpMs);
    const other = world.shift(6);
    await world.clock.pass(1);
    t.same([world.sent.length, world.sent.at(-1)?.body.data.revision], [3, other], 'the other waits still');
    world.clock.jump(-jumpMs);
    world.answer = () => fine;
    world.restart();
    await world.clock.pass(6 * 3600 + 60);
    t.same(world.list(), [], 'after a restart it waits for no longer than the longest wait');
  }
});

t.test('what was not tried yet is sent, however far ahead the clock was when it came', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook();
  world.clock.jump(86_400_000);
  world.shift(5);
  world.shift(6);
  let release = (_: typeof fine): void => {};
  world.answer = () => new Promise((resolve) => (release = resolve));
  await world.clock.pass(1);
  world.clock.jump(-86_400_000);
  world.answer = () => fine;
  release(fine);
  await world.clock.pass(1);
  t.equal(world.sent.length, 2);
});

t.test('one that failed while the clock was ahead is not held up by one that fails after it', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook();
  world.clock.jump(86_400_000);
  world.answer = () => ({ status: 500, body: '' });
  const before = world.shift(5);
  await world.clock.pass(1);
  world.clock.jump(-86_400_000);
  const after = world.shift(6);
  await world.clock.pass(10);
  t.same(
    world.sent.map(({ body }) => body.data.revision),
    [before, after, before, after],
  );
});

t.test('what this node saw is told on, though the clock was ahead when the sending began', async (t) => {
  const world = makeWebhookWorld(t);
  world.hook({ triggers: ['on-node-lost'] });
  world.clock.jump(86_400_000);
  world.restart();
  await world.clock.pass(60);
  world.clock.jump(-86_400_000);
  const well = { node: 'ns1', standing: 'live', current: true, leader: 'ns1', changes: ['nodes_silent'] } as const;
  const event = { ...well, behind: [], silent: ['ns3'], lost: ['ns3'], back: [] };
  world.events.addNode(event, world.clock.wallMs());
  await world.clock.pass(1);
  t.equal(world.sent.length, 1);
});

t.test('the waits of a webhook that is deleted are forgotten', async (t) => {
  const clock = new TestClock();
  const waits = new Waits(clock);
  const [gone, there] = ['gone', 'there'].map((webhook) => ({ webhook, id: `msg_${webhook}`, attempts: 1 }));
  const [dueAtMs] = [gone, there].map((each) => waits.begin(each, 5000));
  clock.jump(-60_000);
  waits.keep(new Set(['there', 'new']));
  const leftMs = (of: typeof gone): number => waits.dueMs({ ...of, dueAtMs }) - clock.steadyMs();
  t.same([leftMs(gone), leftMs(there)], [65_000, 5000], 'by the wall clock, as one that is not known');
});
