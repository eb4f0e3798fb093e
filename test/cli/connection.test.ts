/** Where address and token come from, and what is said when they lead nowhere. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findConnection } from '../../src/cli/connection.ts';
import { EXIT } from '../../src/cli/exit.ts';
import type { Shell } from '../../src/cli/shell.ts';
import { type } from './typed.ts';

const shell = (env: Record<string, string>, home = '/nonexistent'): Shell => ({ env, home }) as unknown as Shell;

t.test('flags win over the environment, the environment over the file, the file over what lies here', async (t) => {
  const home = t.testdir({
    '.config': { teal: { 'config.yaml': 'url: https://file.example:8053/\ntoken: |\n  from-file\n' } },
    data: { 'admin.token': 'from-data\n' },
    'token.txt': 'from-flag\n',
  });
  const file = join(home, '.config/teal/config.yaml');
  chmodSync(file, 0o600);
  const data = { TEAL_DATA_DIR: join(home, 'data') };
  // A server that was started in this folder has left its token in ./data.
  t.match(await findConnection({}, shell({ TEAL_DATA_DIR: '/nonexistent' })), {
    url: 'http://127.0.0.1:8053',
    urlFrom: 'the default',
    token: undefined,
  });
  t.match(await findConnection({}, shell(data)), { url: 'http://127.0.0.1:8053', token: 'from-data', warnings: [] });
  const fromFile = {
    url: 'https://file.example:8053',
    urlFrom: file,
    token: 'from-file',
    tokenFrom: file,
    warnings: [],
  };
  t.match(await findConnection({}, shell(data, home)), fromFile);
  t.match(await findConnection({}, shell({ XDG_CONFIG_HOME: join(home, '.config') })), fromFile);
  const env = { ...data, TEAL_ADMIN_URL: 'https://env.example', TEAL_TOKEN: 'from-env' };
  t.match(await findConnection({}, shell(env, home)), {
    url: 'https://env.example',
    urlFrom: 'TEAL_ADMIN_URL',
    token: 'from-env',
    tokenFrom: 'TEAL_TOKEN',
  });
  const flags = { url: 'https://flag.example', tokenFile: join(home, 'token.txt') };
  t.match(await findConnection(flags, shell(env, home)), {
    url: 'https://flag.example',
    urlFrom: '--url',
    token: 'from-flag',
  });
});

t.test('the token of a server on this machine goes to no other', async (t) => {
  const folder = t.testdir({ 'admin.token': 'local\n' });
  const env = { TEAL_DATA_DIR: folder };
  for (const url of ['http://127.0.0.1:8053', 'http://localhost:1', 'http://[::1]:8053']) {
    t.match(await findConnection({ url }, shell(env)), { token: 'local' }, url);
  }
  for (const url of ['https://192.0.2.1', 'https://localhost.example.com', 'https://127.0.0.1.example.com']) {
    t.equal((await findConnection({ url }, shell(env))).token, undefined, url);
  }
});

t.test('warnings: a token in the clear, a file that others may read', async (t) => {
  const env = { TEAL_TOKEN: 'x' };
  t.match((await findConnection({ url: 'http://192.0.2.1:8053' }, shell(env))).warnings, [/in the clear/]);
  const home = t.testdir({ '.config': { teal: { 'config.yaml': 'token: x\n' } } });
  chmodSync(join(home, '.config/teal/config.yaml'), 0o644);
  t.match((await findConnection({}, shell({}, home))).warnings, [/others may read it: chmod 600/]);
});

t.test('a configuration file with mistakes is refused, by name', async (t) => {
  const home = t.testdir();
  mkdirSync(join(home, '.config/teal'), { recursive: true });
  for (const text of ['urls: x\n', 'url: [1]\n', '- a\n', 'url: "x\n']) {
    writeFileSync(join(home, '.config/teal/config.yaml'), text);
    const { code, stderr } = await type(['status'], { home });
    t.match(
      { code, stderr },
      { code: EXIT.CONFIG, stderr: /config\.yaml: expected YAML with the keys url, token or tokenFile/ },
      text,
    );
  }
});

t.test('nobody there: where it tried, and how to set it', async (t) => {
  const { code, stdout, stderr } = await type(['status'], { env: { TEAL_ADMIN_URL: 'http://127.0.0.1:2' } });
  t.match({ code, stdout }, { code: EXIT.UNAVAILABLE, stdout: '' });
  t.equal(
    stderr,
    'teal: cannot reach the admin API at http://127.0.0.1:2: nobody listens there. The address comes from ' +
      'TEAL_ADMIN_URL; --url, TEAL_ADMIN_URL or `url:` in the configuration file set it.\n',
  );
  t.match(await type(['status', '--token-file', '/nonexistent/token']), {
    code: EXIT.NO_INPUT,
    stderr: /--token-file: expected a file with a token, and \/nonexistent\/token cannot be read \(ENOENT\)/,
  });
  const empty = join(t.testdir({ token: '\n' }), 'token');
  t.match(await type(['status', '--token-file', empty]), {
    code: EXIT.NO_PERMISSION,
    stderr: /^teal: --token-file: expected a token, and .*token is empty\n$/,
  });
});
