/** A node that is removed is waited for until all that it may claim is over, and one that is out is gone at once. */
import t from 'tap';
import { Lost } from '../../../src/control/log/keeper.ts';
import { Problem } from '../../../src/model/errors.ts';
import { ackKey, memberKey } from '../../../src/model/fleet/keys.ts';
import { encodeMember, encodeRevision } from '../../../src/model/fleet/records.ts';
import type { Transaction } from '../../../src/model/fleet/transaction.ts';
import { removeNode } from '../../../src/server/fleet/remove.ts';
import { SimulatedEngine } from '../../model/fleet/simulation/engine.ts';
import { World } from '../../model/fleet/simulation/world.ts';

const timings = {
  ...{ staleAfterMs: 200, marginMs: 50, heartbeatMs: 1000, rpcTimeoutMs: 1500, giveUpMs: 6000, retryMs: 250 },
};
const steadyMs = (): number => performance.now();

function engineWith(state: 'live' | 'out'): SimulatedEngine {
  const engine = new SimulatedEngine(new World(1));
  const puts = [
    { key: memberKey('ns3'), value: encodeMember({ state, incarnation: 'a', version: '1' }) },
    { key: ackKey('ns3'), value: encodeRevision(7) },
  ];
  engine.transact({ compares: [], puts, reads: [], otherwise: [] });
  return engine;
}

const keeperOf = (engine: SimulatedEngine) => ({ transact: async (wanted: Transaction) => engine.transact(wanted) });

t.test('it is gone when its claims are over', async (t) => {
  const engine = engineWith('live');
  const beganAt = steadyMs();
  t.equal(await removeNode(keeperOf(engine), 'ns3', timings, steadyMs), undefined);
  t.ok(steadyMs() - beganAt >= 249, 'not before');
  t.equal(engine.get(memberKey('ns3')), undefined);
  t.equal(engine.get(ackKey('ns3')), undefined);
  t.equal(await removeNode(keeperOf(engineWith('out')), 'ns3', { ...timings, staleAfterMs: 1e9 }, steadyMs), undefined);
});

t.test('without etcd nothing is done, and one that goes on writing is refused', async (t) => {
  const lost = { transact: async () => new Lost(true, 'no answer') };
  t.match(await removeNode(lost, 'ns3', timings, steadyMs), { code: 'fleet_unavailable' });
  const engine = engineWith('live');
  const busy = {
    transact: async (wanted: Transaction) => {
      if (wanted.puts.length > 0)
        engine.transact({
          ...wanted,
          compares: [],
          puts: [{ key: memberKey('ns3'), value: encodeMember({ state: 'live', incarnation: 'b', version: '1' }) }],
        });
      return engine.transact(wanted);
    },
  };
  const refused = await removeNode(busy, 'ns3', timings, steadyMs);
  t.ok(refused instanceof Problem && refused.code === 'busy', 'it changes all the time');
});
