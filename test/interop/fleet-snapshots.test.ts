/** A new snapshot lets the log be shortened: a node that was away for longer begins from it again, and so does a new one. */
import t from 'tap';
import { fleetPrefix } from '../../src/model/fleet/keys.ts';
import { EtcdKeeper } from '../../src/server/fleet/keeper.ts';
import { refreshSnapshot } from '../../src/server/fleet/snapshots.ts';
import { comesTo, soon } from '../fixtures/soon.ts';
import { etcdClient, settled } from './etcd.ts';
import { Checker, FleetFixture } from './fleet.ts';

t.test('the log is shortened by what two snapshots have', async (t) => {
  const fleet = await FleetFixture.start(2);
  t.teardown(() => fleet.stop());
  const etcd = etcdClient(fleet.etcd.endpoints);
  t.teardown(() => etcd.close());
  const prefix = fleetPrefix('test');
  const keeper = new EtcdKeeper(etcd, prefix);
  const checker = new Checker(fleet);
  const keys = async (below: string): Promise<string[]> => {
    const { keyValues } = await settled(() => etcd.range({ prefix: prefix + below }, { keysOnly: true }));
    return keyValues.map(({ key }) => key.slice(prefix.length));
  };
  const refresh = async (entriesBetween: number): Promise<string[]> => {
    const lines: string[] = [];
    const log = { info: (_: object, line: string) => lines.push(line), warn: (line: string) => lines.push(line) };
    const { body } = await fleet.node('ns1').process.call('GET', '/v1/fleet');
    const parts = { keeper, dataDir: fleet.node('ns1').folder, lastRevision: () => body.revision, entriesBetween };
    await refreshSnapshot({ ...parts, log: log as never });
    return lines;
  };
  const write = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) t.equal((await checker.write('ns1')).status < 300, true);
  };

  await write(5);
  t.same(await refresh(1000), [], 'it is not time yet');
  const logged = (await keys('log/')).length;
  await fleet.kill('ns2');
  await write(5);
  t.match(await refresh(5), [/new snapshot/]);
  t.equal((await keys('log/')).length, logged + 5, 'nothing was in the snapshot before');
  await write(5);
  t.match(await refresh(5), [/new snapshot/]);
  t.equal((await keys('log/')).length, 5, 'only what came after the last but one');
  const snapshots = new Set((await keys('snapshot/')).map((key) => key.split('/')[1]));
  t.equal(snapshots.size, 2);

  const [chunk = ''] = (await keys('snapshot/')).slice(-1);
  const [kept] = (await settled(() => etcd.range({ key: prefix + chunk }))).keyValues;
  await settled(() => etcd.delete({ key: prefix + chunk }));
  await fleet.startAgain('ns2');
  const stale = fleet.node('ns2').process;
  t.match((await stale.call('GET', '/readyz')).body, { status: 'ready', fleet: { current: false } });
  const said = () =>
    stale.log.find(({ msg }) => /the snapshot is of no use: answering from the local copy/.test(String(msg)));
  t.match(await comesTo(said, Boolean), { reason: /is not there/ });
  await fleet.kill('ns2');
  await settled(() => etcd.transact({ compare: [], success: [{ put: prefix + chunk, value: kept?.value ?? '' }] }));

  await fleet.startAgain('ns2');
  await fleet.live('ns2');
  const { log } = fleet.node('ns2').process;
  await soon(t).ok(() => log.some(({ msg }) => /filled anew from the snapshot/.test(String(msg))));
  await fleet.add('ns3');
  await fleet.live('ns3');
  const { body } = await checker.writeToAll('ns3');
  t.match(body.fleet, { answering: ['ns1', 'ns2', 'ns3'], behind: [] });
  const revisions = await Promise.all(
    fleet.nodes.map(async ({ process: teal }) => (await teal.call('GET', '/v1/revisions?limit=500')).body.items),
  );
  for (const items of revisions) t.same(items, revisions[0]);
});
