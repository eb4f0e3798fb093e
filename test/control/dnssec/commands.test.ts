/** Signing, rolling and unsigning as commands: what each makes of a zone, what is refused, and what no revision tells. */
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { Signings } from '../../../src/control/dnssec/signings.ts';
import type { SigningKey } from '../../../src/model/dnssec/signing.ts';
import type { ParentServer } from '../../../src/model/dnssec/transition.ts';
import { dsRdata } from '../../../src/wire/dnssec/key.ts';
import { bluegreen, makeEngine, NOON_MS } from '../../fixtures/engine.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';

const zone = 'example.com';
const body = { nameservers: ['ns1.example.net'], hostmaster: 'h.example.com' };
const keyring = makeKeyring();
const fresh = (algorithm: number): SigningKey => keyring.make(zone, algorithm, NOON_MS) as SigningKey;
const sign = (more: object = {}): Command =>
  ({ kind: 'dnssec.sign', zone, body: {}, key: fresh(13), isGiven: false, ...more }) as Command;
const roll = (algorithm = 13): Command => ({ kind: 'dnssec.roll', zone, key: fresh(algorithm) });

function begin(t: Test) {
  const fixture = makeEngine(t);
  fixture.must({ kind: 'zone.put', zone, body });
  /** A step, with everything as the stage waits for. */
  let atMs = NOON_MS;
  const step = (more: object = {}): string => {
    const signing = fixture.store.signing(zone);
    const ds = signing?.stage.startsWith('ds-r') || signing?.stage === 'ds-gone' ? [] : (signing?.keys ?? []);
    atMs += 7200_000;
    const servers = [{ server: 'a', ds: ds.map((key) => ({ ...key, digestType: 2 })), ttlSeconds: 300 }];
    const seen = { inForce: true, maxTtlSeconds: 0, parent: { atMs, servers }, ...more };
    fixture.must({ kind: 'dnssec.step', zone, revision: signing?.revision ?? 0, seen }, { atMs });
    return fixture.store.signing(zone)?.stage ?? 'none';
  };
  const until = (stage: string): void => {
    for (let i = 0; i < 10 && step() !== stage; i++);
  };
  return { ...fixture, step, until };
}

t.test('a zone is signed, its key is rolled, it is unsigned, each step a revision', async (t) => {
  const { must, store, until } = begin(t);
  t.match(must(sign()), { created: true, body: { stage: 'signing', ds: [], until: null } });
  t.ok((store.signing(zone)?.maxTtlSeconds ?? 0) >= 3600, 'the TTL of the SOA at least');
  until('ds-needed');
  t.equal(store.revision(store.lastRevision)?.kind, 'dnssec.step');
  until('secure');
  const [old] = store.signing(zone)?.keys ?? [];
  must(roll());
  until('secure');
  const keys = store.signing(zone)?.keys ?? [];
  t.equal(keys.length, 1);
  t.not(keys[0]?.id, old?.id);
  must({ kind: 'dnssec.unsign', zone, force: false });
  until('none');
  t.equal(store.signing(zone), undefined);
});

t.test('secondaries come for what stands at the apex now, and not for what does not', async (t) => {
  const { must, store, step } = begin(t);
  const serial = (): number => store.zone(zone)?.serial ?? 0;
  const first = serial();
  must(sign());
  const signed = serial();
  t.ok(signed > first);
  t.equal(step(), 'signing', 'it is in force');
  t.equal(serial(), signed);
  t.equal(step(), 'ds-needed');
  t.ok(serial() > signed, 'CDS and CDNSKEY are there');
});

t.test('what does not fit is refused, and leaves all as it is', async (t) => {
  const { must, code, store, until } = begin(t);
  t.equal(code(sign({ zone: 'other.test' })), 'zone_unknown');
  t.equal(code(roll()), 'signing_unknown');
  t.equal(code({ kind: 'dnssec.unsign', zone, force: true }), 'signing_unknown');
  must({ kind: 'rrset.put', zone, name: zone, type: 'CDS', body: { ttlSeconds: 1, rdata: ['0 0 0 00'] } });
  t.equal(code(sign()), 'zone_signed', 'records of its own');
  must({ kind: 'rrset.delete', zone, name: zone, type: 'CDS' });
  must(sign());
  t.equal(code(sign({ isGiven: true })), 'signing_state');
  t.equal(code(sign({ body: { dnskeyTtlSeconds: 5 } })), 'signing_state');
  t.equal(code(roll()), 'signing_state');
  until('secure');
  t.equal(code(roll(15)), 'dnssec_invalid', 'another algorithm');
  const before = store.lastRevision;
  t.equal(code({ kind: 'dnssec.step', zone, revision: 1, seen: { inForce: true, maxTtlSeconds: 0 } }), 'signing_state');
  t.equal(store.lastRevision, before);
});

t.test('records that Teal makes itself are taken from nobody while a zone is signed', async (t) => {
  const { must, code } = begin(t);
  must(sign());
  const rdata: Record<string, string> = {
    DNSKEY: '257 3 13 AAAA',
    CDS: '0 0 0 00',
    CDNSKEY: '0 3 0 AA==',
    NSEC: 'example.com. A',
    NSEC3PARAM: '1 0 0 -',
    RRSIG: 'A 13 2 60 20300101000000 20290101000000 1 example.com. AAAA',
  };
  for (const [type, text] of Object.entries(rdata)) {
    for (const name of [zone, `a.${zone}`]) {
      t.equal(
        code({ kind: 'rrset.put', zone, name, type, body: { ttlSeconds: 1, rdata: [text] } }),
        'zone_signed',
        type,
      );
    }
  }
  for (const type of ['DNSKEY', 'NSEC', 'NSEC3', 'RRSIG', 'TYPE48']) {
    const unread = { ttlSeconds: 1, rdata: ['what nobody can read'] };
    t.equal(
      code({ kind: 'rrset.put', zone, name: zone, type, body: unread }),
      'zone_signed',
      `${type}, whatever it says`,
    );
    t.equal(code({ kind: 'rrset.delete', zone, name: zone, type }), 'zone_signed', `${type} is not taken away either`);
  }
  must({ kind: 'rrset.put', zone, name: `c.${zone}`, type: 'NS', body: { ttlSeconds: 1, rdata: ['ns.example.net.'] } });
  const ds = { ttlSeconds: 1, rdata: [`1 13 2 ${'0'.repeat(64)}`] };
  must({ kind: 'rrset.put', zone, name: `c.${zone}`, type: 'DS', body: ds });
});

t.test('a zone whose parent may have a DS is deleted by force only', async (t) => {
  const { must, code, until, store } = begin(t);
  must(sign());
  until('ds-needed');
  t.equal(code({ kind: 'zone.delete', zone, withServices: true }), 'ds_present');
  must({ kind: 'zone.delete', zone, withServices: true, force: true });
  t.equal(store.signing(zone), undefined);
  must({ kind: 'zone.put', zone, body });
  must(sign());
  must({ kind: 'zone.delete', zone, withServices: true });
  t.equal(store.signing(zone), undefined, 'nobody was told of the key yet');
});

t.test('an unsigning is taken back by signing again, and nothing else changes by signing twice', async (t) => {
  const { must, store, until } = begin(t);
  must(sign());
  until('secure');
  const at = store.lastRevision;
  must(sign());
  t.equal(store.lastRevision, at);
  must({ kind: 'dnssec.unsign', zone, force: false });
  must({ kind: 'dnssec.unsign', zone, force: false });
  t.equal(store.lastRevision, at + 1);
  t.match(must(sign()), { body: { stage: 'signing' } });
  until('secure');
  t.match(must(sign({ body: { denial: 'nsec3', zonemd: true } })), { body: { denial: 'nsec3' } });
  t.match(store.signing(zone), { denial: 'nsec3', zonemd: true });
});

t.test('no revision, event or reply tells what is sealed', async (t) => {
  const { must, store, until } = begin(t);
  const replies = [must(sign())];
  until('secure');
  replies.push(must(roll()));
  const told = JSON.stringify([store.revisions(0, 1000), replies]);
  const sealed = store.signing(zone)?.keys.map(({ wrapped }) => wrapped) ?? [];
  t.equal(sealed.length, 2);
  for (const each of sealed) t.notOk(told.includes(each));
  t.match(told, '"stage":"secure"');
});

t.test(
  'the parent may have a DS in the first stage too: of an unsigning taken back, of a key that came from elsewhere',
  async (t) => {
    const { must, code, step, until } = begin(t);
    const remove: Command = { kind: 'zone.delete', zone, withServices: false };
    must(sign());
    until('secure');
    must({ kind: 'dnssec.unsign', zone, force: false });
    must(sign());
    t.equal(code(remove), 'ds_present', 'taken back: the DS never went');
    must({ ...remove, force: true } as Command);
    must({ kind: 'zone.put', zone, body });
    must(sign());
    must({ kind: 'zone.delete', zone, withServices: false });
    must({ kind: 'zone.put', zone, body });
    must(sign());
    t.equal(step(), 'signing', 'a parent was seen to have one');
    t.equal(code(remove), 'ds_present');
  },
);

t.test('keys of others go when nothing is waited for, or by force: else caches and parents lead to them', async (t) => {
  const { must, code, store, step, until } = begin(t);
  const other = { ...fresh(13) };
  must(sign({ body: { foreign: [other] } }));
  must(sign({ body: { foreign: [] } }));
  t.same(store.signing(zone)?.foreign, [], 'nobody was told of any key yet');
  must(sign({ body: { foreign: [other] } }));
  const refused = (): unknown => code(sign({ body: { foreign: [] } }));
  for (const stage of ['ds-needed', 'ds-seen']) {
    until(stage);
    t.equal(refused(), 'ds_present', stage);
  }
  until('secure');
  must(roll());
  const stages = new Set<string>();
  for (let stage = 'key-published'; stage !== 'secure'; stage = step()) {
    stages.add(stage);
    t.equal(refused(), 'ds_present', `a roll, ${stage}`);
  }
  t.ok(stages.has('replacing'));
  must(sign({ body: { foreign: [] } }));
  must(sign({ body: { foreign: [other] } }));
  must({ kind: 'dnssec.unsign', zone, force: false });
  must(sign());
  t.equal(store.signing(zone)?.stage, 'signing');
  t.equal(refused(), 'ds_present', 'an unsigning taken back');
  must(sign({ body: { foreign: [], force: true } }));
  t.same(store.signing(zone)?.foreign, []);
});

t.test('the parent is asked before a key of others goes that it may lead to', async (t) => {
  const { must, store } = begin(t);
  const [entry, inner] = [fresh(13), fresh(13)];
  const flagged = Buffer.from(inner.dnskey, 'base64');
  flagged[1] = 0;
  const zoneKey = { ...inner, dnskey: flagged.toString('base64') };
  must(sign({ body: { foreign: [entry, zoneKey] } }));
  let servers: readonly ParentServer[] = [];
  let asked = 0;
  const look = async (): Promise<readonly ParentServer[]> => {
    asked += 1;
    return servers;
  };
  const signings = new Signings(store, keyring, { look });
  const refusal = async (wanted: readonly SigningKey[]) => (await signings.refuseLeaving(zone, wanted))?.detail;
  t.equal(await refusal([entry, zoneKey]), undefined);
  t.equal(asked, 0, 'where all stay, nobody is asked');
  t.match(await refusal([zoneKey]), 'were not found');
  t.equal(await refusal([entry]), undefined, 'no DS leads to what is no secure entry point');
  const ds = (key: SigningKey) => ({ ...key, digestType: 2 });
  servers = [
    { server: 'a', ds: [], ttlSeconds: 60 },
    { server: 'b', ds: [ds(entry)], ttlSeconds: 60 },
  ];
  t.match(await refusal([zoneKey]), new RegExp(`b has the DS of key ${entry.tag}.*60 s`));
  servers = [
    { server: 'a', ds: [] },
    { server: 'b', error: 'no answer' },
  ];
  t.match(await refusal([]), 'b was not heard');
  servers = [{ server: 'a', ds: [ds(zoneKey)] }];
  t.match(await refusal([entry]), `a has the DS of key ${zoneKey.tag}`, 'unless one does');
  // A parent that makes its DS of CDNSKEY takes the digest that it likes: by any of them a validator comes to the key.
  const owner = Buffer.from('\x07example\x03com\0');
  const of = ({ tag, dnskey }: SigningKey, digestType: number, digest?: string) => {
    const made =
      digest ?? Buffer.from(dsRdata(owner, Buffer.from(dnskey, 'base64'), digestType) ?? []).toString('hex', 4);
    return { tag, algorithm: 13, digestType, digest: made };
  };
  for (const led of [of(entry, 1), of(entry, 4), of(entry, 9, '00')]) {
    servers = [{ server: 'a', ds: [led] }];
    t.match(await refusal([zoneKey]), `a has the DS of key ${entry.tag}`, `digest ${led.digestType}`);
    t.equal(await refusal([entry]), undefined, 'and to no other one');
  }
  servers = [{ server: 'a', ds: [of(entry, 4, 'ab'.repeat(48)), of(entry, 2, 'ab'.repeat(32))] }];
  t.equal(await refusal([]), undefined, 'a digest of something else leads nowhere');
  servers = [{ server: 'a', ds: [] }];
  t.equal(await refusal([]), undefined);
});

t.test(
  'who makes a service or a preview in a signed zone is told that resolvers may deny the name for a while',
  async (t) => {
    const { must } = begin(t);
    const put = (more: object = {}): unknown => {
      const command = { kind: 'service.put', name: `app.${zone}`, body: { ...bluegreen(9, 1), ...more } };
      return (must(command as unknown as Command).body as { warnings?: unknown }).warnings;
    };
    t.equal(put({ previewNames: false }), undefined, 'the zone is not signed');
    must({ kind: 'service.delete', name: `app.${zone}` });
    must(sign());
    t.match(put({ previewNames: false }), [
      { code: 'absence_cached', message: /60 s .* app\.example\.com is not there/ },
    ]);
    t.match(put(), [{ message: /say that blue\.app\.example\.com, green\.app\.example\.com is not there/ }]);
    t.equal(put({ ttlSeconds: 7 }), undefined, 'names that were there');
    const [name, type] = [`old.${zone}`, 'A'];
    must({ kind: 'rrset.put', zone, name, type, body: { ttlSeconds: 60, rdata: ['192.0.2.1'] } });
    const taken = { kind: 'service.put', name, body: { ...bluegreen(9, 1), replace: true, previewNames: false } };
    t.equal(
      (must(taken as unknown as Command).body as { warnings?: unknown }).warnings,
      undefined,
      'records were there',
    );
  },
);
