/** The watch of a fleet's log: whatever becomes of what it tells, it is opened again. */
import t from 'tap';
import type { Etcd } from '../../../src/etcd/client.ts';
import { EtcdFailure } from '../../../src/etcd/failure.ts';
import { EtcdKeeper } from '../../../src/server/fleet/keeper.ts';
import { comesTo } from '../../fixtures/soon.ts';

t.test('a listener that has a fault when it hears of a break hears of the log again', async (t) => {
  let asked = 0;
  const etcd = {
    random: () => 0,
    range: async () => {
      asked += 1;
      return new EtcdFailure('unreachable', 'no answer');
    },
  } as unknown as Etcd;
  const end = new EtcdKeeper(etcd, 'teal/').watch(['log/'], {
    changed: () => {},
    broken: () => {
      throw new Error('thrown by the test');
    },
  });
  t.teardown(end);
  t.equal(await comesTo(() => asked > 1, Boolean), true);
});
