/** Imports of zone files in a fleet: through one node, answered by all; a node that is stopped meanwhile is behind and comes back. */
import t from 'tap';
import { fleetPrefix } from '../../src/model/fleet/keys.ts';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { signalAll } from '../fixtures/planes.ts';
import type { ApiReply } from '../fixtures/process.ts';
import { etcdClient } from './etcd.ts';
import { Checker, FleetFixture, type Node, until } from './fleet.ts';

const ZONE = 'import.test';
const NAMES = 4000;
const ANSWER_MS = 90_000;

function zoneFile(address: string): string {
  const lines = Array.from({ length: NAMES }, (_, n) => `n${n} 60 IN A ${address}\n`);
  return `$ORIGIN ${ZONE}.\n@ 300 IN SOA ns1 hostmaster 1 3600 600 86400 300\n@ 300 IN NS ns1\nns1 300 IN A 192.0.2.53\n${lines.join('')}`;
}

async function bring({ process: teal }: Node, address: string): Promise<ApiReply> {
  const reply = await fetch(`${teal.admin}/v1/zones/${ZONE}/file`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' },
    body: zoneFile(address),
  });
  return { status: reply.status, headers: reply.headers, body: (await reply.json()) as ApiReply['body'] };
}

async function addressAt({ process: teal }: Node): Promise<string | undefined> {
  const reply = await askUdp('127.0.0.1', teal.dnsPort, buildQuery({ name: `n${NAMES - 1}.${ZONE}` }), {
    timeoutMs: ANSWER_MS,
  });
  return reply.answers[0]?.data;
}

t.test('imports of a fleet', async (t) => {
  const fleet = await FleetFixture.start(3);
  t.teardown(() => fleet.stop());
  const [ns1, ns2, ns3] = ['ns1', 'ns2', 'ns3'].map((name) => fleet.node(name)) as [Node, Node, Node];
  const checker = new Checker(fleet);
  checker.begin();
  const names = ['ns1', 'ns2', 'ns3'];

  for (const [node, address] of [
    [ns1, '198.51.100.1'],
    [ns2, '198.51.100.2'],
  ] as const) {
    const { status, body } = await fleet.byAll(() => bring(node, address));
    t.match({ status, body }, { body: { rrsets: NAMES + 1, fleet: { answering: names, behind: [] } } });
    t.ok(status === 200 || status === 201, String(status));
    for (const each of fleet.nodes) t.equal(await addressAt(each), address, each.name);
  }

  signalAll(ns3.process.pid, 'SIGSTOP');
  ns3.isDown = true;
  const imported = bring(ns1, '198.51.100.3');
  t.ok((await checker.write('ns2')).status < 300, 'a shift goes on meanwhile');
  const { body } = await imported;
  t.match(body.fleet, { answering: ['ns1', 'ns2'], behind: [{ node: 'ns3' }] });
  t.same([await addressAt(ns1), await addressAt(ns2)], ['198.51.100.3', '198.51.100.3']);
  signalAll(ns3.process.pid, 'SIGCONT');
  ns3.isDown = false;
  await fleet.live('ns3');
  t.equal(await addressAt(ns3), '198.51.100.3', 'it has staged what it missed');

  await fleet.add('ns4');
  await fleet.live('ns4');
  t.equal(await addressAt(fleet.node('ns4')), '198.51.100.3', 'and so has a node that joins');

  await checker.end();
  t.same(checker.faults, []);
  const etcd = etcdClient(fleet.etcd.endpoints);
  t.teardown(() => etcd.close());
  await until('nothing is open', async () => {
    const found = await etcd.range({ prefix: `${fleetPrefix('test')}stage` });
    return 'keyValues' in found && found.keyValues.length === 0;
  });
});
