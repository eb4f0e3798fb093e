/** What is signed, against the examples of the RFCs: signatures of others verify over the bytes that we make. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import t, { type Test } from 'tap';
import { hashLabel, nsec3Hash } from '../../../src/wire/dnssec/denial.ts';
import { ALGORITHM, dnskeyRdata, dsRdata, keyTag, SECURE_ENTRY_POINT, ZONE_KEY } from '../../../src/wire/dnssec/key.ts';
import { readSignature, signedBytes } from '../../../src/wire/dnssec/rrsig.ts';
import { lowerName, parseName } from '../../../src/wire/name.ts';
import { formatRdata, parseRdata, parseType } from '../../../src/wire/rdata.ts';

function bytes(value: Uint8Array | { reason: string }): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Error(value.reason);
  return value;
}
const name = (text: string): Uint8Array => lowerName(bytes(parseName(text)));
const typeOf = (mnemonic: string): number => parseType(mnemonic) as number;
const data = (mnemonic: string, text: string): Uint8Array =>
  bytes(parseRdata(typeOf(mnemonic), text.replaceAll(/\s+/g, ' ')));

/** The key of DNSKEY RDATA (RFC 3110, RFC 6605 §4, RFC 8080 §3), and the hash that goes with it. */
function keyOf(dnskey: Uint8Array): { key: KeyObject; digest: string | null } {
  const base64 = (part: Uint8Array): string => Buffer.from(part).toString('base64url');
  const key = dnskey.subarray(4);
  const jwk = (fields: Record<string, string>): KeyObject => createPublicKey({ key: fields, format: 'jwk' });
  if (dnskey[3] === 13) {
    const [x, y] = [base64(key.subarray(0, 32)), base64(key.subarray(32))];
    return { key: jwk({ kty: 'EC', crv: 'P-256', x, y }), digest: 'sha256' };
  }
  if (dnskey[3] === 15) return { key: jwk({ kty: 'OKP', crv: 'Ed25519', x: base64(key) }), digest: null };
  const [e, n] = [base64(key.subarray(1, 1 + key[0])), base64(key.subarray(1 + key[0]))];
  return { key: jwk({ kty: 'RSA', e, n }), digest: 'sha1' };
}

/** Whether the signature of an RRset, in whatever order, verifies. */
function isGood(dnskey: Uint8Array, owner: string, rdata: readonly Uint8Array[], rrsig: Uint8Array): boolean {
  const { signature, ...fields } = readSignature(rrsig);
  const { key, digest } = keyOf(dnskey);
  const signed = signedBytes(fields, name(owner), rdata);
  return verify(digest, signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

function check(t: Test, dnskey: Uint8Array, owner: string, records: readonly string[], signature: string): void {
  const type = signature.split(' ')[0] as string;
  const rrsig = data('RRSIG', signature);
  const rdata = records.map((record) => data(type, record));
  t.equal(readSignature(rrsig).keyTag, keyTag(dnskey));
  t.ok(isGood(dnskey, owner, rdata, rrsig), `${owner} ${type}`);
  t.ok(isGood(dnskey, owner.toUpperCase(), rdata.toReversed(), rrsig), 'order and case of the owner do not matter');
  const bad = rrsig.slice();
  bad[bad.length - 1] ^= 1;
  t.notOk(isGood(dnskey, owner, rdata, bad), 'the check can fail');
}

t.test('RFC 4034 §5.4: a DS, and its tag by appendix B', async (t) => {
  const dnskey = data(
    'DNSKEY',
    `256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxe
     YCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2
     wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==`,
  );
  const owner = name('dskey.example.com');
  const sha1 = '2BB183AF5F22588179A53B0A98631FAD1A292118';
  t.equal(keyTag(dnskey), 60485);
  t.same(dsRdata(owner, dnskey, 1), data('DS', `60485 5 1 ${sha1}`));
  // RFC 4509 §2.3
  const sha256 = 'D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A';
  t.same(dsRdata(owner, dnskey, 2), data('DS', `60485 5 2 ${sha256}`));
  t.equal(dsRdata(owner, dnskey, 3), undefined, 'GOST is not known');
});

/** RFC 4035 appendix A. */
const ZSK = `256 3 5 AQOy1bZVvpPqhg4j7EJoM9rI3ZmyEx2OzDBV
  rZy/lvI5CQePxXHZS4i8dANH4DX3tbHol61ek8EFMcsGXxKciJFHyhl94C+NwILQdzsUlSFo
  vBZsyl/NX6yEbtw/xN9ZNcrbYvgjjZ/UVPZIySFNsgEYvh0z2542lzMKR4Dh8uZffQ==`;
const KSK = `257 3 5 AQOeX7+baTmvpVHb2CcLnL1dMRWbuscRvHXl
  LnXwDzvqp4tZVKp1sZMepFb8MvxhhW3y/0QZsyCjczGJ1qk8vJe52iOhInKROVLRwxGpMfzP
  RLMlGybr51bOV/1se0ODacj3DomyB4QB5gKTYot/K9alk5/j8vfd4jWCWD+E1Sze0Q==`;
const TIMES = '20040509183619 20040409183619';

t.test('RFC 4035 appendices A and B: the signed zone', async (t) => {
  const zsk = data('DNSKEY', ZSK);
  const ksk = data('DNSKEY', KSK);
  t.same([keyTag(zsk), keyTag(ksk)], [38519, 9465]);
  check(
    t,
    zsk,
    'example',
    ['ns1.example. bugs.x.w.example. 1081539377 3600 300 3600000 3600'],
    `SOA 5 1 3600 ${TIMES} 38519 example.
     ONx0k36rcjaxYtcNgq6iQnpNV5+drqYAsC9h7TSJaHCqbhE67Sr6aH2xDUGcqQWu/n0UVzrF
     vkgO9ebarZ0GWDKcuwlM6eNB5SiX2K74l5LWDA7S/Un/IbtDq4Ay8NMNLQI7Dw7n4p8/rjkB
     jV7j86HyQgM5e7+miRAz8V01b0I=`,
  );
  check(
    t,
    zsk,
    'example',
    ['NS2.example.', 'ns1.Example.'],
    `NS 5 1 3600 ${TIMES} 38519 example.
     gl13F00f2U0R+SWiXXLHwsMY+qStYy5k6zfdEuivWc+wd1fmbNCyql0Tk7lHTX6UOxc8AgNf
     4ISFve8XqF4q+o9qlnqIzmppU3LiNeKT4FZ8RO5urFOvoMRTbQxW3U0hXWuggE4g3ZpsHv48
     0HjMeRaZB/FRPGfJPajngcq6Kwg=`,
  );
  check(
    t,
    zsk,
    'example',
    ['a.example. NS SOA MX RRSIG NSEC DNSKEY'],
    `NSEC 5 1 3600 ${TIMES} 38519 example.
     O0k558jHhyrC97ISHnislm4kLMW48C7U7cBmFTfhke5iVqNRVTB1STLMpgpbDIC9hcryoO0V
     Z9ME5xPzUEhbvGnHd5sfzgFVeGxr5Nyyq4tWSDBgIBiLQUv1ivy29vhXy7WgR62dPrZ0PWvm
     jfFJ5arXf4nPxp/kEowGgBRzY/U=`,
  );
  check(
    t,
    ksk,
    'example',
    [ZSK, KSK],
    `DNSKEY 5 1 3600 ${TIMES} 9465 example.
     ZxgauAuIj+k1YoVEOSlZfx41fcmKzTFHoweZxYnz99JVQZJ33wFS0Q0jcP7VXKkaElXk9nYJ
     XevO/7nAbo88iWsMkSpSR6jWzYYKwfrBI/L9hjYmyVO9m6FjQ7uwM4dCP/bIuV/DKqOAK9NY
     NC3AHfvCV1Tp4VKDqxqG7R5tTVM=`,
  );
  check(
    t,
    zsk,
    'ai.example',
    ['"KLH-10" "ITS"'],
    `HINFO 5 2 3600 ${TIMES} 38519 example.
     Iq/RGCbBdKzcYzlGE4ovbr5YcB+ezxbZ9W0le/7WqyvhOO9J16HxhhL7VY/IKmTUY0GGdcfh
     ZEOCkf4lEykZF9NPok1/R/fWrtzNp8jobuY7AZEcZadp1WdDF3jc2/ndCa5XZhLKD3JzOsBw
     FvL8sqlS5QS6FY/ijFEDnI4RkZA=`,
  );
  // B.6: what a wildcard gave.
  check(
    t,
    zsk,
    'a.z.w.example',
    ['1 ai.example.'],
    `MX 5 2 3600 ${TIMES} 38519 example.
     OMK8rAZlepfzLWW75Dxd63jy2wswESzxDKG2f9AMN1CytCd10cYISAxfAdvXSZ7xujKAtPbc
     tvOQ2ofO7AZJ+d01EeeQTVBPq4/6KCWhqe2XTjnkVLNvvhnc0u28aoSsG0+4InvkkOHknKxw
     4kX18MMR34i8lC36SR5xBni8vHI=`,
  );
});

t.test('RFC 5155 appendix A: hashes of names, and what was signed of them', async (t) => {
  const salt = Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd);
  const hashes = {
    example: '0p9mhaveqvm6t7vbl5lop2u3t2rp3tom',
    'a.example': '35mthgpgcu1qg68fab165klnsnk3dpvl',
    'ai.example': 'gjeqe526plbf1g8mklp59enfd789njgi',
    'ns1.example': '2t7b4g4vsa5smi47k61mv5bv1a22bojr',
    'ns2.example': 'q04jkcevqvmu85r014c7dkba38o0ji5r',
    'w.example': 'k8udemvp1j2f7eg6jebps17vp3n8i58h',
    '*.w.example': 'r53bq7cc2uvmubfu5ocmm6pers9tk9en',
    'x.w.example': 'b4um86eghhds6nea196smvmlo4ors995',
    'y.w.example': 'ji6neoaepv8b5o6k4ev33abha8ht9fgc',
    'x.y.w.example': '2vptu5timamqttgl4luu9kg21e0aor3s',
    'xx.example': 't644ebqk9bibcna874givr6joj62mlhv',
  };
  for (const [each, expected] of Object.entries(hashes)) {
    t.equal(hashLabel(nsec3Hash(name(each), 12, salt)), expected, each);
  }
  const zsk = data(
    'DNSKEY',
    '256 3 7 AwEAAaetidLzsKWUt4swWR8yu0wPHPiUi8LUsAD0QPWU+wzt89epO6tHzkMBVDkC7qphQO2hTY4hHn9npWFRw5BYubE=',
  );
  t.equal(keyTag(zsk), 40430);
  check(
    t,
    zsk,
    '0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example',
    ['1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG'],
    `NSEC3 7 2 3600 20150420235959 20051021000000 40430 example.
     OSgWSm26B+cS+dDL8b5QrWr/dEWhtCsKlwKLIBHYH6blRxK9rC0bMJPwQ4mLIuw85H2EY762BOCXJZMnpuwhpA==`,
  );
});

t.test('RFC 6605 §6.1: P-256', async (t) => {
  const key = 'GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==';
  const dnskey = data('DNSKEY', `257 3 13 ${key}`);
  const flags = ZONE_KEY | SECURE_ENTRY_POINT;
  t.same(dnskeyRdata(flags, ALGORITHM.ECDSAP256SHA256, Buffer.from(key, 'base64')), dnskey);
  const digest = 'b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17';
  t.equal(formatRdata(typeOf('DS'), dsRdata(name('example.net'), dnskey, 2) as Uint8Array), `55648 13 2 ${digest}`);
  check(
    t,
    dnskey,
    'www.example.net',
    ['192.0.2.1'],
    `A 13 3 3600 20100909100439 20100812100439 55648 example.net.
     qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==`,
  );
});

t.test('RFC 8080 §6: Ed25519', async (t) => {
  const dnskey = data('DNSKEY', '257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=');
  const digest = '3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b';
  t.equal(formatRdata(typeOf('DS'), dsRdata(name('example.com'), dnskey, 2) as Uint8Array), `3613 15 2 ${digest}`);
  t.equal(dnskey[3], ALGORITHM.ED25519);
  const second = data('DNSKEY', '257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=');
  const other = '401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c';
  t.equal(formatRdata(typeOf('DS'), dsRdata(name('example.com'), second, 2) as Uint8Array), `35217 15 2 ${other}`);
});
