/** The signatures of a zone: valid, found again, made anew when they are due, and refused where they would be wrong. */
import { verify } from 'node:crypto';
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Problem } from '../../src/model/errors.ts';
import { nameToWire } from '../../src/model/name.ts';
import { fromDer } from '../../src/signing/signature.ts';
import { ZoneSigner } from '../../src/signing/zone-signer.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { ALGORITHM, keyTag } from '../../src/wire/dnssec/key.ts';
import { readSignature, signedBytes } from '../../src/wire/dnssec/rrsig.ts';
import { runs } from '../fixtures/runs.ts';
import { makeGround, makeKey, NOON_MS, signerOf, type TestGround, type TestKey } from '../fixtures/signing.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const zone = nameToWire('example.test');
const www = nameToWire('www.example.test');
const addresses = [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(192, 0, 2, 2)];

function ground(t: Test, directory?: string): TestGround {
  const made = makeGround(directory);
  t.teardown(() => {
    made.file.close();
    rmSync(made.directory, { recursive: true, force: true });
  });
  return made;
}

function isGood(key: TestKey, owner: Uint8Array, rdata: readonly Uint8Array[], rrsig: Uint8Array): boolean {
  const { signature, ...fields } = readSignature(rrsig);
  const digest = fields.algorithm === ALGORITHM.ED25519 ? null : 'sha256';
  const how = { key: key.publicKey, dsaEncoding: 'ieee-p1363' as const };
  return verify(digest, signedBytes(fields, owner, rdata), how, signature);
}

for (const [name, algorithm] of Object.entries(ALGORITHM)) {
  t.test(`${name}: signatures are valid, and say what they are of`, async (t) => {
    const key = makeKey(algorithm);
    const signer = signerOf('example.test', key, ground(t));
    // P-256 makes numbers that begin with zeros now and then.
    for (let i = 0; i < 300; i++) {
      const rdata = [Uint8Array.of(192, 0, i >> 8, i & 0xff)];
      const [rrsig] = signer.sign(www, TYPE.A, 300, rdata);
      if (rrsig === undefined || !isGood(key, www, rdata, rrsig)) t.fail(`signature ${i} is not valid`);
    }
    const wild = nameToWire('*.example.test');
    const [rrsig] = signer.sign(wild, TYPE.MX, 60, [Uint8Array.of(0, 10, ...nameToWire('mail.example.test'))]);
    t.match(readSignature(rrsig as Uint8Array), {
      typeCovered: TYPE.MX,
      algorithm,
      labels: 2,
      originalTtlSeconds: 60,
      keyTag: keyTag(key.dnskey),
      signer: zone,
      inception: NOON_MS / 1000 - HOUR,
    });
  });
}

t.test('DER: numbers of any length', async (t) => {
  const number = fc.uint8Array({ minLength: 1, maxLength: 32 }).filter((bytes) => bytes.length === 1 || bytes[0] !== 0);
  const integer = (bytes: Uint8Array): number[] =>
    (bytes[0] as number) > 127 ? [2, bytes.length + 1, 0, ...bytes] : [2, bytes.length, ...bytes];
  const padded = (bytes: Uint8Array): number[] => [...new Array(32 - bytes.length).fill(0), ...bytes];
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(number, number, (r, s) => {
        const both = [...integer(r), ...integer(s)];
        t.strictSame([...fromDer(Uint8Array.of(0x30, both.length, ...both))], [...padded(r), ...padded(s)]);
      }),
      { numRuns: runs(100) },
    ),
  );
});

t.test('the same RRset is signed once: by this process, and by the one after it', async (t) => {
  const key = makeKey();
  const first = ground(t);
  const signer = signerOf('example.test', key, first);
  const before = signer.sign(www, TYPE.A, 300, addresses);
  first.atMs += 3 * HOUR * 1000;
  t.same(signer.sign(www, TYPE.A, 300, addresses.toReversed()), before, 'in another order');
  t.equal(first.kept.made, 1);
  t.notSame(signer.sign(www, TYPE.A, 299, addresses), before, 'another TTL is another RRset (RFC 4034 §3.1.4)');
  t.notSame(signerOf('example.test', makeKey(), first).sign(www, TYPE.A, 300, addresses), before, 'so is another key');
  first.kept.flush();
  first.file.close();
  const second = makeGround(first.directory);
  t.teardown(() => second.file.close());
  t.same(signerOf('example.test', key, second).sign(www, TYPE.A, 300, addresses), before);
  t.equal(second.kept.made, 0);
});

t.test('whatever was signed before, each signature is of the RRset that it is given for', async (t) => {
  const key = makeKey();
  const signer = signerOf('example.test', key, ground(t));
  const record = fc.nat(3).map((n) => Uint8Array.of(192, 0, 2, n));
  const rrset = fc.record({
    owner: fc.constantFrom(www, zone, nameToWire('*.example.test')),
    type: fc.constantFrom(TYPE.A, TYPE.TXT),
    ttlSeconds: fc.constantFrom(60, 300),
    rdata: fc.uniqueArray(record, { minLength: 1, maxLength: 4, selector: String }),
  });
  fc.assert(
    fc.property(rrset, ({ owner, type, ttlSeconds, rdata }) => {
      const [rrsig] = signer.sign(owner, type, ttlSeconds, rdata) as [Uint8Array];
      const { typeCovered, originalTtlSeconds } = readSignature(rrsig);
      return typeCovered === type && originalTtlSeconds === ttlSeconds && isGood(key, owner, rdata, rrsig);
    }),
    { numRuns: runs(400) },
  );
});

t.test('lifetimes: 14 days less up to two, an hour back, made anew with seven days left', async (t) => {
  const key = makeKey();
  const shared = ground(t);
  const signer = signerOf('example.test', key, shared);
  const ends = Array.from({ length: 200 }, (_, i) => {
    const [rrsig] = signer.sign(nameToWire(`n${i}.example.test`), TYPE.A, 300, addresses);
    return readSignature(rrsig as Uint8Array).expiration - NOON_MS / 1000;
  });
  t.ok(ends.every((end) => end > 12 * DAY && end <= 14 * DAY));
  t.ok(Math.max(...ends) - Math.min(...ends) > DAY, 'they are spread over two days');
  const before = signer.sign(www, TYPE.A, 300, addresses);
  const end = readSignature(before[0] as Uint8Array).expiration;
  shared.atMs = (end - 7 * DAY) * 1000;
  t.same(signer.sign(www, TYPE.A, 300, addresses), before);
  t.ok(signer.isCurrent(TYPE.A, before));
  shared.atMs += 1000;
  t.notOk(signer.isCurrent(TYPE.A, before));
  const after = signer.sign(www, TYPE.A, 300, addresses);
  t.equal(readSignature(after[0] as Uint8Array).inception, shared.atMs / 1000 - HOUR);
  t.ok(isGood(key, www, addresses, after[0] as Uint8Array));
  t.same(signer.sign(www, TYPE.A, 300, addresses), after);
});

t.test(
  'a roll: all keys sign the DNSKEY RRset, one signs the rest, and what another key signed is not current',
  async (t) => {
    const [old, young] = [makeKey(), makeKey()];
    const shared = ground(t);
    const signer = new ZoneSigner(zone, { records: [young], dnskey: [old, young] }, shared);
    const keys = [old.dnskey, young.dnskey];
    const tags = (rrsigs: readonly Uint8Array[]): number[] => rrsigs.map((rrsig) => readSignature(rrsig).keyTag);
    t.same(tags(signer.sign(zone, TYPE.DNSKEY, 3600, keys)), keys.map(keyTag));
    t.same(tags(signer.sign(www, TYPE.A, 300, addresses)), [keyTag(young.dnskey)]);
    const former = signerOf('example.test', old, shared).sign(www, TYPE.A, 300, addresses);
    t.notOk(signer.isCurrent(TYPE.A, former));
    t.notOk(signer.isCurrent(TYPE.A, []));
    t.notOk(signer.isCurrent(TYPE.DNSKEY, former));
  },
);

t.test('what a clock that was ahead has signed is made anew, once nothing holds against the clock', async (t) => {
  const key = makeKey();
  const ahead = ground(t);
  ahead.atMs += 20 * DAY * 1000;
  const early = signerOf('example.test', key, ahead).sign(www, TYPE.A, 300, addresses);
  // Its own file is gone, as whoever set the clock was told to do.
  const shared = ground(t);
  const signer = signerOf('example.test', key, shared);
  t.notOk(signer.isCurrent(TYPE.A, early));
  t.equal(signer.missing, 1, 'no validator believes it yet (RFC 4035 §5.3.1)');
  const inception = readSignature(early[0] as Uint8Array).inception * 1000;
  shared.atMs = inception - 1000;
  t.notOk(signer.isCurrent(TYPE.A, early));
  shared.atMs = inception;
  t.ok(signer.isCurrent(TYPE.A, early), 'from then on it is as good as any');
});

t.test('a clock that is more than an hour behind: what is signed goes on, and nothing else is signed', async (t) => {
  const shared = ground(t);
  const signer = signerOf('example.test', makeKey(), shared);
  const before = signer.sign(www, TYPE.A, 300, addresses);
  shared.atMs -= HOUR * 1000;
  t.equal(signer.sign(www, TYPE.A, 60, addresses).length, 1, 'an hour is nothing');
  shared.atMs -= 1000;
  t.same(signer.sign(www, TYPE.A, 300, addresses), before);
  t.throws(() => signer.sign(www, TYPE.A, 301, addresses), {
    message: /^The clock of this server is more than an hour behind/,
  });
  shared.isLenient = true;
  t.same(signer.sign(www, TYPE.A, 301, addresses), [], 'at a start it is answered unsigned');
  t.equal(signer.missing, 1);
});

t.test('a key that cannot be opened: what is signed goes on until it ends', async (t) => {
  const key = makeKey();
  const shared = ground(t);
  const before = signerOf('example.test', key, shared).sign(www, TYPE.A, 300, addresses);
  const why = new Problem('signing_refused', 'no key');
  const signer = signerOf('example.test', { dnskey: key.dnskey, privateKey: why }, shared);
  t.same(signer.sign(www, TYPE.A, 300, addresses), before);
  t.throws(() => signer.sign(www, TYPE.AAAA, 300, [new Uint8Array(16)]), { message: why.detail });
  shared.atMs += 10 * DAY * 1000;
  t.same(signer.sign(www, TYPE.A, 300, addresses), before, 'it is due, and holds');
  shared.atMs += 4 * DAY * 1000;
  t.throws(() => signer.sign(www, TYPE.A, 300, addresses), { message: why.detail }, 'it has ended');
});

t.test('signatures that have ended are forgotten', async (t) => {
  const shared = ground(t);
  signerOf('example.test', makeKey(), shared).sign(www, TYPE.A, 300, addresses);
  shared.kept.flush();
  const inception = shared.file.latestInception;
  shared.kept.forget((inception + 14 * DAY) * 1000);
  t.equal(shared.file.latestInception, inception, 'one may hold still');
  shared.kept.forget((inception + 14 * DAY + HOUR + 1) * 1000);
  t.equal(shared.file.latestInception, 0);
});
