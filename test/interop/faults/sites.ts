/**
 * Two sites: two members of etcd and a nameserver at the first, one of each at the second. The way between them is cut, and
 * then the first, which has the quorum, is lost. Prints what happened as one line of JSON. Run below `unshare --net`.
 */
import { Checker, FleetFixture, type Node, until } from '../fleet.ts';
import { Namespaces, type Place } from './namespaces.ts';

const namespaces = new Namespaces();
const places = new Map<string, Place>();
for (const [name, site] of [
  ['m0', 0],
  ['m1', 0],
  ['m2', 1],
  ['ns1', 0],
  ['ns2', 1],
] as const)
  places.set(name, await namespaces.add(site));

const placeOf = (name: string) => {
  const { wrapper, asked } = places.get(name) as Place;
  const listen = { TEAL_DNS_LISTEN: `${asked}:0`, TEAL_ADMIN_LISTEN: `${asked}:0` };
  return { wrapper, env: { ...listen, TEAL_ADMIN_INSECURE: 'true' } };
};
const etcdPlace = (n: number) => places.get(`m${n}`) as Place;
const fleet = await FleetFixture.start(2, {}, { members: 3, place: placeOf, etcdPlace });
const checker = new Checker(fleet);
const told: Record<string, unknown> = {};

const isStale = (node: Node) => async (): Promise<boolean> =>
  (await node.process.call('GET', '/readyz')).body.fleet.current === false;
const refusal = async (node: Node): Promise<string> => {
  const path = '/v1/services/app.example.test/weights';
  const { status, body } = await node.process.call('PUT', path, { blue: 1, green: 1 });
  return `${status} ${body.code}`;
};
const answersGoOn = async (): Promise<void> => {
  const before = checker.answers;
  await until('answers', async () => checker.answers > before + 100);
};

try {
  const [first, second] = fleet.nodes as [Node, Node];
  checker.begin();
  told.together = (await checker.write('ns2')).body.fleet.answering;

  namespaces.cut();
  told.parted = (await checker.write('ns1')).body.fleet;
  await until('the second site is stale', isStale(second));
  told.atTheSecond = await refusal(second);
  await answersGoOn();
  namespaces.mend();
  await fleet.live('ns2');
  told.mended = (await checker.write('ns2')).body.fleet.answering;

  await Promise.all([fleet.etcd.kill(0), fleet.etcd.kill(1), fleet.kill(first.name)]);
  await until('the second site is stale', isStale(second));
  told.withoutTheFirst = await refusal(second);
  await answersGoOn();
  for (const n of [0, 1]) fleet.etcd.start(n);
  await fleet.etcd.ready();
  await fleet.startAgain(first.name);
  for (const { name } of fleet.nodes) await fleet.live(name);
  told.back = (await checker.write('ns1')).body.fleet.answering;
  await checker.end();
  told.faults = checker.faults;
} catch (error) {
  told.error = String((error as Error).stack);
} finally {
  await fleet.stop();
  namespaces.close();
}
console.log(JSON.stringify(told));
process.exit(0);
