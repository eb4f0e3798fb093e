/** Private keys of zones: sealed by the wrapping key, read from the files of other signers, and given back as such. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import t from 'tap';
import { exportKey } from '../../../src/control/dnssec/key-forms.ts';
import { Signers } from '../../../src/control/dnssec/signers.ts';
import type { SigningKey } from '../../../src/model/dnssec/signing.ts';
import { Problem } from '../../../src/model/errors.ts';
import { temporaryFolder } from '../../fixtures/engine.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';
import { makeGround } from '../../fixtures/signing.ts';

const active = (key: object): SigningKey => ({ ...(key as SigningKey), role: 'active' });

t.test('what is sealed opens by the same wrapping key, for the same zone and key only', async (t) => {
  const keyring = makeKeyring();
  for (const algorithm of [13, 15]) {
    const key = active(keyring.make('example.com', algorithm, 0));
    const secret = keyring.privateKey('example.com', key) as KeyObject;
    const refused = (zone: string, other: SigningKey, wrappingKey?: Uint8Array) =>
      t.match(makeKeyring(wrappingKey).privateKey(zone, other), { code: 'signing_refused' });
    t.ok(secret.equals(makeKeyring().privateKey('example.com', key) as KeyObject), 'in another process too');
    refused('example.com', key, Buffer.alloc(32, 8));
    refused('example.org', key);
    refused('example.com', { ...key, dnskey: `${key.dnskey}A` });
    const damaged = Buffer.from(key.wrapped, 'base64');
    damaged[40] = (damaged[40] as number) ^ 1;
    refused('example.com', { ...key, wrapped: damaged.toString('base64') });
    t.notMatch(JSON.stringify(key), secret.export({ format: 'jwk' }).d as string, 'no secret in the open');
  }
});

t.test('a wrong wrapping key: how many zones cannot be signed anew is said, and some are named', async (t) => {
  const ground = makeGround(temporaryFolder(t));
  t.teardown(() => ground.file.close());
  const signers = new Signers(makeKeyring(Buffer.alloc(32, 9)), ground);
  const set = (zone: string, ring = makeKeyring()): void => {
    const keys = [active(ring.make(zone, 13, 0))];
    const times = { sinceMs: 0, dnskeyTtlSeconds: 60, maxTtlSeconds: 60, dsTtlSeconds: 0, revision: 1 };
    signers.set(zone, { zone, denial: 'nsec', zonemd: false, keys, foreign: [], stage: 'secure', ...times } as never);
  };
  set('good.example', makeKeyring(Buffer.alloc(32, 9)));
  t.equal(signers.refusal(), undefined);
  set('a.example');
  t.match(signers.refusal()?.detail, /^The private keys of a\.example cannot be opened: /);
  for (const label of ['b', 'c', 'd', 'e', 'f', 'g']) set(`${label}.example`);
  t.match(signers.unreadiness(), {
    code: 'signing_refused',
    detail:
      / 7 signed zones cannot be signed anew: a\.example, b\.example, c\.example, d\.example, e\.example and 2 more\.$/,
  });
});

t.test('keys go out and come in again in both forms, and are the same', async (t) => {
  const keyring = makeKeyring();
  for (const algorithm of [13, 15]) {
    const key = active(keyring.make('example.com', algorithm, 0));
    const secret = keyring.privateKey('example.com', key);
    const { pem, bind } = exportKey('example.com', key, secret as never);
    t.match(bind.name, new RegExp(`^Kexample\\.com\\.\\+0${algorithm}\\+[0-9]{5}$`));
    t.match(bind.key, new RegExp(`^example\\.com\\. IN DNSKEY 257 3 ${algorithm} [A-Za-z0-9+/= ]+\n$`));
    for (const text of [pem, bind.private]) {
      const again = keyring.adopt('example.com', text, 5);
      t.match(again, { tag: key.tag, algorithm, dnskey: key.dnskey, digest: key.digest, madeAtMs: 5 });
      const signature = sign(null, Buffer.from('x'), keyring.privateKey('example.com', active(again)) as never);
      t.ok(verify(null, Buffer.from('x'), createPublicKey(secret as never), signature));
    }
  }
});

t.test('the key of RFC 8080 §6.1 has the tag and the DS that stand there', async (t) => {
  const text =
    'Private-key-format: v1.2\nAlgorithm: 15 (ED25519)\nPrivateKey: ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=\n';
  const key = makeKeyring().adopt('example.com', text, 0);
  t.match(key, {
    tag: 3613,
    algorithm: 15,
    digest: '3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b',
  });
});

t.test('what is no such key is refused with what would be right', async (t) => {
  const bind = (algorithm: string, secret: string): string =>
    `Private-key-format: v1.3\nAlgorithm: ${algorithm}\nPrivateKey: ${secret}\n`;
  const good = Buffer.alloc(32, 7).toString('base64');
  const { privateKey: pem } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { format: 'pem', type: 'spki' },
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
  });
  const wrong: Record<string, string> = {
    '': 'could not be read',
    'nothing of the kind': 'could not be read',
    [bind('8 (RSASHA256)', 'AA==')]: 'not of algorithm 8',
    [bind('13', 'AA==')]: '32 bytes in base64, not 1',
    [bind('13', Buffer.alloc(32).toString('base64'))]: 'no number that P-256 has',
    [bind('', '')]: 'Algorithm says none',
    'Private-key-format: v1.3': 'Algorithm says none',
    [bind('15x', good)]: 'not of algorithm 15x',
    [bind('15', `!${good}`)]: 'PrivateKey is base64',
    [bind('15', good.slice(0, -1))]: 'PrivateKey is base64',
    [bind('15', good).replace('v1.3', 'v9.1')]: 'v1.2 or v1.3, not "v9.1"',
    [bind('15', good) + bind('15', good)]: 'more than one stands there',
    [pem + pem]: '2 blocks stand there',
    [String(createPublicKey(pem).export({ format: 'pem', type: 'spki' }))]: 'this is a public key',
    [String(createPrivateKey(pem).export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }))]:
      'is encrypted',
  };
  for (const [text, why] of Object.entries(wrong)) {
    const refused = makeKeyring().adopt('example.com', text, 0);
    t.match(refused instanceof Problem && refused, { code: 'dnssec_invalid', pointer: '/privateKey' });
    t.match(refused instanceof Problem && refused.detail, why);
  }
  const sec1 = createPrivateKey(pem).export({ format: 'pem', type: 'sec1' });
  const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
  // As `openssl ecparam -genkey` writes it, and with the ends of lines of others.
  for (const text of [parameters + sec1, pem.replaceAll('\n', '\r\n'), bind('15 (?)', good).replaceAll('\n', '\r\n')])
    t.match(makeKeyring().adopt('example.com', text, 0), { tag: Number });
});
