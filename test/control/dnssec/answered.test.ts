/** A zone that is signed by commands is answered signed: every answer validates, whatever changes, and after a restart. */
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import type { ZoneSigning } from '../../../src/model/dnssec/signing.ts';
import { createTableMemory } from '../../../src/table/shared-memory.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { bluegreen, NOON_MS, temporaryFolder } from '../../fixtures/engine.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';
import { beginSigned as begin } from '../../fixtures/signed-engine.ts';
import { makeGround } from '../../fixtures/signing.ts';

const zone = 'example.com';
const keyring = makeKeyring();
const sign = (more: object = {}): Command =>
  ({
    ...{ kind: 'dnssec.sign', zone, body: {}, key: keyring.make(zone, 13, NOON_MS), isGiven: false },
    ...more,
  }) as Command;
const put = (name: string, type: string, ttlSeconds: number, ...records: string[]): Command =>
  ({ kind: 'rrset.put', zone, name, type, body: { ttlSeconds, rdata: records } }) as unknown as Command;

type World = ReturnType<typeof begin>;

const names = [
  '',
  'www.',
  'app.',
  'blue.app.',
  'green.app.',
  'alias.',
  'nope.',
  'x.wild.',
  'deep.ent.',
  'ent.',
  'x.www.',
];
const types = [
  TYPE.A,
  TYPE.AAAA,
  TYPE.TXT,
  TYPE.MX,
  TYPE.SOA,
  TYPE.NS,
  TYPE.DNSKEY,
  TYPE.CDS,
  TYPE.CDNSKEY,
  TYPE.CNAME,
];

function allGood(t: Test, { bogus }: World, when: string): void {
  const wrong = names.flatMap((name) =>
    types.flatMap((type) => {
      const why = bogus(`${name}${zone}`, type);
      return why === undefined ? [] : [`${name}${zone} ${type}: ${why}`];
    }),
  );
  t.same(wrong, [], when);
}

const content: Command[] = [
  { kind: 'zone.put', zone, body: { nameservers: ['ns1.example.net'], hostmaster: 'h.example.com' } },
  put('www.example.com', 'A', 60, '192.0.2.1', '192.0.2.2'),
  put('alias.example.com', 'CNAME', 60, 'www.example.com.'),
  put('*.wild.example.com', 'TXT', 60, '"wild"'),
  put('deep.ent.example.com', 'MX', 60, '10 mail.example.net.'),
  { kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command,
];

t.test('every answer validates: signed, changed, shifted, with another TTL', async (t) => {
  const world = begin(t);
  const { must, ground } = world;
  for (const command of content) must(command);
  t.equal(world.message('www.example.com', TYPE.A).records.length, 2, 'not signed yet');
  must(sign());
  const signing = world.store.signing(zone) as ZoneSigning;
  t.ok(world.signers.isInForce(signing));
  t.notOk(world.signers.isInForce({ ...signing, keys: signing.keys.map((key) => ({ ...key, id: 'other' })) }));
  allGood(t, world, 'signed');
  t.equal(world.message('example.com', TYPE.DNSKEY).records.length, 2);
  must(put('www.example.com', 'A', 90, '192.0.2.3'));
  must(put('new.example.com', 'A', 90, '192.0.2.3'));
  allGood(t, world, 'records changed');
  const made = ground.kept.made;
  for (const blue of [50, 0, 100]) {
    must({ kind: 'weights.put', name: 'app.example.com', weights: { blue, green: 100 - blue } } as unknown as Command);
    allGood(t, world, `blue ${blue}`);
  }
  t.equal(ground.kept.made, made, 'a shift needs no signature');
  must({
    kind: 'service.put',
    name: 'app.example.com',
    body: bluegreen(50, 50, { ttlSeconds: 7 }),
  } as unknown as Command);
  allGood(t, world, 'another TTL');
  t.ok(ground.kept.made > made);
  must({ kind: 'rrset.delete', zone, name: 'alias.example.com', type: 'CNAME' } as unknown as Command);
  must({ kind: 'service.delete', name: 'app.example.com' } as unknown as Command);
  allGood(t, world, 'some are gone');
});

t.test('by NSEC3: signed, changed, shifted, over from NSEC and back, and after a restart', async (t) => {
  const folder = temporaryFolder(t);
  const ground = makeGround(temporaryFolder(t));
  t.teardown(() => ground.file.close());
  const world = begin(t, { folder, ground });
  for (const command of content) world.must(command);
  world.must(sign({ body: { denial: 'nsec3' } }));
  t.ok(world.signers.isInForce(world.store.signing(zone) as ZoneSigning));
  t.notOk(world.signers.isInForce({ ...(world.store.signing(zone) as ZoneSigning), denial: 'nsec' }));
  const kinds = (): Set<number> => new Set(world.message(`nope.${zone}`, TYPE.A).records.map((record) => record.type));
  t.ok(kinds().has(TYPE.NSEC3) && !kinds().has(TYPE.NSEC));
  t.equal(world.message(zone, TYPE.NSEC3PARAM).records.length, 2);
  allGood(t, world, 'signed');
  world.must(put('new.deep.ent.example.com', 'A', 90, '192.0.2.3'));
  allGood(t, world, 'a name below others');
  world.must({ kind: 'rrset.delete', zone, name: 'deep.ent.example.com', type: 'MX' } as unknown as Command);
  world.must({ kind: 'rrset.delete', zone, name: 'new.deep.ent.example.com', type: 'A' } as unknown as Command);
  allGood(t, world, 'gone, with what was there through it');
  const made = ground.kept.made;
  world.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue: 0, green: 100 } } as unknown as Command);
  t.equal(ground.kept.made, made, 'a shift needs no signature');
  allGood(t, world, 'shifted');
  world.must(sign({ body: { denial: 'nsec' } }));
  t.ok(kinds().has(TYPE.NSEC) && !kinds().has(TYPE.NSEC3));
  allGood(t, world, 'by NSEC');
  world.must(sign({ body: { denial: 'nsec3' } }));
  allGood(t, world, 'by NSEC3 again');
  ground.kept.flush();
  world.close();
  const before = ground.kept.made;
  const again = begin(t, { folder, ground });
  allGood(t, again, 'after a restart');
  t.equal(ground.kept.made, before);
  again.must({ kind: 'dnssec.unsign', zone, force: true });
  t.equal(again.message(zone, TYPE.NSEC3PARAM).records.filter(({ type }) => type === TYPE.NSEC3PARAM).length, 0);
});

t.test('a restart signs nothing again, from the rows as from the table that is there', async (t) => {
  const folder = temporaryFolder(t);
  const ground = makeGround(temporaryFolder(t));
  t.teardown(() => ground.file.close());
  const memory = { ...createTableMemory({ initialBytes: 2 ** 20, maxBytes: 2 ** 26, readers: 1 }) };
  const first = begin(t, { folder, ground, more: { memory } });
  for (const command of [...content, sign()]) first.must(command);
  ground.kept.flush();
  first.close();
  const { made } = ground.kept;
  const again = begin(t, { folder, ground });
  allGood(t, again, 'from the rows');
  t.equal(ground.kept.made, made);
  again.must({ kind: 'zone.put', zone, body: { nameservers: ['ns2.example.net'], hostmaster: 'h.example.com' } });
  again.close();
  const later = begin(t, { folder, ground, more: { memory, goesOn: true } });
  allGood(t, later, 'from a table that is a revision behind');
});

t.test('signatures that are due are made anew, without a revision', async (t) => {
  const world = begin(t);
  for (const command of [...content, sign()]) world.must(command);
  const { lastRevision } = world.store;
  const { made } = world.ground.kept;
  const days = (): number => ((world.signers.nextExpiry() ?? 0) - world.ground.atMs / 1000) / 86_400;
  t.ok(days() > 12 && days() < 13, 'of many, one has nearly two days taken off');
  world.ground.atMs += 8 * 86_400_000;
  t.ok(days() > 4 && days() < 5);
  world.signers.isRefreshing = true;
  t.equal(world.engine.resign({ op: 'putSigning', signing: world.store.signing(zone) as ZoneSigning }), undefined);
  world.signers.isRefreshing = false;
  t.ok(world.ground.kept.made > made + 10);
  t.equal(world.store.lastRevision, lastRevision);
  t.ok(days() > 12, 'what was replaced is not counted any more');
  allGood(t, world, 'made anew');
  world.must({ kind: 'dnssec.unsign', zone, force: true });
  t.equal(world.signers.nextExpiry(), undefined);
});

t.test('keys of others are published and signed beside ours, in CDS too, and taken out again', async (t) => {
  const world = begin(t);
  for (const command of [...content, sign()]) world.must(command);
  const signing = world.store.signing(zone) as ZoneSigning;
  const stage = 'ds-needed';
  world.must({ kind: 'dnssec.step', zone, revision: signing.revision, seen: { inForce: true, maxTtlSeconds: 0 } });
  const later = { atMs: NOON_MS * 2 };
  const { revision } = world.store.signing(zone) as ZoneSigning;
  world.must({ kind: 'dnssec.step', zone, revision, seen: { inForce: false, maxTtlSeconds: 0 } }, later);
  t.equal(world.store.signing(zone)?.stage, stage);
  const {
    id: _id,
    wrapped: _wrapped,
    madeAtMs: _made,
    ...other
  } = keyring.make(zone, 13, NOON_MS) as never as Record<string, never>;
  const counts = (): number[] =>
    [TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY].map(
      (type) => world.message(zone, type).records.filter((record) => record.type === type).length,
    );
  t.same(counts(), [1, 1, 1]);
  world.must(sign({ body: { foreign: [other] } }));
  t.same(counts(), [2, 2, 2]);
  allGood(t, world, 'with a key of others');
  // The parent may have nothing but its DS: so only by force.
  t.equal(world.code(sign({ body: { foreign: [] } })), 'ds_present');
  t.same(counts(), [2, 2, 2]);
  world.must(sign({ body: { foreign: [], force: true } }));
  t.same(counts(), [1, 1, 1]);
  allGood(t, world, 'without it');
});

t.test('a commit that fails leaves the zone as it was: unsigned', async (t) => {
  const world = begin(t);
  for (const command of content) world.must(command);
  world.table.prepare([{ op: 'putSigning', signing: signingOf(t) }]);
  world.table.takeBack();
  t.equal(world.signers.of(zone), undefined);
  world.must(put('www.example.com', 'A', 60, '192.0.2.9'));
  t.equal(world.message('www.example.com', TYPE.A).records.length, 1);
  t.equal(world.message('example.com', TYPE.DNSKEY).records.filter(({ type }) => type === TYPE.DNSKEY).length, 0);
});

function signingOf(t: Test) {
  const other = begin(t);
  for (const command of [...content, sign()]) other.must(command);
  return other.store.signing(zone) as NonNullable<ReturnType<typeof other.store.signing>>;
}

t.test(
  'a wrong wrapping key: answers and shifts go on, what needs a signature is refused and nothing changes',
  async (t) => {
    const folder = temporaryFolder(t);
    const ground = makeGround(temporaryFolder(t));
    t.teardown(() => ground.file.close());
    const first = begin(t, { folder, ground });
    for (const command of [...content, sign()]) first.must(command);
    ground.kept.flush();
    first.close();
    const world = begin(t, { folder, ground, ring: makeKeyring(Buffer.alloc(32, 9)) });
    allGood(t, world, 'as signed');
    t.match(world.signers.refusal(), { code: 'signing_refused' });
    t.same(world.signers.refusing(), { locked: 1, clock: 0 }, 'as the alerts have it');
    t.equal(world.code(put('www.example.com', 'A', 90, '192.0.2.3')), 'signing_refused');
    const shift = {
      kind: 'weights.put',
      name: 'app.example.com',
      weights: { blue: 1, green: 99 },
    } as unknown as Command;
    t.equal(world.code(shift), 'none');
    allGood(t, world, 'after a shift');
  },
);

t.test('unsigned again: no key, no signature, no proof', async (t) => {
  const world = begin(t);
  for (const command of [...content, sign()]) world.must(command);
  world.must({ kind: 'dnssec.unsign', zone, force: true });
  for (const name of names) {
    for (const type of types) {
      const kinds = world.message(`${name}${zone}`, type).records.map((record) => record.type);
      for (const kind of [TYPE.RRSIG, TYPE.NSEC, TYPE.DNSKEY])
        t.notOk(kinds.includes(kind), `${name} ${type}: ${kind}`);
    }
  }
  t.equal(world.signers.refusal(), undefined);
  t.same(world.signers.refusing(), { locked: 0, clock: 0 });
});

t.test('a zone whose name leaves no room for hashed ones is signed by NSEC only', async (t) => {
  const { must, code } = begin(t);
  const long = [...Array.from({ length: 4 }, () => 'n'.repeat(54)), 'test'].join('.');
  must({ kind: 'zone.put', zone: long, body: { nameservers: ['ns1.example.net'], hostmaster: 'h.example.com' } });
  const signed = (denial: string): Command =>
    sign({ zone: long, body: { denial }, key: keyring.make(long, 13, NOON_MS) });
  t.equal(code(signed('nsec3')), 'dnssec_invalid');
  t.equal(code(signed('nsec')), 'none');
});
