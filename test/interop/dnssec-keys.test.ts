/** Keys come from BIND, ldns and OpenSSL, and go back to them: the same key, the same DS, and zones that they sign with it. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { exportKey } from '../../src/control/dnssec/key-forms.ts';
import type { FreshKey } from '../../src/control/dnssec/keyring.ts';
import type { SigningKey } from '../../src/model/dnssec/signing.ts';
import { Problem } from '../../src/model/errors.ts';
import { makeKeyring } from '../fixtures/keyring.ts';

const ZONE = 'example.com';
const keyring = makeKeyring();

function run(folder: string, command: string, words: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, { cwd: folder, input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

function adopted(text: string): FreshKey {
  const key = keyring.adopt(ZONE, text, 0);
  if (key instanceof Problem) throw new Error(key.detail);
  return key;
}

/** Writes the exported pair as BIND names it; the name without its end. */
function writePair(folder: string, key: FreshKey): string {
  const signing = { ...key, role: 'active' } as SigningKey;
  const opened = keyring.privateKey(ZONE, signing);
  if (opened instanceof Problem) throw new Error(opened.detail);
  const { bind, pem } = exportKey(ZONE, signing, opened);
  writeFileSync(join(folder, `${bind.name}.private`), bind.private);
  writeFileSync(join(folder, `${bind.name}.key`), bind.key);
  writeFileSync(join(folder, 'key.pem'), pem);
  return bind.name;
}

/** `example.com. IN DS 1 13 2 AB CD`, as bare fields. */
const dsFields = (line: string): string[] => {
  const [tag = '', algorithm = '', type = '', ...digest] = (line.split(/\bDS\b/)[1] ?? '').trim().split(/\s+/);
  return [tag, algorithm, type, digest.join('').replace(/;.*/, '').toLowerCase()];
};

const zoneFile = `$TTL 60\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n`;

const makers = [
  { by: 'dnssec-keygen', words: (number: number) => ['-q', '-a', String(number), '-f', 'KSK', ZONE] },
  { by: 'ldns-keygen', words: (number: number) => ['-a', number === 13 ? 'ECDSAP256SHA256' : 'ED25519', '-k', ZONE] },
];

for (const number of [13, 15]) {
  for (const { by, words } of makers) {
    t.test(`algorithm ${number}: a key of ${by} is taken, and goes back`, async (t) => {
      const folder = t.testdir({ back: {} });
      run(folder, by, words(number));
      const files = readdirSync(folder);
      const fileOf = (end: string): string => files.find((file) => file.endsWith(end)) ?? '';
      const key = adopted(readFileSync(join(folder, fileOf('.private')), 'utf8'));
      const published = readFileSync(join(folder, fileOf('.key')), 'utf8');
      const theirs = /DNSKEY\s+257 3 \d+ ([A-Za-z0-9+/= ]+)/.exec(published)?.[1]?.replaceAll(' ', '');
      t.equal(Buffer.from(key.dnskey, 'base64').subarray(4).toString('base64'), theirs, 'the same public key');
      t.equal(fileOf('.key').split('+')[2], `${String(key.tag).padStart(5, '0')}.key`, 'and tag');
      const back = join(folder, 'back');
      const name = writePair(back, key);
      t.equal(`${name}.key`, fileOf('.key'));
      const wanted = [String(key.tag), String(number), '2', key.digest];
      t.same(dsFields(run(back, 'dnssec-dsfromkey', ['-2', `${name}.key`])), wanted, 'the DS of BIND');
      t.same(dsFields(run(back, 'ldns-key2ds', ['-n', '-2', `${name}.key`])), wanted, 'the DS of ldns');
      // They sign with what came back, and the other one verifies it.
      writeFileSync(join(back, 'zone'), zoneFile);
      writeFileSync(join(back, 'with-key'), zoneFile + readFileSync(join(back, `${name}.key`), 'utf8'));
      run(back, 'dnssec-signzone', ['-q', '-z', '-P', '-o', ZONE, '-f', 'by-bind', 'with-key', name]);
      run(back, 'ldns-verify-zone', ['by-bind']);
      run(back, 'ldns-signzone', ['-o', ZONE, '-f', 'by-ldns', 'zone', name]);
      run(back, 'dnssec-verify', ['-q', '-z', '-o', ZONE, 'by-ldns']);
    });
  }

  t.test(`algorithm ${number}: a key of openssl is taken, and goes back`, async (t) => {
    const folder = t.testdir();
    const how = number === 13 ? ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['ED25519'];
    const pem = run(folder, 'openssl', ['genpkey', '-algorithm', ...how]);
    const key = adopted(pem);
    writePair(folder, key);
    const exported = readFileSync(join(folder, 'key.pem'), 'utf8');
    const publicOf = (text: string): string => run(folder, 'openssl', ['pkey', '-pubout'], text);
    t.equal(publicOf(exported), publicOf(pem));
    t.equal(adopted(exported).dnskey, key.dnskey);
  });
}

t.test('keys of other algorithms are refused, with what is taken', async (t) => {
  const folder = t.testdir();
  const refused = (text: string) =>
    t.match(keyring.adopt(ZONE, text, 0), { code: 'dnssec_invalid', detail: /P-256 or Ed25519/ });
  refused(run(folder, 'openssl', ['genpkey', '-algorithm', 'RSA']));
  refused(run(folder, 'openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384']));
  for (const name of ['RSASHA256', 'ECDSAP384SHA384']) {
    run(folder, 'dnssec-keygen', ['-q', '-a', name, '-f', 'KSK', ZONE]);
    for (const file of readdirSync(folder))
      if (file.endsWith('.private')) refused(readFileSync(join(folder, file), 'utf8'));
  }
});
