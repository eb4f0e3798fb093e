/** A fleet with a large signed zone: the leader waits for each node until that has signed it, and says for whom. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { readMessage } from '../fixtures/dnssec/message.ts';
import { dsRdataOf, startParent } from '../fixtures/dnssec/parent.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { FleetFixture, leaderOf, type Node, until } from './fleet.ts';

t.setTimeout(900_000);

const ZONE = 'large.test';
const PATH = `/v1/zones/${ZONE}/dnssec`;
const RRSIG = 46;
/** Some turns of whoever takes steps. */
const TURNS_MS = 12_000;

t.test('a stage goes on when every node that is not out has signed, and not before', async (t) => {
  const parent = await startParent(t);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'key'), 'ab'.repeat(32));
  const env = {
    TEAL_DNSSEC_PARENT_SERVERS: parent.address,
    TEAL_DNSSEC_NOTIFY_PARENTS: 'false',
    TEAL_DNSSEC_WRAPPING_KEY_FILE: join(folder, 'key'),
    NODE_OPTIONS: `--import=${new URL('./held-signing.ts', import.meta.url)}`,
  };
  const fileOf = (name: string): string => join(folder, `${name}-signs`);
  const place = (name: string) => ({ env: { SIGNS_ONCE_FILE: fileOf(name) } });
  const fleet = await FleetFixture.start(2, env, { members: 1, place });
  t.teardown(() => fleet.stop());
  const [ns1, ns2] = fleet.nodes as [Node, Node];
  const call = (node: Node, method: string, path: string, body?: unknown) => node.process.call(method, path, body);
  const signing = async (node: Node) => (await call(node, 'GET', PATH)).body;
  const isSigned = async ({ process: { dnsPort } }: Node): Promise<boolean> => {
    const query = buildQuery({ name: `n7.${ZONE}`, type: 1, edns: { do: true } });
    const { records } = readMessage((await askUdp('127.0.0.1', dnsPort, query)).bytes);
    return records.some(({ type }) => type === RRSIG);
  };
  const short = { ttlSeconds: 1, nameserversTtlSeconds: 1, negativeTtlSeconds: 1 };
  await call(ns1, 'PUT', `/v1/zones/${ZONE}`, { nameservers: ['ns1.test'], hostmaster: 'h.test', ...short });
  const changes = Array.from({ length: 60 }, (_, n) => ({
    put: { name: `n${n}.${ZONE}`, type: 'A', ttlSeconds: 1, rdata: [`192.0.2.${n}`] },
  }));
  t.equal((await call(ns1, 'POST', `/v1/zones/${ZONE}/changes`, { changes })).status, 200);
  await until('all can sign', async () => {
    const { status, body } = await call(ns1, 'PUT', PATH, { dnskeyTtlSeconds: 1 });
    // One whose reply was lost has been done.
    return status < 300 || JSON.stringify(body);
  });
  const leader = await leaderOf(fleet);
  const other = leader === ns1 ? ns2 : ns1;
  writeFileSync(fileOf(leader.name), '');
  await until('the leader has signed', () => isSigned(leader));
  await until('it says for whom it waits', async () => {
    const { status } = await signing(leader);
    return status.includes(`it waits for ${other.name},`) || status;
  });
  await sleep(TURNS_MS);
  t.match(await signing(leader), { stage: 'signing', until: null });
  t.notOk(await isSigned(other));
  writeFileSync(fileOf(other.name), '');
  await until('secure', async () => {
    const { stage, ds, status } = await signing(leader);
    if (stage === 'ds-needed') parent.ds = ds.map(dsRdataOf);
    return stage === 'secure' || `${stage}: ${status}`;
  });
  t.ok(await isSigned(other));
});
