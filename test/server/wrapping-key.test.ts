/** The key that seals zones' keys: where it comes from, that it is made once, and that another one is found out. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Settings } from '../../src/config.ts';
import type { SigningKey } from '../../src/model/dnssec/signing.ts';
import { openKeyring } from '../../src/server/wrapping-key.ts';

const said: unknown[] = [];
const log = { warn: (...words: unknown[]) => said.push(words) } as never;
const open = (dataDir: string, dnssec: object = {}, env: NodeJS.ProcessEnv = {}) =>
  openKeyring({ dataDir, dnssec } as Settings, env, log);
const key = (made: unknown): SigningKey => made as SigningKey;

t.test('without any, one is made when it is first needed, for its owner only, and it is said', async (t) => {
  const folder = t.testdir();
  const made = key(open(folder).make('example.com', 13, 0));
  const file = join(folder, 'dnssec.key');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.match(JSON.stringify(said), 'keep a copy of this file');
  const text = readFileSync(file, 'utf8');
  t.match(open(folder).privateKey('example.com', made), { type: 'private' }, 'another start opens it');
  t.equal(readFileSync(file, 'utf8'), text, 'it is made once');
});

t.test('where it is gone, none is made for what cannot be opened by it', async (t) => {
  const made = key(open(t.testdir()).make('example.com', 13, 0));
  const other = t.testdir();
  t.match(open(other).privateKey('example.com', made), { code: 'signing_refused', detail: /ENOENT/ });
});

t.test('settings, a file, or a credential of systemd bring it', async (t) => {
  const digits = '7'.repeat(64);
  const folder = t.testdir({
    hex: `${digits}\n`,
    credentials: { 'teal-dnssec-key': Buffer.from(digits, 'hex') },
    bad: 'x',
  });
  const sealed = key(open(folder, { wrappingKey: digits }).make('example.com', 15, 0));
  const env = { CREDENTIALS_DIRECTORY: join(folder, 'credentials') };
  for (const keyring of [open(folder, { wrappingKeyFile: join(folder, 'hex') }), open(folder, {}, env)]) {
    t.match(keyring.privateKey('example.com', sealed), { type: 'private' });
  }
  const bad = { wrappingKeyFile: join(folder, 'bad') };
  t.match(open(folder, bad).make('example.com', 13, 0), { code: 'signing_refused', detail: /32 bytes, or 64 hexa/ });
  writeFileSync(join(folder, 'raw'), Buffer.alloc(32, 1));
  const other = open(folder, { wrappingKeyFile: join(folder, 'raw') });
  t.match(other.privateKey('example.com', sealed), { code: 'signing_refused' });
});
