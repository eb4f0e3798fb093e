/** Which services fail open, as the metrics tell it: by what is answered, and in step with the API. */
import t from 'tap';
import { inForce, poolsSeen, SeenHealth } from '../../src/control/observed/health.ts';
import { failsOpen } from '../../src/model/health-effect.ts';
import { unknownHealth } from '../../src/model/health-state.ts';
import type { Service } from '../../src/model/service.ts';
import { measuredHealth } from '../../src/server/measured-health.ts';
import { TestClock } from '../fixtures/clock.ts';
import { NOON_MS } from '../fixtures/engine.ts';
import { service } from '../fixtures/table.ts';

const TARGETS = ['192.0.2.1', '192.0.2.2', '192.0.2.3'] as const;

/** The service: blue and green have weight, idle has none. */
function made(): Service {
  const [blue, green, idle] = TARGETS;
  const change = service('test', 'app.test', { blue: [3, blue], green: [1, green], idle: [0, idle] });
  if (change.op !== 'putService') throw new Error('it is a service');
  return change.service;
}

const forcedDown = (...pools: string[]) =>
  pools.map((pool) => ({ pool, state: 'down', startedAtMs: NOON_MS, seconds: 60, actor: 'ops', revision: 3 }) as const);

t.test('every combination of targets that are down and pools that are forced down', (t) => {
  let open = 0;
  for (let down = 0; down < 8; down++) {
    for (const forced of [[], ['blue'], ['green'], ['blue', 'green']]) {
      const seen = new SeenHealth(new TestClock());
      const original: Service = forced.length === 0 ? made() : { ...made(), forced: forcedDown(...forced) };
      seen.followForced(original);
      for (const [bit, target] of TARGETS.entries()) {
        const state = (down & (1 << bit)) === 0 ? 'up' : 'down';
        seen.see('app.test', target, { ...unknownHealth(NOON_MS), state });
      }
      // The table holds what is answered, where pools that are unhealthy have lost their weight.
      const answered = inForce({ ...original, health: {} as never }, seen);
      const store = { service: () => original };
      const found = [...measuredHealth(store, { service: () => answered }, seen).failingOpen()];
      const expected = failsOpen(poolsSeen(original, seen));
      t.same(found, expected ? ['app.test'] : [], `down ${down.toString(2)}, forced ${forced}`);
      if (expected) open++;
    }
  }
  // Down or forced, blue and green both, whatever idle is: of the 8 combinations 2, 4, 4 and 8.
  t.equal(open, 18);
  t.end();
});

t.test('a service that is gone does not', (t) => {
  const seen = new SeenHealth(new TestClock());
  for (const target of TARGETS) seen.see('app.test', target, { ...unknownHealth(NOON_MS), state: 'down' });
  const none = { service: () => undefined };
  t.same([...measuredHealth(none, none, seen).failingOpen()], []);
  t.end();
});
