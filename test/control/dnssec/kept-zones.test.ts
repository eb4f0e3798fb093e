/** Zones that brought their signatures are looked at on and on, whatever becomes of one look. */
import t from 'tap';
import { KeptZones } from '../../../src/control/dnssec/kept-zones.ts';
import { guarded } from '../../../src/guard.ts';
import { Problem } from '../../../src/model/errors.ts';
import { TestClock } from '../../fixtures/clock.ts';

type Parts = ConstructorParameters<typeof KeptZones>[0];

for (const isThrown of [true, false]) {
  t.test(
    `a look that fails keeps no other zone from being looked at, and is made again; so is what could not be told: ${isThrown}`,
    async (t) => {
      const moved = new TestClock();
      const told: string[] = [];
      let looks = 0;
      const kept = new KeptZones({
        store: {
          allZones: () => [{ name: 'a.example' }, { name: 'b.example' }],
          signing: () => undefined,
          rrset: () => ({}),
        } as unknown as Parts['store'],
        engine: { onChange() {} },
        look: async (_zone, nowSeconds) => {
          looks += 1;
          if (looks === 1 && isThrown) throw new Error('thrown by the test');
          if (looks === 1) return new Problem('store_unavailable', 'the store cannot be read');
          return { endsSeconds: nowSeconds + 3 * 86_400 };
        },
        tell: ({ zone }) => {
          told.push(zone);
          if (told.length === 3) throw new Error('thrown by the test');
        },
        // As the timers of the control plane are.
        clock: {
          wallMs: moved.wallMs,
          steadyMs: moved.steadyMs,
          after: (ms, work) => moved.after(ms, guarded('thrown by the test', work)),
        },
        log: { warn() {} },
      });
      kept.start();
      t.teardown(() => kept.stop());
      await moved.pass(1);
      t.same(told, ['b.example']);
      await moved.pass(3600);
      t.same(told, ['b.example', 'a.example'], 'an hour later');
      await moved.pass(23 * 3600);
      t.same(told, ['b.example', 'a.example', 'b.example'], 'once a day');
      await moved.pass(3 * 3600);
      t.same(told.slice(3), ['a.example']);
    },
  );
}
