/** Whether the log in etcd is the one that a node has followed, though it has its name. */
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { Lost } from '../../../src/control/log/keeper.ts';
import { logKey } from '../../../src/model/fleet/keys.ts';
import { unlikeWords } from '../../../src/server/fleet/unlike.ts';
import { app, makeFleet, must } from '../../control/log/nodes.ts';

/** A log of three entries. */
async function makeLog(t: Test, last: Command) {
  const { keeper, nodes } = await makeFleet(t, 1);
  await must(nodes[0], last);
  return { keeper, store: nodes[0].fixture.store };
}

t.test('the log of a node', async (t) => {
  const one = await makeLog(t, { kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } });
  const other = await makeLog(t, { kind: 'service.delete', name: app });
  const { store } = one;
  const look = ({ keeper }: Pick<typeof one, 'keeper'>, head = 3) => unlikeWords(keeper.of('ns1'), store, head);
  t.equal(store.lastRevision, 3);
  t.equal(await look(one), undefined);
  t.equal(await look(one, 17), undefined, 'it is behind');
  t.match(await look(one, 2), /has applied entry 3, and the log ends at 2/);
  t.match(await look(other), /^its entry 3 is another than that of the fleet: .*teal fleet join --force/);
  one.keeper.fate = () => 'request lost';
  t.ok((await look(one)) instanceof Lost);
  one.keeper.fate = () => undefined;
  one.keeper.remove(logKey(3));
  t.equal(await look(one), undefined, 'snapshots have it');
});
