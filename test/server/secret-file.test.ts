/** Files that the settings name are read where they have a say, and are no reason not to start where they have none. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { ConfigError, loadSettings, readSettingsFile, type Settings } from '../../src/config.ts';
import { readTls } from '../../src/server/admin.ts';
import { connectEtcd } from '../../src/server/fleet/connect.ts';
import { NamedFiles } from '../../src/server/named-files.ts';
import { mailPassword } from '../../src/server/secret-file.ts';
import { openKeyring } from '../../src/server/wrapping-key.ts';

function settings(text: string) {
  const loaded = loadSettings({ file: { name: 'teal.yaml', text }, env: {}, flags: {} });
  if (loaded instanceof ConfigError) throw loaded;
  return loaded;
}

t.test('the password of mail', async (t) => {
  const passwordOf = (more: string) =>
    mailPassword(settings(`mail: { host: m.test, from: t@example.com${more} }`).mail, new NamedFiles());
  const file = join(t.testdir({ password: 'hush\n' }), 'password');
  t.equal(passwordOf(`, user: u, passwordFile: ${file}`), 'hush');
  t.throws(() => passwordOf(`, user: u, passwordFile: ${file}2`), {
    message: /^mail\.passwordFile: .* cannot be read \(ENOENT\)$/,
  });
  t.equal(passwordOf(`, user: u, password: p, passwordFile: ${file}2`), 'p', 'another goes before it');
  t.equal(passwordOf(`, passwordFile: ${file}2`), undefined, 'nobody signs in');
  t.equal(mailPassword(undefined, new NamedFiles()), undefined);
});

t.test('files without an end, and pipes that nobody writes to, hold up no start', async (t) => {
  const pipe = join(t.testdir({}), 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const [file, why] of [
    ['/dev/zero', /is larger than (1|64) MiB, and no more is read/],
    [pipe, /is a pipe that nobody writes to/],
  ] as const) {
    const mail = settings(`mail: { host: m.test, from: t@example.com, user: u, passwordFile: ${file} }`).mail;
    t.throws(() => mailPassword(mail, new NamedFiles()), { message: why });
    t.throws(() => readTls({ certFile: file, keyFile: file }), { message: why });
    const keyring = openKeyring({ dataDir: '', dnssec: { wrappingKeyFile: file } } as Settings, {}, {} as never);
    t.match(keyring.make('example.com', 13, 0), { code: 'signing_refused', detail: why });
    const tls = `tls: { caFile: ${file} }`;
    const { fleet } = settings(`fleet: { name: f, node: n, endpoints: ["https://127.0.0.1:1"], ${tls} }`);
    t.throws(() => connectEtcd(fleet as never, new NamedFiles(), { warn: () => {} }), { message: why });
    t.match(readSettingsFile({}, { '--config': file }), { message: why });
  }
});

t.test('the certificates of etcd', async (t) => {
  const connect = (url: string): void => {
    const { fleet } = settings(`fleet: { name: f, node: n, endpoints: ["${url}"], tls: { caFile: /nonexistent } }`);
    if (fleet !== undefined) connectEtcd(fleet, new NamedFiles(), { warn: () => {} }).close();
  };
  t.throws(() => connect('https://127.0.0.1:1'), { message: /^fleet\.tls\.caFile: \/nonexistent: expected PEM/ });
  t.doesNotThrow(() => connect('http://127.0.0.1:1'));
});
