/** In a fleet one node takes the steps of releases: it stops when another leads, and goes on when it leads again. */
import t, { type Test } from 'tap';
import type { Step } from '../../../src/model/release.ts';
import { begin, makeWorld } from './world.ts';

const gate: Step = {
  analysis: { intervalSeconds: 10, count: 3, metrics: [{ name: 'up', web: { url: 'http://example.com' } }] },
};
const tens = [10, 20, 30, 40].flatMap((setWeight): Step[] => [{ setWeight }, { pause: { duration: 60 } }]);

/** Of a wait of a minute, of which forty seconds are over. */
async function restIsWaited(t: Pick<Test, 'equal'>, world: ReturnType<typeof makeWorld>): Promise<void> {
  await world.clock.pass(18);
  t.equal(world.green(), 10, 'its wait is not over');
  await world.clock.pass(4);
  t.equal(world.green(), 20);
}

t.test('where another node leads nothing is stepped or asked, and whoever leads next goes on at once', async (t) => {
  const world = makeWorld(t);
  world.stop();
  const id = begin(world, [...tens, gate]);
  await world.clock.pass(3600);
  t.equal(world.green(), 10, 'the first step is the change itself');
  world.start();
  await world.clock.pass(1);
  t.equal(world.green(), 20, 'what was due is done');
  world.stop();
  await world.clock.pass(3600);
  world.start();
  await world.clock.pass(130);
  t.equal(world.green(), 40);
  t.ok(world.asked.length > 0, 'the gate is asked');
  world.stop();
  const { length } = world.asked;
  await world.clock.pass(3600);
  t.equal(world.asked.length, length);
  t.equal(world.release(id).state, 'progressing');
  world.start();
  await world.clock.pass(60);
  t.equal(world.release(id).state, 'completed');
});

t.test('whoever leads next waits for what is left, whatever the time of day was at the leader before', async (t) => {
  for (const aheadMs of [-2 * 86_400_000, 2 * 86_400_000]) {
    const world = makeWorld(t);
    world.stop();
    world.clock.jump(aheadMs);
    begin(world, tens);
    world.clock.jump(-aheadMs);
    await world.clock.pass(40);
    world.start();
    await restIsWaited(t, world);
  }
});

t.test('so does a node that leads again, of a wait that began before it was started', async (t) => {
  for (const jumpMs of [-2 * 86_400_000, 2 * 86_400_000]) {
    const world = makeWorld(t);
    begin(world, tens);
    world.restart();
    await world.clock.pass(20);
    world.stop();
    world.clock.jump(jumpMs);
    await world.clock.pass(20);
    world.start();
    await restIsWaited(t, world);
  }
});
