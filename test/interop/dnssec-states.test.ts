/**
 * A real server signs a zone, rolls its key and unsigns it, and is killed with -9 in every stage; its parent is a small
 * server of ours that follows CDS late. Whatever is answered has signatures, and of the keys that are published.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { signedSections } from '../../src/wire/dnssec/sections.ts';
import { signatureFault } from '../../src/wire/dnssec/verify.ts';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { dsRdataOf, startParent } from '../fixtures/dnssec/parent.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { comesTo } from '../fixtures/soon.ts';

const ZONE = 'example.test';
const PATH = `/v1/zones/${ZONE}/dnssec`;
const STAGE_LIMIT_MS = 120_000;
const POLL_MS = 250;
/** The shortest wait of a stage: a TTL of a second, and the margin (model/dnssec/transition.ts). */
const WAIT_MIN_MS = 3000;
const options = { timeout: 900_000, buffered: true };

const APEX = new Uint8Array(Buffer.from('\x07example\x04test\x00', 'latin1'));
const SOA = 6;
const DNSKEY = 48;

/** What a validator that has these DS would not believe of the apex; undefined: it believes all. */
async function bogus({ dnsPort }: TealProcess, ds: readonly Buffer[]): Promise<string | undefined> {
  const rrsetOf = async (type: number) => {
    const query = buildQuery({ name: ZONE, type, edns: { do: true, udpBytes: 4096 } });
    const { bytes } = await askUdp('127.0.0.1', dnsPort, query);
    return signedSections(bytes).find((rrset) => rrset.type === type);
  };
  // Both of one moment: a stage may be over between two questions, however close they stand here.
  const read = async () => {
    const dnskey = await rrsetOf(DNSKEY);
    const soa = await rrsetOf(SOA);
    return { dnskey, soa, isOfOneMoment: isDeepStrictEqual(await rrsetOf(DNSKEY), dnskey) };
  };
  const { dnskey, soa } = await comesTo(read, ({ isOfOneMoment }) => isOfOneMoment);
  if (dnskey === undefined) return 'no keys';
  const digests = ds.map((rdata) => rdata.subarray(4).toString('hex'));
  const digestOf = (key: Uint8Array): string => createHash('sha256').update(APEX).update(key).digest('hex');
  const trusted = dnskey.rdata.filter((key) => digests.includes(digestOf(key)));
  if (trusted.length === 0) return 'no key is that of a DS';
  const fault = signatureFault(dnskey, APEX, trusted, Date.now());
  if (fault !== undefined) return `the keys: ${fault}`;
  return soa === undefined ? 'no SOA' : signatureFault(soa, APEX, dnskey.rdata, Date.now());
}

// Most of it is waiting.
t.jobs = 2;
for (const algorithm of ['ecdsap256sha256', 'ed25519'])
  t.test(`signed by ${algorithm}, rolled and unsigned, killed with -9 in every stage`, options, async (t) => {
    const folder = temporaryFolder(t);
    const parent = await startParent(t);
    const env = { TEAL_DNSSEC_PARENT_SERVERS: parent.address, TEAL_DNS_PLANES: 'one' };
    let teal: TealProcess = await startTeal(folder, { env });
    t.teardown(() => teal.child.kill('SIGKILL'));
    const killed = new Set<string>();
    const stageNow = async () => {
      const { status, body } = await teal.call('GET', PATH);
      return status === 404 ? { stage: 'none', ds: [] as string[] } : (body as { stage: string; ds: string[] });
    };
    /** Goes on to a stage; in each that is new since the last command the process dies. */
    const until = async (wanted: string): Promise<void> => {
      killed.clear();
      let last = '';
      for (let left = STAGE_LIMIT_MS / POLL_MS; left > 0; left--) {
        const { stage, ds } = await stageNow();
        if (stage !== last) t.comment(stage);
        if (stage !== last) left = STAGE_LIMIT_MS / POLL_MS;
        last = stage;
        if (stage === wanted) return;
        if (!killed.has(stage)) {
          killed.add(stage);
          const killedAt = performance.now();
          await teal.end('SIGKILL');
          teal = await startTeal(folder, { env });
          const now = (await stageNow()).stage;
          // On a machine that stood still the last wait may be over by then.
          const isOver = wanted === 'none' && performance.now() - killedAt > WAIT_MIN_MS;
          t.ok(now !== 'none' || isOver, `${stage} outlives kill -9: ${now}`);
          if (parent.ds.length > 0) t.equal(await bogus(teal, parent.ds), undefined, `${stage}: at once after a start`);
          continue;
        }
        if (parent.ds.length > 0) t.equal(await bogus(teal, parent.ds), undefined, `${stage}: the chain holds`);
        // It follows once the process has died in that stage.
        if (stage === 'ds-needed') parent.ds = ds.map(dsRdataOf);
        if (stage === 'ds-removal') parent.ds = [];
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      t.fail(`${wanted} did not come: ${last}`);
    };
    await teal.call('DELETE', `/v1/zones/${ZONE}?services=delete`);
    const short = { ttlSeconds: 1, nameserversTtlSeconds: 1, negativeTtlSeconds: 1 };
    await teal.call('PUT', `/v1/zones/${ZONE}`, {
      nameservers: ['ns1.example.net'],
      hostmaster: 'h.example.test',
      ...short,
    });
    t.equal((await teal.call('PUT', PATH, { dnskeyTtlSeconds: 1, algorithm })).status, 201);
    await until('secure');
    t.equal(parent.ds.length, 1);
    const [first] = parent.ds;
    t.equal((await teal.call('POST', `${PATH}/roll`, {})).status, 200);
    await until('secure');
    t.notSame(parent.ds, [first], 'the parent has the DS of another key');
    t.match((await teal.call('GET', PATH)).body, { keys: [{ role: 'active', algorithm }] });
    t.equal((await teal.call('DELETE', PATH)).status, 204);
    await until('none');
    t.same(parent.ds, []);
  });
