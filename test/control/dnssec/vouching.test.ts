/** The zone of a nameserver vouches for the CDS of the zones that it serves (RFC 9615), for as long as they ask for a DS. */
import t, { type Test } from 'tap';
import { Vouchers } from '../../../src/control/dnssec/vouchers.ts';
import { apexRecords } from '../../../src/model/dnssec/apex.ts';
import type { SigningKey, ZoneSigning } from '../../../src/model/dnssec/signing.ts';
import { vouchersFor } from '../../../src/model/dnssec/vouching.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { makeEngine, NOON_MS } from '../../fixtures/engine.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';

const [zone, host] = ['example.com', 'example.net'];
const NAME = '_dsboot.example.com._signal.ns1.example.net';
const keyring = makeKeyring();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function begin(t: Test, nameservers = ['ns1.example.net', 'ns2.example.org', 'ns3.example.com']) {
  const fixture = makeEngine(t);
  const { must, store, engine } = fixture;
  const hostmaster = 'h.example.com';
  must({ kind: 'zone.put', zone: host, body: { nameservers: ['ns1.example.net'], hostmaster } });
  must({ kind: 'zone.put', zone, body: { nameservers, hostmaster } });
  const sign = (name: string): void => {
    const key = keyring.make(name, 13, NOON_MS) as SigningKey;
    must({ kind: 'dnssec.sign', zone: name, body: { dnskeyTtlSeconds: 60 }, key, isGiven: false });
  };
  /** Steps of the zone until the stage is there, as of a parent that does what it is asked for. */
  const until = (name: string, stage: string): void => {
    for (let step = 1; store.signing(name)?.stage !== stage; step++) {
      if (step > 12) throw new Error(`${name} does not come to ${stage}: ${store.signing(name)?.stage}`);
      const signing = store.signing(name) as ZoneSigning;
      const ds = stage.startsWith('ds-gone') ? [] : signing.keys.map((key) => ({ ...key, digestType: 2 }));
      const atMs = NOON_MS * (1 + step / 10);
      const parent = { atMs, servers: [{ server: 'a', ds, ttlSeconds: 0 }] };
      const seen = { inForce: true, maxTtlSeconds: 0, parent };
      must({ kind: 'dnssec.step', zone: name, revision: signing.revision, seen }, { atMs });
    }
  };
  const log = { warn: (_: object, text: string) => t.fail(text) };
  const vouchers = new Vouchers({ engine, store, clock: { wallMs: () => NOON_MS }, log });
  const turn = () => vouchers.turn(store.allSignings());
  const at = (type: number) => store.rrset(host, NAME, type)?.rdata.map(hex);
  const wanted = (type: number) =>
    apexRecords(store.signing(zone) as ZoneSigning)
      .find((each) => each.type === type)
      ?.rdata.map(hex);
  return { ...fixture, sign, until, turn, at, wanted };
}

t.test('it comes with the CDS, changes with it, and goes with it', async (t) => {
  const { sign, until, turn, at, wanted, must, store } = begin(t);
  sign(zone);
  until(zone, 'ds-needed');
  await turn();
  t.equal(at(TYPE.CDS), undefined, 'the zone of the nameserver is not signed: nobody could validate it');
  sign(host);
  until(host, 'secure');
  const serial = store.zone(host)?.serial ?? 0;
  await turn();
  for (const type of [TYPE.CDS, TYPE.CDNSKEY]) t.same(at(type), wanted(type));
  t.ok((store.zone(host)?.serial ?? 0) > serial, 'secondaries come for it');
  t.same(store.signing(host)?.vouches, [NAME], 'none in the zone itself, none in zones that are not here');
  const { lastRevision } = store;
  await turn();
  await turn();
  t.equal(store.lastRevision, lastRevision, 'and that is all');
  const before = at(TYPE.CDS);
  until(zone, 'secure');
  must({ kind: 'dnssec.roll', zone, key: keyring.make(zone, 13, NOON_MS) as SigningKey });
  until(zone, 'ds-needed');
  await turn();
  t.notSame(at(TYPE.CDS), before);
  t.same(at(TYPE.CDS), wanted(TYPE.CDS), 'that of the new key');
  must({ kind: 'dnssec.unsign', zone, force: false });
  await turn();
  t.same([at(TYPE.CDS), at(TYPE.CDNSKEY)], [undefined, undefined], 'a removal is no matter of these names');
  t.same(store.signing(host)?.vouches, []);
});

t.test(
  'what was lost is put back; a zone that is gone is not vouched for; nor is anything where nothing is signed',
  async (t) => {
    const { sign, until, turn, at, wanted, must, store } = begin(t);
    sign(host);
    until(host, 'secure');
    sign(zone);
    until(zone, 'ds-needed');
    await turn();
    t.same(at(TYPE.CDS), wanted(TYPE.CDS));
    must({ kind: 'rrset.delete', zone: host, name: NAME, type: 'CDS' });
    t.equal(at(TYPE.CDS), undefined);
    await turn();
    t.same(at(TYPE.CDS), wanted(TYPE.CDS), 'what somebody took away');
    // The nameservers of the zone are others from now on.
    must({ kind: 'zone.put', zone, body: { nameservers: ['ns1.example.org'], hostmaster: 'h.example.com' } });
    await turn();
    t.equal(at(TYPE.CDS), undefined);
    must({ kind: 'zone.put', zone, body: { nameservers: ['ns1.example.net'], hostmaster: 'h.example.com' } });
    await turn();
    t.same(at(TYPE.CDS), wanted(TYPE.CDS));
    must({ kind: 'dnssec.unsign', zone: host, force: true });
    t.equal(at(TYPE.CDS), undefined, 'with the signing of the zone that vouches');
    sign(host);
    until(host, 'secure');
    await turn();
    t.same(at(TYPE.CDS), wanted(TYPE.CDS));
    must({ kind: 'dnssec.unsign', zone, force: true });
    await turn();
    t.equal(at(TYPE.CDS), undefined);
    t.equal(store.signing(zone), undefined);
  },
);

t.test('a name that is delegated away, or too long, vouches for nothing', async (t) => {
  const { sign, until, turn, at, must, store } = begin(t);
  must({
    kind: 'rrset.put',
    zone: host,
    name: '_signal.ns1.example.net',
    type: 'NS',
    body: { ttlSeconds: 60, rdata: ['ns.example.org.'] },
  } as never);
  sign(host);
  until(host, 'secure');
  sign(zone);
  until(zone, 'ds-needed');
  await turn();
  t.equal(at(TYPE.CDS), undefined);
  const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.example`;
  const signing = { ...(store.signing(zone) as ZoneSigning), zone: long };
  const there = { zone: () => ({ name: long, nameservers: [`${'d'.repeat(50)}.example.net`] }) };
  t.same(
    vouchersFor(signing, {
      ...there,
      zoneOf: () => ({ name: host }),
      signing: () => store.signing(host),
      rrset: () => undefined,
    }),
    [],
  );
});
