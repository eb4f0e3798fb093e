/** Zones that were signed elsewhere and that Teal signs from then on: no answer on the way is bogus, or without signatures. */
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import type { SignInstead } from '../../../src/control/commands/dnssec.ts';
import { KeptZones } from '../../../src/control/dnssec/kept-zones.ts';
import { Signings } from '../../../src/control/dnssec/signings.ts';
import { ZoneFiles } from '../../../src/control/zone-files/zone-files.ts';
import { signersOf, type ZoneSigning } from '../../../src/model/dnssec/signing.ts';
import { transition } from '../../../src/model/dnssec/transition.ts';
import type { SignaturesEvent } from '../../../src/model/dnssec/triggers.ts';
import { Problem } from '../../../src/model/errors.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import type { RRsetSigner } from '../../../src/table/rrset-signer.ts';
import { createTableMemory } from '../../../src/table/shared-memory.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { keyTag } from '../../../src/wire/dnssec/key.ts';
import { readSignature } from '../../../src/wire/dnssec/rrsig.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { buildQuery } from '../../fixtures/dns-client.ts';
import { isAtOrBelow } from '../../fixtures/dnssec/bogus.ts';
import { readMessage } from '../../fixtures/dnssec/message.ts';
import { fileOf, recordsOf, signedElsewhere } from '../../fixtures/dnssec/signed-file.ts';
import { EXPIRATION, TestSigner } from '../../fixtures/dnssec/signer.ts';
import { whyBogus } from '../../fixtures/dnssec/validator.ts';
import { NOON_MS, temporaryFolder } from '../../fixtures/engine.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';
import { beginSigned } from '../../fixtures/signed-engine.ts';
import { makeGround } from '../../fixtures/signing.ts';
import { askBytes } from '../../fixtures/table.ts';

const zone = 'example.com';
const keyring = makeKeyring();
const many = Array.from({ length: 30 }, (_, i) => `n${i} 60 A 192.0.2.${i}`).join('\n');
const shapes = recordsOf(
  zone,
  `@ 3600 SOA ns1.example.net. h.example.com. 77 7200 3600 1209600 60
@ 3600 NS ns1.example.net.
www 60 A 192.0.2.1
*.wild 60 TXT "wild"
deep.ent 60 MX 10 mail.example.net.
tree 60 DNAME other.example.net.
cut 60 NS ns.cut.example.com.
ns.cut 60 A 192.0.2.5
${many}`,
);
const names = ['', 'www.', 'nope.', 'x.wild.', 'ent.', 'deep.ent.', 'x.tree.', 'cut.', 'x.cut.', 'n7.', 'zzz.'];
const types = [TYPE.A, TYPE.TXT, TYPE.MX, TYPE.SOA, TYPE.NS, TYPE.DS, TYPE.CNAME];

type Trusted = TestSigner['key'];

function begin(t: Test, folder = temporaryFolder(t), isAside = true, more: object = {}) {
  const ground = makeGround(folder);
  t.teardown(() => ground.file.close());
  const world = beginSigned(t, { folder, ground, ring: keyring, more, namesAtOnce: 17 });
  world.signers.namesAtOnce = 17;
  const files = new ZoneFiles(world.store, world.table, world.engine, systemClock);
  if (isAside) files.signing = world.signers;
  t.teardown(() => files.stop());
  const keep = (text: string) => files.import(zone, Buffer.from(text), { actor: 'test', atMs: NOON_MS }, 'keep');
  const signings = new Signings(world.store, keyring);
  const replace = (instead: Pick<SignInstead, 'key' | 'how'>, body: SignInstead['body'] = {}) =>
    files.replaceSignatures(zone, { body, ...instead, keys: signings.ownKeys(zone) }, { actor: 'test', atMs: NOON_MS });
  const ask = (name: string, type: number) => {
    const query = buildQuery({ name, type, edns: { do: true, udpBytes: 4096 } });
    return readMessage(askBytes(world.responder, query, false) as Buffer);
  };
  /** What is wrong with any answer, but those of keys, to who trusts a key. */
  const wrong = (key: Trusted): string[] => {
    const isInsecure = (labels: readonly string[]): boolean => !isAtOrBelow(labels, zone.split('.'));
    const trust = { zones: new Map([[zone, key]]), isInsecure };
    return names.flatMap((name) =>
      types.flatMap((type) => {
        const full = `${name}${zone}`;
        const why = whyBogus(ask(full, type), full.split('.'), type, trust);
        return why === undefined ? [] : [`${full} ${type}: ${why}`];
      }),
    );
  };
  const keys = (): Buffer[] =>
    ask(zone, TYPE.DNSKEY)
      .records.filter(({ type }) => type === TYPE.DNSKEY)
      .map(({ rdata }) => rdata);
  const typesOf = (name: string, type: number): number[] => ask(name, type).records.map((record) => record.type);
  const signerTags = (name: string, type: number): number[] =>
    ask(name, type)
      .records.filter((record) => record.type === TYPE.RRSIG)
      .map(({ rdata }) => readSignature(rdata).keyTag);
  return { ...world, files, keep, replace, wrong, keys, signerTags, types: typesOf };
}

function adopted({ privateKey }: Trusted): SignInstead['key'] {
  const key = keyring.adopt(zone, privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, NOON_MS);
  if (key instanceof Problem) throw new Error(key.detail);
  return key;
}

const codeOf = (result: unknown): string => (result instanceof Problem ? result.code : 'none');
const fileBy = (signer: RRsetSigner, denial: 'nsec' | 'nsec3', dnskey: Uint8Array, ...moreKeys: Uint8Array[]) =>
  fileOf(zone, signedElsewhere(zone, shapes, { signer, dnskey, moreKeys, denial }));

for (const denial of ['nsec', 'nsec3'] as const) {
  for (const isAside of [true, false]) {
    const how = isAside ? 'sealed aside' : 'as a node that could not seal it beforehand';
    t.test(`by the key of before, ${denial}, ${how}: validators see no gap`, async (t) => {
      const folder = temporaryFolder(t);
      const world = begin(t, folder, isAside);
      const signer = new TestSigner(zone.split('.'));
      t.equal(codeOf(await world.keep(fileBy(signer, denial, signer.key.dnskey))), 'none');
      t.same(world.wrong(signer.key), [], 'as it came');
      const seen: string[][] = [];
      world.engine.onChange(() => seen.push(world.wrong(signer.key)));
      const { made } = world.ground.kept;
      const replacing = world.replace({ key: adopted(signer.key), how: 'chain' });
      t.same(world.wrong(signer.key), [], 'while it is signed');
      t.match(await replacing, { body: { stage: 'replacing', denial, foreignKeys: [] } });
      t.same(seen, [[]], 'at the instant of the change');
      t.same(world.wrong(signer.key), [], 'after it');
      if (isAside) t.ok(world.ground.kept.made - made <= 8, 'the command signs what it changes, and no more');
      t.equal(
        world.store.rrset(zone, 'www.example.com', TYPE.RRSIG),
        undefined,
        'its signatures are no records any more',
      );
      t.equal(world.store.zone(zone)?.serial, 78, 'secondaries come for it');
      world.must({
        ...{ kind: 'rrset.put', zone, name: 'new.example.com', type: 'A' },
        body: { ttlSeconds: 60, rdata: ['192.0.2.9'] },
      } as unknown as Command);
      t.same(world.wrong(signer.key), [], 'records can be changed now');
      t.equal(codeOf(await world.replace({ key: adopted(signer.key), how: 'chain' })), 'signing_state', 'once');
      world.ground.kept.flush();
      world.close();
      world.ground.file.close();
      t.same(begin(t, folder).wrong(signer.key), [], 'from the rows');
    });
  }
}

for (const [denial, to] of [
  ['nsec', 'nsec'],
  ['nsec3', 'nsec3'],
  ['nsec3', 'nsec'],
] as const) {
  t.test(
    `killed between its commit and what makes it visible, ${denial} to ${to}: no answer without signatures`,
    async (t) => {
      const memory = createTableMemory({ initialBytes: 2 ** 20, maxBytes: 2 ** 27, readers: 1 });
      const folder = temporaryFolder(t);
      const world = begin(t, folder, true, { memory });
      const signer = new TestSigner(zone.split('.'));
      await world.keep(fileBy(signer, denial, signer.key.dnskey));
      const { lastRevision } = world.store;
      world.table.publish = () => {
        throw new Error('dead');
      };
      await t.rejects(world.replace({ key: adopted(signer.key), how: 'chain' }, { denial: to }), { message: 'dead' });
      t.ok(world.store.lastRevision > lastRevision, 'it is durable');
      await world.files.stop();
      world.close();
      world.ground.file.close();
      const again = begin(t, folder, true, { memory, goesOn: true });
      t.same(again.wrong(signer.key), [], 'whoever goes on answers by it at once');
      t.match(again.store.signing(zone), { stage: 'replacing', denial: to });
      const proofs = again.types('nope.example.com', TYPE.A);
      t.equal(proofs.includes(TYPE.NSEC3), to === 'nsec3');
      t.ok(again.ground.kept.made <= 8, `what was signed beforehand is found: ${again.ground.kept.made}`);
    },
  );
}

t.test(
  'a zone with a key for its keys and one for the rest: what caches hold of either goes on validating',
  async (t) => {
    const world = begin(t);
    const entry = new TestSigner(zone.split('.'));
    const made = new TestSigner(zone.split('.')).key;
    const dnskey = Buffer.from(made.dnskey);
    dnskey[1] = 0;
    const rest = new TestSigner(zone.split('.'), { ...made, dnskey, tag: keyTag(dnskey) });
    const signer: RRsetSigner = { sign: (...args) => (args[1] === TYPE.DNSKEY ? entry : rest).sign(...args) };
    t.equal(codeOf(await world.keep(fileBy(signer, 'nsec', entry.key.dnskey, dnskey))), 'none');
    t.same(world.wrong(rest.key), []);
    const before = world.keys();
    t.equal(
      codeOf(await world.replace({ key: adopted(rest.key), how: 'chain' })),
      'ds_present',
      'the DS leads to the other',
    );
    t.equal(codeOf(await world.replace({ key: adopted(entry.key), how: 'chain' })), 'none');
    t.same(world.wrong(entry.key), [], 'the new signatures are by a key that caches have');
    const after = world.keys().map((key) => key.toString('hex'));
    t.same([...after].sort(), before.map((key) => key.toString('hex')).sort(), 'and the keys of the old ones stay');
    t.same(world.signerTags(zone, TYPE.DNSKEY), [entry.key.tag]);
    const signing = world.store.signing(zone) as ZoneSigning;
    t.equal(signersOf(signing).records.length, 1);
    const { tag, algorithm, digest } = signing.keys[0] as ZoneSigning['keys'][number];
    const ds = [{ tag, algorithm, digestType: 2, digest }];
    const look = (atMs: number) => ({ atMs, servers: [{ server: 'a', ds, ttlSeconds: 60 }] });
    const seen = { inForce: true, maxTtlSeconds: 3600 };
    const inForce = transition(signing, { ...seen, parent: look(NOON_MS) }, NOON_MS) as ZoneSigning;
    t.equal(inForce.stage, 'replacing');
    const later = NOON_MS + 3_700_000;
    t.equal(transition(inForce, { ...seen, parent: look(later) }, later)?.stage, 'secure');
  },
);

t.test('without the key that the DS is of: refused, and what is to be done is said', async (t) => {
  const world = begin(t);
  const signer = new TestSigner(zone.split('.'));
  await world.keep(fileBy(signer, 'nsec', signer.key.dnskey));
  const other = keyring.make(zone, 13, NOON_MS) as SignInstead['key'];
  const refused = await world.replace({ key: other, how: 'chain' });
  t.equal(codeOf(refused), 'ds_present');
  t.match((refused as Problem).detail, /have the DS taken away/);
  t.same(world.wrong(signer.key), [], 'all is as it was');
  const ed = keyring.make(zone, 15, NOON_MS) as SignInstead['key'];
  t.equal(codeOf(await world.replace({ key: ed, how: 'insecure' })), 'none', 'another algorithm too');
  t.match(world.store.signing(zone), { stage: 'signing', foreign: [] });
  t.equal(world.keys().length, 1);
});

t.test('what is kept: when it ends is known, at each start and as time goes by', async (t) => {
  const folder = temporaryFolder(t);
  const signer = new TestSigner(zone.split('.'));
  const watch = (world: ReturnType<typeof begin>) => {
    const clock = new TestClock();
    const lines: string[] = [];
    const log = { warn: (_fields: object, text: string) => void lines.push(text) };
    const { store, engine, files } = world;
    const told: string[] = [];
    const tell = ({ trigger, zone: of, endsSeconds, message }: SignaturesEvent): void => {
      told.push(trigger);
      t.match({ of, endsSeconds, message }, { of: zone, endsSeconds: EXPIRATION, message: /^example\.com.*\.$/ });
    };
    const look = files.looks.kept.bind(files.looks);
    const kept = new KeptZones({ store, engine, clock, tell, look, log: log as never });
    t.teardown(() => kept.stop());
    return { kept, clock, lines, told };
  };
  const first = begin(t, folder);
  const { kept, lines, clock, told } = watch(first);
  kept.start();
  const until = async (is: () => boolean): Promise<void> => {
    for (let tries = 0; !is() && tries < 2000; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await first.keep(fileBy(signer, 'nsec3', signer.key.dnskey));
  await until(() => kept.all().length === 1);
  t.same(kept.all(), [{ zone, endsSeconds: EXPIRATION, fault: undefined }]);
  t.same(lines, []);
  clock.jump((EXPIRATION - 6 * 86_400) * 1000 - clock.wallMs());
  await clock.pass(3600);
  t.match(lines, [/ends on .*whoever signs the zone has to send it again/]);
  await clock.pass(7200);
  t.equal(lines.length, 1, 'once a day');
  await clock.pass(86_400);
  t.equal(lines.length, 2);
  t.same(told, ['on-signatures-ending', 'on-signatures-ending'], 'as often as the log');
  clock.jump((EXPIRATION + 60) * 1000 - clock.wallMs());
  await clock.pass(3600);
  t.equal(told.at(-1), 'on-signatures-ended', 'what has become worse does not wait for a day');
  await clock.pass(3600);
  t.equal(told.length, 3);
  first.close();
  const second = begin(t, folder);
  const again = watch(second);
  again.clock.jump((EXPIRATION + 60) * 1000 - again.clock.wallMs());
  again.kept.start();
  await until(() => again.kept.all().length === 1);
  t.match(again.kept.all(), [{ zone, endsSeconds: EXPIRATION, fault: /signature_expired/ }], 'after a restart');
  t.match(again.lines, [/ended on .*validators refuse it/]);
  const remove = { kind: 'zone.delete', zone, withServices: false } as unknown as Command;
  t.equal(second.code(remove), 'ds_present', 'the parent may have a DS for what is kept');
  second.must({ ...remove, force: true } as unknown as Command);
  t.same(again.kept.all(), []);
  t.same(again.told, ['on-signatures-ended', 'on-signatures-renewed'], 'and that it is over');
});
