/** Files that the settings name are read where they have a say, and are no reason not to start where they have none. */
import { join } from 'node:path';
import t from 'tap';
import { ConfigError, loadSettings } from '../../src/config.ts';
import { connectEtcd } from '../../src/server/fleet/connect.ts';
import { NamedFiles } from '../../src/server/named-files.ts';
import { mailPassword } from '../../src/server/secret-file.ts';

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

t.test('the certificates of etcd', async (t) => {
  const connect = (url: string): void => {
    const { fleet } = settings(`fleet: { name: f, node: n, endpoints: ["${url}"], tls: { caFile: /nonexistent } }`);
    if (fleet !== undefined) connectEtcd(fleet, new NamedFiles(), { warn: () => {} }).close();
  };
  t.throws(() => connect('https://127.0.0.1:1'), { message: /^fleet\.tls\.caFile: \/nonexistent: expected PEM/ });
  t.doesNotThrow(() => connect('http://127.0.0.1:1'));
});
