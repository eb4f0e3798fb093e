/** The door for ExternalDNS with thousands of names of one cluster: a second look plans nothing, and no turn of the thread is long. */
import t from 'tap';
import { declared } from '../fixtures/external-dns/cluster.ts';
import { revisionOf, start } from '../fixtures/external-dns/start.ts';
import { runs } from '../fixtures/runs.ts';

t.setTimeout(600_000);

/** A turn that took all of them would be twice as long as one may be. */
const NAMES = runs(3000);
/** Names that are made services of two pools each. */
const SERVICES = 100;
/** Of zones and services that are read in one turn. A list is worked out twenty names at a time, each of which asks for some. */
const READS_IN_A_TURN_MAX = 1500;

t.test(`${NAMES} names`, async (t) => {
  const { api, cluster } = await start(t, { zoneFileMaxBytes: 64 * 2 ** 20 });
  const one = cluster('cluster-a');
  const two = cluster('cluster-b');
  const plain = Array.from({ length: NAMES - SERVICES }, (_, i) => ({
    ...{ dnsName: `n${i}.example.com`, recordType: 'A', recordTTL: 60, targets: [`10.0.${i >> 8}.${i & 255}`] },
    labels: { resource: `service/default/n${i}` },
  }));
  const pools = (set: string) => (_: unknown, i: number) => declared(`s${i}.example.com`, '192.0.2.1', set, '50');
  one.wanted = [...plain, ...Array.from({ length: SERVICES }, pools('blue'))];
  two.wanted = Array.from({ length: SERVICES }, pools('green'));

  const { queries } = api.parts;
  let reads = 0;
  let most = 0;
  for (const key of ['zone', 'service'] as const) {
    const read = queries[key].bind(queries);
    const counted = (name: string) => {
      reads += 1;
      most = Math.max(most, reads);
      return read(name);
    };
    Object.assign(queries, { [key]: counted });
  }
  // Where a turn ends others come in, and it is counted anew.
  let isOver = false;
  const turn = (): void => {
    reads = 0;
    if (!isOver) setImmediate(turn);
  };
  turn();
  t.teardown(() => {
    isOver = true;
  });

  const first = await one.sync();
  t.match(
    { status: first.status, planned: first.planned, body: first.body },
    { status: 204, planned: NAMES, body: '' },
  );
  t.match(await two.sync(), { status: 204, planned: SERVICES });
  t.ok(most > 0 && most <= READS_IN_A_TURN_MAX, `${most} reads in one turn`);
  const before = await revisionOf(api);
  for (const each of [one, two, one]) t.equal((await each.sync()).planned, 0);
  t.equal(await revisionOf(api), before);
  t.equal((await one.records()).length, 2 * (NAMES + SERVICES), 'with the record of who owns each');

  one.wanted = one.wanted.slice(0, NAMES / 2);
  t.match(await one.sync(), { status: 204, planned: NAMES / 2 });
  for (const each of [one, two]) t.equal((await each.sync()).planned, 0);
  const left = (await api.request('GET', '/v1/services?limit=1000')).json().items.length;
  t.equal(left, 0, 'one pool is no choice');
});
