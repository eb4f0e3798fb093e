/** What a person at a terminal is told when the server is ready. */
import t from 'tap';
import { welcome } from '../../src/cli/welcome.ts';
import { ConfigError, loadSettings, readSettingsFile } from '../../src/config.ts';

function settingsOf(env: Record<string, string>) {
  const file = readSettingsFile({ ...env, TEAL_CONFIG: 'config/teal.yaml' }, {});
  if (file instanceof ConfigError) throw file;
  const settings = loadSettings({ file, env, flags: {} });
  if (settings instanceof ConfigError) throw settings;
  return settings;
}

t.test('four lines: the console, where its token is, one dig, the pages', async (t) => {
  const lines = welcome(settingsOf({}));
  t.equal(lines.length, 4);
  t.equal(lines[0], 'Console  http://127.0.0.1:8053/');
  t.equal(lines[1], 'Token    in data/admin.token');
  t.equal(lines[2], 'Ask it   dig @127.0.0.1 -p 5300 app.example.test');
  t.match(lines[3], /docs\/start\.md/);
});

t.test('as the settings have it', async (t) => {
  const lines = welcome(
    settingsOf({
      ...{
        TEAL_ADMIN_LISTEN: '[::]:9000',
        TEAL_ADMIN_TOKEN: 'a-token-that-is-long-enough',
        TEAL_ADMIN_INSECURE: 'true',
      },
      ...{ TEAL_DNS_LISTEN: '0.0.0.0:53' },
    }),
  );
  t.equal(lines[0], 'Console  http://[::1]:9000/');
  t.equal(lines[1], 'Token    the one that the settings have');
  t.match(lines[2], /^Ask it {3}dig @127\.0\.0\.1 -p 53 /);
  t.notMatch(lines.join(), /a-token-that/);
});
