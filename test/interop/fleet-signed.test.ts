/**
 * A fleet with signed zones: every node signs for itself, with one key; a zone goes on from stage to stage only where all
 * can; a node that has another wrapping key is named, and takes no part with answers that it cannot sign.
 */
import { createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { type Message, readMessage } from '../fixtures/dnssec/message.ts';
import { dsRdataOf, startParent } from '../fixtures/dnssec/parent.ts';
import { whyBogus } from '../fixtures/dnssec/validator.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { FleetFixture, type Node, until } from './fleet.ts';

const ZONE = 'example.test';
const PATH = `/v1/zones/${ZONE}/dnssec`;
const APP = 'app.example.test';
const QUESTIONS = [
  ...([
    [APP, 1],
    [APP, 28],
    [ZONE, 6],
    [ZONE, 48],
    [`nothing.${ZONE}`, 1],
  ] as const),
];

t.test('a fleet of signed zones', async (t) => {
  const parent = await startParent(t);
  const folder = temporaryFolder(t);
  const keyFiles = { ours: join(folder, 'ours'), other: join(folder, 'other') };
  writeFileSync(keyFiles.ours, 'ab'.repeat(32));
  writeFileSync(keyFiles.other, 'cd'.repeat(32));
  /** By the name of a node: which wrapping key it is given. */
  const given = new Map<string, string>();
  const env = {
    TEAL_DNSSEC_PARENT_SERVERS: parent.address,
    TEAL_DNSSEC_NOTIFY_PARENTS: 'false',
  };
  const place = (name: string) => ({ env: { TEAL_DNSSEC_WRAPPING_KEY_FILE: given.get(name) ?? keyFiles.ours } });
  given.set('ns2', keyFiles.other);
  const fleet = await FleetFixture.start(2, env, { members: 1, place });
  t.teardown(() => fleet.stop());
  const [ns1, ns2] = fleet.nodes as [Node, Node];
  const call = (node: Node, method: string, path: string, body?: unknown) => node.process.call(method, path, body);
  const signing = async (node: Node) => (await call(node, 'GET', PATH)).body;
  const stage = (wanted: string) =>
    until(`the stage ${wanted}`, async () => {
      const { stage: now, ds, status } = await signing(ns1);
      // It follows at once.
      if (now === 'ds-needed') parent.ds = ds.map(dsRdataOf);
      return now === wanted || `${now}: ${status}`;
    });
  const ask = async ({ process: { dnsPort } }: Node, name: string, type: number): Promise<Message> => {
    const query = buildQuery({ name, type, edns: { do: true, udpBytes: 1232 } });
    return readMessage((await askUdp('127.0.0.1', dnsPort, query)).bytes);
  };
  /** Whether all answers of a node validate, by the keys that the API names. */
  const bogusAt = async (node: Node): Promise<string[]> => {
    const found: string[] = [];
    const { keys } = await signing(node);
    const active = keys.find(({ role }: { role: string }) => role === 'active');
    const dnskey = Buffer.concat([
      Buffer.from('0101030d', 'hex'),
      Buffer.from(active.dnskey.split(' ').slice(3).join(''), 'base64'),
    ]);
    const [x, y] = [dnskey.subarray(4, 36), dnskey.subarray(36)].map((part) => part.toString('base64url')) as [
      string,
      string,
    ];
    const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
    const key = { publicKey, privateKey: publicKey, dnskey, tag: active.tag };
    const trust = { zones: new Map([[ZONE, key]]), isInsecure: () => false };
    for (const [name, type] of QUESTIONS) {
      const why = whyBogus(await ask(node, name, type), name.split('.'), type, trust);
      if (why !== undefined) found.push(`${node.name} ${name} ${type}: ${why}`);
    }
    return found;
  };

  await t.test('a node with another wrapping key is named, and nothing is signed', async (t) => {
    let refused: unknown;
    await until('it is known', async () => {
      const { body } = await call(ns1, 'PUT', PATH, { dnskeyTtlSeconds: 1 });
      refused = body;
      return body.detail.includes('ns2') || JSON.stringify(body);
    });
    t.match(refused, { code: 'signing_refused', detail: /the wrapping key of ns2 is not that of this node/ });
    t.equal((await call(ns1, 'GET', PATH)).status, 404);
    await fleet.kill('ns2');
    given.set('ns2', keyFiles.ours);
    await fleet.startAgain('ns2');
    await fleet.live('ns2');
  });

  await t.test('signed at both, with one DNSKEY RRset and signatures of their own', async (t) => {
    await call(ns1, 'DELETE', `/v1/zones/${ZONE}?services=delete`);
    const short = { ttlSeconds: 1, nameserversTtlSeconds: 1, negativeTtlSeconds: 1 };
    await call(ns1, 'PUT', `/v1/zones/${ZONE}`, {
      nameservers: ['ns1.example.net'],
      hostmaster: 'h.example.test',
      ...short,
    });
    const pools = { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };
    t.equal((await call(ns1, 'PUT', `/v1/services/${APP}`, { ttlSeconds: 1, pools })).status, 201);
    await until('all can sign', async () => {
      const { status, body } = await call(ns2, 'PUT', PATH, { dnskeyTtlSeconds: 1 });
      // One whose reply was lost has been done.
      return status < 300 || JSON.stringify(body);
    });
    await stage('secure');
    for (const node of [ns1, ns2]) t.same(await bogusAt(node), []);
    const [one, other] = await Promise.all([ask(ns1, ZONE, 48), ask(ns2, ZONE, 48)]);
    const rdata = (message: Message, type: number) =>
      message.records
        .filter((record) => record.section === 'answer' && record.type === type)
        .map((record) => record.rdata.toString('hex'))
        .sort();
    t.same(rdata(one, 48), rdata(other, 48), 'the same keys');
    t.notSame(rdata(one, 46), rdata(other, 46), 'each has signed for itself');
  });

  await t.test('a shift is one everywhere, and needs no signature', async (t) => {
    const made = async (node: Node): Promise<number> => {
      const reply = await fetch(`${node.process.admin}/metrics`, {
        headers: { authorization: `Bearer ${node.process.token}` },
      });
      return Number(/^teal_dnssec_signatures_made_total (\d+)$/m.exec(await reply.text())?.[1]);
    };
    const before = await Promise.all([made(ns1), made(ns2)]);
    t.ok(
      before.every((count) => count > 5),
      `${before} signatures`,
    );
    t.equal((await call(ns2, 'PUT', `/v1/services/${APP}/weights`, { blue: 0, green: 1 })).status, 200);
    for (const node of [ns1, ns2]) t.same(await bogusAt(node), []);
    t.same(await Promise.all([made(ns1), made(ns2)]), before);
  });

  await t.test('a node that is restarted signs nothing again', async (t) => {
    await fleet.kill('ns2');
    await fleet.startAgain('ns2');
    await fleet.live('ns2');
    t.same(await bogusAt(ns2), []);
    const reply = await fetch(`${ns2.process.admin}/metrics`, {
      headers: { authorization: `Bearer ${ns2.process.token}` },
    });
    t.match(await reply.text(), /^teal_dnssec_signatures_made_total 0$/m);
  });

  await t.test('a roll waits for the node that is down, by name, and goes on when it is back', async (t) => {
    await fleet.kill('ns2');
    t.equal((await call(ns1, 'POST', `${PATH}/roll`, {})).status, 200);
    await until('it is named', async () => (await signing(ns1)).status.includes('it waits for ns2'));
    t.match(await signing(ns1), { stage: 'key-published', until: null });
    await fleet.startAgain('ns2');
    await fleet.live('ns2');
    await stage('secure');
    t.equal((await signing(ns1)).keys.length, 1);
    for (const node of [ns1, ns2]) t.same(await bogusAt(node), []);
  });

  await t.test('a new node without the key takes no part, is not ready, and says why', async (t) => {
    given.set('ns3', keyFiles.other);
    const ns3 = await fleet.add('ns3');
    const ready = () => call(ns3, 'GET', '/readyz');
    await until('it is held up', async () => (await ready()).body.code === 'signing_refused');
    const { status, body } = await ready();
    t.equal(status, 503);
    t.match(body.detail, /wrapping key is not the one/);
    const { standing, current } = (await call(ns3, 'GET', '/v1/fleet')).body;
    t.notOk(standing === 'live' || current, `${standing}: shifts do not wait for it, and it claims nothing`);
    await fleet.kill('ns3');
    given.set('ns3', keyFiles.ours);
    await fleet.startAgain('ns3');
    await fleet.live('ns3');
    t.same(await bogusAt(ns3), []);
  });
});
