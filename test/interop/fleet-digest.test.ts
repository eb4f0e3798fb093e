/** A fleet whose nodes sign for themselves: each answers with the digest of its own copy of the zone (ZONEMD, RFC 8976). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { readMessage } from '../fixtures/dnssec/message.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { FleetFixture, type Node, until } from './fleet.ts';
import { judges } from './zone-judges.ts';

t.setTimeout(900_000);

const ZONE = 'digest.test';
const PATH = `/v1/zones/${ZONE}`;
const [SOA, ZONEMD] = [6, 63];

t.test('each node has a digest of what it answers itself, and none of what it answered before', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'key'), 'ab'.repeat(32));
  const env = {
    TEAL_DNSSEC_PARENT_SERVERS: '127.0.0.1:9',
    TEAL_DNSSEC_NOTIFY_PARENTS: 'false',
    TEAL_DNSSEC_WRAPPING_KEY_FILE: join(folder, 'key'),
  };
  const fleet = await FleetFixture.start(2, env, { members: 1 });
  t.teardown(() => fleet.stop());
  const [ns1, ns2] = fleet.nodes as [Node, Node];
  const call = (method: string, path: string, body?: unknown) => ns1.process.call(method, path, body);
  const rdataOf = async ({ process: { dnsPort } }: Node, wanted: number): Promise<Buffer | undefined> => {
    const query = buildQuery({ name: ZONE, type: wanted, edns: { do: true, udpBytes: 4096 } });
    const { records } = readMessage((await askUdp('127.0.0.1', dnsPort, query)).bytes);
    return records.find(({ type }) => type === wanted)?.rdata;
  };
  const serialOf = async (node: Node): Promise<number> => {
    const rdata = (await rdataOf(node, SOA)) as Buffer;
    return rdata.readUInt32BE(rdata.length - 20);
  };
  const fileOf = async ({ process: { admin, token } }: Node): Promise<string> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${admin}${PATH}/file?signed=true`, { headers })).text();
  };
  /** A digest, and a file that was written while it was answered: the leader may take a step at any moment. */
  const digestAndFile = async (node: Node, what: string): Promise<{ digest: string; text: string }> => {
    let [digest, text] = ['', ''];
    await until(`${node.name} has a digest ${what}`, async () => {
      const serial = await serialOf(ns1);
      const before = await rdataOf(node, ZONEMD);
      text = await fileOf(node);
      const after = await rdataOf(node, ZONEMD);
      digest = before?.subarray(6).toString('hex') ?? '';
      const isOfAll = serial === (await serialOf(ns1)) && serial === (await serialOf(node));
      const isOne = before !== undefined && after?.equals(before) === true && before.readUInt32BE(0) === serial;
      return (isOfAll && isOne) || `${serial}, ${before?.toString('hex')}, ${after?.toString('hex')}`;
    });
    return { digest, text };
  };
  /** Each node's digest, which others verify its own file by; of the serial that all have. */
  const verified = async (what: string, isSigned = true): Promise<readonly string[]> => {
    const digests: string[] = [];
    for (const node of [ns1, ns2]) {
      const { digest, text } = await digestAndFile(node, what);
      const exported = join(folder, `${node.name}.zone`);
      writeFileSync(exported, text);
      const [, inFile = ''] = /\sZONEMD\s+\d+ 1 1 ([0-9A-Fa-f ]+)/.exec(text) ?? [];
      t.equal(inFile.replaceAll(' ', '').toLowerCase(), digest, `${node.name} ${what}: its file has what it answers`);
      for (const [judge, ask] of isSigned ? Object.entries(judges) : []) {
        const { isGood, output } = ask(exported, ZONE, true);
        t.ok(isGood, `${judge}, ${node.name} ${what}`, { output });
      }
      digests.push(digest);
    }
    return digests;
  };
  const zone = { nameservers: ['ns1.example.net'], hostmaster: 'h.digest.test', ttlSeconds: 60, zonemd: true };
  t.equal((await call('PUT', PATH, zone)).status, 201);
  const body = {
    pools: { blue: { weight: 9, targets: ['192.0.2.10'] }, green: { weight: 1, targets: ['192.0.2.20'] } },
  };
  t.equal((await call('PUT', `/v1/services/app.${ZONE}`, body)).status, 201);
  const plain = await verified('without signatures', false);
  t.equal(plain[0], plain[1], 'the same everywhere while nobody signs');
  await until('all can sign', async () => {
    const { status, body } = await call('PUT', `${PATH}/dnssec`, {});
    // One whose reply was lost has been done.
    return status < 300 || JSON.stringify(body);
  });
  await until('all are signed', async () => {
    const keys = await Promise.all([ns1, ns2].map((node) => rdataOf(node, 48)));
    return keys.every((key) => key !== undefined);
  });
  const first = await verified('signed');
  const record = { ttlSeconds: 60, rdata: ['192.0.2.1'] };
  t.equal((await call('PUT', `${PATH}/rrsets/new.${ZONE}/A`, record)).status, 201);
  const second = await verified('after a change');
  t.notSame(second, first);
  t.equal((await call('PUT', `/v1/services/app.${ZONE}/weights`, { blue: 0, green: 1 })).status, 200);
  await until(
    'another pool is the heaviest',
    async () => (await rdataOf(ns2, ZONEMD))?.toString('hex').endsWith(second[1] as string) === false,
  );
  t.notSame(await verified('after a shift'), second);
});
