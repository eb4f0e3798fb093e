/** Zone files that bring signatures: served as they are, or signed here; what would be bogus is refused, with why. */
import t from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { Problem } from '../../../src/model/errors.ts';
import { wireToName } from '../../../src/model/name.ts';
import type { RRset } from '../../../src/model/rrset.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import {
  beginKept,
  codeOf,
  context,
  keyring,
  makeFile,
  names,
  shapes,
  types,
  zone,
} from '../../fixtures/dnssec/kept-world.ts';
import { fileOf, signedElsewhere } from '../../fixtures/dnssec/signed-file.ts';
import { EXPIRATION, TestSigner } from '../../fixtures/dnssec/signer.ts';
import { bluegreen, NOON_MS, temporaryFolder } from '../../fixtures/engine.ts';

function errorsOf(result: unknown): string[] {
  if (!(result instanceof Problem)) return ['none'];
  const errors = result.findings?.filter(({ severity }) => severity === 'error') ?? [];
  return [...new Set(errors.map(({ code }) => code))];
}

for (const denial of ['nsec', 'nsec3'] as const) {
  t.test(`a file that was signed elsewhere by ${denial} is answered as it is, after a restart too`, async (t) => {
    const folder = temporaryFolder(t);
    const { signer, text } = makeFile(denial);
    const world = beginKept(t, folder);
    t.equal(codeOf(await world.send(text)), 'signatures_unsaid');
    t.equal(world.store.zone(zone), undefined);
    t.match(await world.send(text, 'keep'), { created: true, body: { warnings: [] } });
    t.same(world.wrong(signer), []);
    t.equal(world.store.zone(zone)?.serial, 77, 'the SOA that was signed');
    const { lastRevision } = world.store;
    t.equal(codeOf(await world.send(text, 'keep')), 'none');
    t.equal(world.store.lastRevision, lastRevision, 'the same file changes nothing');
    const file = await world.files.export(zone);
    if (file instanceof Problem) throw new Error(file.detail);
    t.equal(codeOf(await world.send(Buffer.concat(file.pieces).toString(), 'keep')), 'none');
    t.equal(world.store.lastRevision, lastRevision, 'and neither does its export');
    world.close();
    t.same(beginKept(t, folder).wrong(signer), [], 'from the rows');
  });

  t.test(`${denial}: what would be bogus is refused, and says where`, async (t) => {
    const world = beginKept(t);
    const codes = async (edit: (rrsets: RRset[]) => RRset[], atMs = NOON_MS): Promise<string[]> =>
      errorsOf(await world.send(makeFile(denial, edit).text, 'keep', atMs));
    const without = (name: string, type: number) => (all: RRset[]) =>
      all.filter((rrset) => rrset.name !== name || rrset.type !== type);
    const chain = denial === 'nsec' ? TYPE.NSEC : TYPE.NSEC3;
    t.same(await codes((all) => all), ['none']);
    t.same(await codes(without(zone, TYPE.DNSKEY)), ['signature_missing']);
    t.ok((await codes(without('www.example.com', TYPE.RRSIG))).includes('signature_missing'));
    t.same(await codes((all) => all, 1000 * EXPIRATION), ['signature_expired']);
    const withGap = (all: RRset[]): RRset[] => {
      const gone = all.find(({ type, name }) => type === chain && name !== zone);
      return all.filter((rrset) => rrset !== gone);
    };
    t.ok((await codes(withGap)).includes('denial_incomplete'), 'a gap in the chain');
    t.ok((await codes((all) => [...all, ...added(all)])).includes('denial_incomplete'), 'a name without a proof');
    t.ok((await codes((all) => all.map(damaged))).includes('signature_invalid'), 'other data');
    t.ok((await codes((all) => all.map(raised))).includes('signature_invalid'), 'a serial raised by hand');
    t.ok((await codes((all) => all.map(damagedBitmap(chain)))).includes('denial_incomplete'), 'a bitmap');
    const unsigned = fileOf(zone, plain());
    t.same(errorsOf(await world.send(unsigned, 'keep')), ['signature_missing'], 'nothing to keep');
  });
}

function plain(): RRset[] {
  return shapes.map(({ owner, ...rrset }) => ({ zone, name: wireToName(owner), revision: 1, ...rrset }));
}

/** A name that has come since the zone was signed. */
function added(all: readonly RRset[]): RRset[] {
  return all.flatMap((rrset) =>
    rrset.name === 'www.example.com' && rrset.type !== TYPE.NSEC ? [{ ...rrset, name: 'new.example.com' }] : [],
  );
}

function damaged(rrset: RRset): RRset {
  if (rrset.name !== 'www.example.com' || rrset.type !== TYPE.A) return rrset;
  return { ...rrset, rdata: rrset.rdata.map((data) => data.map((byte) => byte ^ 1)) };
}

function raised(rrset: RRset): RRset {
  if (rrset.type !== TYPE.SOA) return rrset;
  const soa = (rrset.rdata[0] as Uint8Array).slice();
  soa.set([0xff], soa.length - 17);
  return { ...rrset, rdata: [soa] };
}

function damagedBitmap(type: number) {
  let isDone = false;
  return (rrset: RRset): RRset => {
    if (rrset.type !== type || isDone) return rrset;
    isDone = true;
    const data = (rrset.rdata[0] as Uint8Array).slice();
    data.set([(data.at(-1) as number) ^ 0x40], data.length - 1);
    return { ...rrset, rdata: [data] };
  };
}

t.test('NSEC3 of too many iterations, or of two chains, is refused with why', async (t) => {
  const world = beginKept(t);
  const edited = (rdata: Uint8Array[]): string => {
    const edit = (rrset: RRset): RRset => (rrset.type === TYPE.NSEC3PARAM ? { ...rrset, rdata } : rrset);
    return makeFile('nsec3', (all) => all.map(edit)).text;
  };
  const result = await world.send(edited([Uint8Array.of(1, 0, 0, 151, 0)]), 'keep');
  t.same(errorsOf(result), ['signature_invalid', 'denial_unusable']);
  t.match(JSON.stringify((result as Problem).findings), /151 iterations: at most 150/);
  const two = [Uint8Array.of(1, 0, 0, 0, 0), Uint8Array.of(1, 0, 0, 1, 0)];
  t.match(JSON.stringify(((await world.send(edited(two), 'keep')) as Problem).findings), /answered by one chain/);
});

t.test('nothing in such a zone can be changed by other ways, and each says what to do', async (t) => {
  const world = beginKept(t);
  await world.send(makeFile('nsec').text, 'keep');
  const body = { ttlSeconds: 60, rdata: ['192.0.2.9'] };
  const change = { put: { name: 'n.example.com', type: 'A', ...body } };
  const refused = [
    [{ kind: 'rrset.put', zone, name: 'new.example.com', type: 'A', body }, 'zone_kept'],
    [{ kind: 'rrset.put', zone: 'Example.COM.', name: 'www.example.com', type: 'A', body }, 'zone_kept'],
    [{ kind: 'rrset.delete', zone, name: 'www.example.com', type: 'A' }, 'zone_kept'],
    [{ kind: 'records.change', zone, changes: [change] }, 'zone_kept'],
    [{ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) }, 'zone_kept'],
    [{ kind: 'zone.put', zone, body: { nameservers: ['ns9.example.net'], hostmaster: 'h.example.com' } }, 'zone_kept'],
    [{ kind: 'dnssec.sign', zone, body: {}, key: keyring.make(zone, 13, NOON_MS), isGiven: false }, 'zone_signed'],
  ] as unknown as readonly (readonly [Command, string])[];
  for (const [command, code] of refused) t.equal(world.code(command), code, command.kind);
  t.match(await world.send(fileOf(zone, plain())), { code: 'ds_present', conflict: zone }, 'by a file without any');
  t.equal(world.code(refused[0]?.[0] as Command), 'zone_kept');
  const forced = world.files.import(zone, Buffer.from(fileOf(zone, plain())), context, undefined, true);
  t.match(await forced, { body: { warnings: [{ code: 'signatures_gone' }] } });
  t.equal(world.code(refused[0]?.[0] as Command), 'none', 'a zone without signatures can be changed');
});

t.test('a file that was signed by none of the keys that the DS may lead to is refused, unless forced', async (t) => {
  const world = beginKept(t);
  const other = new TestSigner(zone.split('.'));
  const one = makeFile('nsec');
  const signedBy = (by: TestSigner, ...keys: TestSigner[]): string => {
    const moreKeys = keys.map(({ key }) => key.dnskey);
    return fileOf(zone, signedElsewhere(zone, shapes, { signer: by, dnskey: by.key.dnskey, moreKeys, denial: 'nsec' }));
  };
  t.equal(codeOf(await world.send(one.text, 'keep')), 'none');
  t.match(await world.send(signedBy(other), 'keep'), { code: 'ds_present', conflict: zone });
  t.same(world.wrong(one.signer), [], 'it is answered as before');
  t.equal(codeOf(await world.send(signedBy(one.signer, other), 'keep')), 'none', 'both keys');
  t.equal(codeOf(await world.send(signedBy(other), 'keep')), 'none', 'the new one had stood beside the old');
  t.same(world.wrong(other), []);
  const forced = world.files.import(zone, Buffer.from(one.text), context, 'keep', true);
  t.equal(codeOf(await forced), 'none', 'forced');
  t.same(world.wrong(one.signer), []);
});

t.test('a file that is kept delegates the zones that lie below it here', async (t) => {
  const world = beginKept(t);
  const child = 'x.www.example.com';
  const make = { nameservers: ['ns1.example.net'], hostmaster: 'h.example.com' };
  world.must({ kind: 'zone.put', zone: child, body: make } as unknown as Command);
  const { text } = makeFile('nsec');
  t.match(await world.send(text, 'keep'), { code: 'signing_state', conflict: child });
  world.must({ kind: 'zone.delete', zone: child, withServices: false });
  world.must({ kind: 'zone.put', zone: 'cut.example.com', body: make } as unknown as Command);
  t.equal(codeOf(await world.send(text, 'keep')), 'none');
});

t.test(
  'resign drops what the file brings, and needs a signing; keep needs that there is none, and no service',
  async (t) => {
    const world = beginKept(t);
    const { text } = makeFile('nsec3');
    t.equal(codeOf(await world.send(text, 'resign')), 'signing_state');
    world.must({ kind: 'zone.put', zone, body: { nameservers: ['ns1.example.net'], hostmaster: 'h.example.com' } });
    world.must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command);
    t.equal(codeOf(await world.send(text, 'keep')), 'zone_has_services');
    world.must({
      kind: 'dnssec.sign',
      zone,
      body: {},
      key: keyring.make(zone, 13, NOON_MS),
      isGiven: false,
    } as Command);
    t.equal(codeOf(await world.send(text)), 'signatures_unsaid');
    t.equal(codeOf(await world.send(text, 'keep')), 'zone_signed');
    t.match(await world.send(text, 'resign'), { body: { name: zone } });
    const wrong = names.flatMap((name) => types.map((type) => world.bogus(`${name}${zone}`, type)));
    t.same(
      wrong.filter((why) => why !== undefined),
      [],
    );
    t.equal(world.bogus('app.example.com', TYPE.A), undefined);
    const kinds = world.store.rrsetsAt(zone, zone).map(({ type }) => type);
    for (const type of [TYPE.RRSIG, TYPE.DNSKEY, TYPE.NSEC3PARAM]) t.notOk(kinds.includes(type), `${type}`);
  },
);

t.test('signatures that end within days are warned of', async (t) => {
  const world = beginKept(t);
  const result = await world.send(makeFile('nsec').text, 'keep', 1000 * (EXPIRATION - 86_400));
  t.match(result, { body: { warnings: [{ code: 'signature_ends_soon' }] } });
});

t.test('a zone is not signed above a zone of ours that it does not delegate', async (t) => {
  const world = beginKept(t);
  const make = (name: string): Command => ({
    ...{ kind: 'zone.put', zone: name },
    body: { nameservers: ['ns1.example.net'], hostmaster: 'h.example.com' },
  });
  for (const name of [zone, 'a.child.example.com', 'x.a.child.example.com', 'example.org']) world.must(make(name));
  const sign = { kind: 'dnssec.sign', zone, body: {}, key: keyring.make(zone, 13, NOON_MS), isGiven: false } as Command;
  t.equal(world.code(sign), 'signing_state');
  const ns = { ttlSeconds: 60, rdata: ['ns1.example.net.'] };
  world.must({ kind: 'rrset.put', zone, name: 'a.child.example.com', type: 'NS', body: ns } as unknown as Command);
  t.equal(world.code(sign), 'none');
  t.equal(world.bogus('a.child.example.com', TYPE.DS), undefined, 'and it proves that the child is not signed');
});

t.test(
  'a zone is not made below a signed zone that does not delegate it, nor left without its delegation',
  async (t) => {
    const world = beginKept(t);
    const body = { nameservers: ['ns1.example.net'], hostmaster: 'h.example.com' };
    const make = (name: string): Command => ({ kind: 'zone.put', zone: name, body });
    const child = 'child.example.com';
    const ns = (name: string) => ({ name, type: 'NS', ttlSeconds: 60, rdata: ['ns1.example.net.'] });
    const put = (name: string): Command => {
      const { type, ...rest } = ns(name);
      return { kind: 'rrset.put', zone, name, type, body: rest } as unknown as Command;
    };
    const change = (...changes: object[]): Command => ({ kind: 'records.change', zone, changes }) as unknown as Command;
    const send = async (name: string, lines: string, signatures?: 'resign') => {
      const head = `$ORIGIN ${name}.\n@ 60 SOA ns1.example.net. h.example.com. 9 7200 3600 1209600 60\n@ 60 NS ns1.example.net.\n`;
      const result = await world.files.import(name, Buffer.from(head + lines), context, signatures);
      return result instanceof Problem ? result.code : 'none';
    };
    world.must(make(zone));
    const sign = {
      kind: 'dnssec.sign',
      zone,
      body: {},
      key: keyring.make(zone, 13, NOON_MS),
      isGiven: false,
    } as Command;
    t.equal(world.code(sign), 'none');
    t.match(world.execute(make(child)), { code: 'signing_state', conflict: zone }, 'by its settings');
    t.match(world.execute(make(`x.${child}`)), { code: 'signing_state' });
    t.equal(await send(child, ''), 'signing_state', 'by a file');
    world.must(put(child));
    t.equal(world.code(make(child)), 'none');
    t.equal(world.code(make(`x.${child}`)), 'none', 'below a zone that is not signed');
    t.equal(world.bogus(child, TYPE.DS), undefined);
    const gone = { kind: 'rrset.delete', zone, name: child, type: 'NS' } as unknown as Command;
    t.match(world.execute(gone), { code: 'signing_state', conflict: child }, 'its delegation stays');
    t.match(world.execute(change({ delete: { name: child, type: 'NS' } })), { code: 'signing_state' });
    const values = ['ns1.example.net.'];
    t.match(world.execute(change({ remove: { name: child, type: 'NS', values } })), { code: 'signing_state' });
    t.equal(await send(zone, 'www 60 A 192.0.2.1\n'), 'signing_state', 'through a file too');
    t.equal(await send(zone, 'child 60 NS ns1.example.net.\n'), 'none');
    world.must(put(`x.${child}`));
    world.must({
      kind: 'rrset.put',
      zone,
      name: 'other.example.com',
      type: 'NS',
      body: { ttlSeconds: 60, rdata: values },
    } as unknown as Command);
    world.must({ kind: 'rrset.delete', zone, name: 'other.example.com', type: 'NS' } as unknown as Command);
    world.must({ kind: 'zone.delete', zone: `x.${child}`, withServices: false });
    world.must({ kind: 'zone.delete', zone: child, withServices: false });
    t.equal(world.code(gone), 'none', 'nothing here needs it any more');
  },
);

t.test('keys, signatures and proofs that stand where nobody looks for them', async (t) => {
  const world = beginKept(t);
  const { text } = makeFile('nsec');
  const key =
    'DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==';
  const rrsig = (type: string) => `RRSIG ${type} 13 3 60 20300101000000 20200101000000 1 example.com. AAAA`;
  const said = (result: unknown): string[] =>
    result instanceof Problem
      ? errorsOf(result)
      : (result as { body: { warnings: { code: string }[] } }).body.warnings.map(({ code }) => code);
  t.ok(said(await world.send(`${text}\nwww.example.com. 60 IN ${key}\n`, 'keep')).includes('key_misplaced'));
  t.same(said(await world.send(`${text}\nwww.example.com. 60 IN ${rrsig('MX')}\n`, 'keep')), ['signatures_stray']);
  const unsigned = fileOf(zone, plain());
  const other = beginKept(t);
  t.same(said(await other.send(unsigned)), []);
  for (const line of [`@ 60 ${key}`, `www 60 ${rrsig('A')}`, 'www 60 NSEC example.com. A RRSIG NSEC'])
    t.same(said(await other.send(`${unsigned}\n$ORIGIN example.com.\n${line}\n`)), ['signatures_stray'], line);
  t.same(said(await other.send(`${unsigned}\n$ORIGIN example.com.\nwww 60 ${key}\n`)), [
    'key_misplaced',
    'signatures_stray',
  ]);
});
