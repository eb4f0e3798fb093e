/** What is around the server: tokens, health, backups, first files, a quick measurement. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { type as typeAlone, typist } from './typed.ts';

let teal: TealProcess;
let folder: string;
let type: ReturnType<typeof typist>;
t.before(async () => {
  folder = temporaryFolder(t);
  teal = await startTeal(folder);
  t.teardown(() => teal.child.kill('SIGKILL'));
  type = typist(teal);
});

t.test('a token is made, shown once or written to a private file, and revoked', async (t) => {
  const made = await type([
    'token',
    'create',
    'ci',
    '--scope',
    'shift',
    '--service',
    '*.example.test',
    '--expires',
    '90d',
  ]);
  t.match(made.stdout, /^Token ci, scope shift\. Its secret is shown this once:\n\n {2}(\S+)\n$/);
  const secret = /^ {2}(\S+)$/m.exec(made.stdout)?.[1] as string;
  t.match(await type('shift app.example.test blue=1 green=1', { env: { TEAL_TOKEN: secret } }), { code: 0 });
  t.match(await type('zone rm example.test', { env: { TEAL_TOKEN: secret } }), {
    code: EXIT.NO_PERMISSION,
    stderr: /\[token_forbidden\] — use a token that reaches it: `teal whoami` tells/,
  });
  const file = join(temporaryFolder(t), 'reader.token');
  const kept = await type(['token', 'create', 'reader', '--scope', 'read', '-o', file]);
  t.notMatch(kept.stdout, readFileSync(file, 'utf8').trim());
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.match(await type(['status', '--token-file', file], { env: { TEAL_TOKEN: '' } }), { code: 0 });
  t.match(await type(['token', 'create', 'other', '--scope', 'read', '-o', file]), { code: EXIT.CANNOT_WRITE });
  const again = join(temporaryFolder(t), 'again.token');
  t.match(await type(['token', 'create', 'ci', '--scope', 'read', '-o', again]), {
    code: EXIT.REFUSED,
    stderr: /\[token_exists\]/,
  });
  t.notOk(existsSync(again), 'no empty file is left');
  t.match(
    (await type('token list')).stdout,
    /^TOKEN +SCOPE +FOR +MADE +EXPIRES\n[\s\S]*ci +shift +\*\.example\.test +.* UTC/,
  );
  t.match((await type('token revoke ci')).stdout, 'ci is revoked.\n');
  t.match(await type('status', { env: { TEAL_TOKEN: secret } }), { code: EXIT.NO_PERMISSION });
});

t.test('a webhook is made with a secret that is kept, and what could not be delivered is shown', async (t) => {
  const dir = temporaryFolder(t);
  const file = join(dir, 'secret');
  const url = 'https://127.0.0.1:1/hook';
  const made = await type(['webhook', 'add', 'chat', url, '-t', 'on-release-started', '-o', file]);
  t.match(made, { code: 0, stdout: `Webhook chat. Its secret is in ${file}.\n` });
  t.match(readFileSync(file, 'utf8'), /^whsec_\S+\n$/);
  const own = ['webhook', 'add', 'own', url, '-t', 'on-release-aborted', '--secret-file', file];
  t.match(
    await type(own),
    { code: 0, stdout: 'Webhook own, told of on-release-aborted.\n' },
    'a secret that one has is not shown',
  );
  t.match(await type(['webhook', 'add', 'chat', url, '-t', 'on-release-started']), {
    code: EXIT.REFUSED,
    stderr: /\[revision_stale\]/,
  });
  t.match(await type(['webhook', 'add', 'x', url, '-t', 'soon', '-o', join(dir, 'x')]), { code: EXIT.REFUSED });
  t.notOk(existsSync(join(dir, 'x')));
  t.match(
    (await type('webhook list')).stdout,
    /^WEBHOOK +KIND +URL +TRIGGERS +FOR\nchat +plain +https:\S+ +on-release-started +everything\nown/,
  );
  t.match((await type('webhook deliveries chat')).stdout, 'Nothing waits, and nothing failed.\n');
  await type('release start app.example.test --to green --steps 20,pause');
  let items: { id: string; lastError: string | null }[] = [];
  while (!items[0]?.lastError) items = (await type('webhook deliveries chat --json')).json.items;
  t.match(
    (await type('webhook deliveries chat')).stdout,
    /^ID +TRIGGER .*\n\S+ +on-release-started +(pending|dead) +\d+ /,
  );
  t.match((await type(`webhook redeliver chat ${items[0].id}`)).stdout, /is on its way\.\n/);
  await type('release abort app.example.test');
  for (const name of ['chat', 'own']) t.match((await type(`webhook rm ${name}`)).stdout, `${name} is deleted.\n`);
  t.match(await type('webhook rm chat'), { code: EXIT.REFUSED, stderr: /`teal webhook list` shows the webhooks/ });
});

t.test('what a client gets is explained', async (t) => {
  await type('shift app.example.test blue=0 green=1');
  const { stdout } = await type('explain app.example.test --client 203.0.113.7 --draws 10');
  t.match(
    stdout,
    /^.+\.\n\n {2}client +203\.0\.113\.7\n[\s\S]* {2}pool +green\n[\s\S]*192\.0\.2\.20\n[\s\S]*10 draws +blue 0\.0 % · green 100\.0 %\n$/,
  );
  t.match((await type('explain app.example.test --type AAAA')).stdout, /answer +no AAAA\n/);
  t.match(await type('explain app.example.test --client nonsense'), {
    code: EXIT.REFUSED,
    stderr: /\[query_invalid\]/,
  });
});

t.test('health is shown, forced, cleared', async (t) => {
  t.match((await type('health show app.example.test')).stdout, /^app\.example\.test\n {2}blue +up/);
  const forced = await type('health force app.example.test blue down --for 1h');
  t.match(forced.stdout, /blue +down +.* forced down by \w+ until .* UTC/);
  t.match((await type('health clear app.example.test blue --json')).json, {
    pools: { blue: { forced: null, healthy: true } },
  });
  const target = await type('health force app.example.test blue down --target 192.0.2.10');
  t.match(target.stdout, /192\.0\.2\.10 .*forced down/);
  t.match((await type('health clear app.example.test blue --target 192.0.2.10')).stdout, /192\.0\.2\.10/);
  t.match(await type('health force app.example.test pink down'), { code: EXIT.REFUSED, stderr: /\[pool_unknown\]/ });
});

t.test('a backup of a running server, and its restore', async (t) => {
  const file = join(temporaryFolder(t), 'copy.db');
  const env = { TEAL_DATA_DIR: folder };
  const done = await type(['backup', file], { env });
  t.match(done, {
    code: 0,
    stdout: /copy\.db: revision \d+ of .* UTC, 1 zone, 1 service, [\d,]+ bytes\. Checked: it is whole\.\n/,
  });
  t.match(await type(['backup', file], { env }), { code: EXIT.CANNOT_WRITE, stderr: /--force replaces it\n$/ });
  t.match((await type(['backup', file, '--force', '--json'], { env })).json, { zones: 1, services: 1 });
  t.match(await type(['restore', file, '--force'], { env }), { code: EXIT.UNAVAILABLE, stderr: /stop it first/ });
  const { weights } = (await type('shift app.example.test blue=7 green=3 --json')).json.services['app.example.test'];
  await type(['backup', file, '--force'], { env });
  const fresh = join(temporaryFolder(t), 'fresh');
  t.match(await type(['restore', file, '--data-dir', fresh]), { code: 0, stdout: /restored to revision/ });
  t.match(await type(['restore', file, '--data-dir', fresh]), {
    code: EXIT.CANNOT_WRITE,
    stderr: /--force replaces it, and keeps it/,
  });
  t.match(await type(['restore', file, '--data-dir', fresh, '--force']), {
    stdout: /What was there is kept as .*teal\.db\.before-restore-1/,
  });
  const restored = await startTeal(fresh, { env: { TEAL_ADMIN_TOKEN: '7c2e90b4d5f8a136-restored' } });
  t.teardown(() => restored.child.kill('SIGKILL'));
  t.same((await typist(restored)('service show app.example.test --json')).json.pools.blue.weight, weights.blue);
  t.match(await type(['restore', join(fresh, 'nothing.db')], { env: { TEAL_DATA_DIR: join(fresh, 'x') } }), {
    code: EXIT.NO_INPUT,
  });
});

t.test('init writes settings that a server takes, and overwrites nothing', async (t) => {
  const etc = join(t.testdir(), 'etc');
  const { code, json } = await typeAlone(['init', etc, '--json']);
  t.equal(code, 0);
  const settings = join(etc, 'teal.yaml');
  t.same(json.files, [settings, join(etc, 'teal.service'), join(etc, 'teal.socket')]);
  const unit = readFileSync(join(etc, 'teal.service'), 'utf8');
  t.equal(/^ExecStart=(.*)$/m.exec(unit)?.[1], `${process.execPath} ${process.argv[1]} serve --config ${settings}`);
  t.notMatch(unit, '/etc/teal/');
  const template = readFileSync('config/systemd/teal.service', 'utf8');
  t.equal(unit.split('\n').length, template.split('\n').length, 'the rest is the unit of the package');
  // Where no folder can be made, and Node's own way to make several would never end.
  const nowhere = {
    code: EXIT.CANNOT_WRITE,
    stderr: /^teal: \/proc\/teal\/etc\/teal\.yaml cannot be written \(E[A-Z]+\)\n/,
  };
  t.match(await typeAlone(['init', '/proc/teal/etc']), nowhere);
  const home = temporaryFolder(t);
  const hidden = await typeAlone(['init', join(home, 'etc')], { home });
  t.match(hidden, { code: 0, stderr: /teal\.yaml is in a home, which the unit does not see/ });
  t.notMatch(readFileSync(settings, 'utf8'), 'bootstrap:');
  t.match(readFileSync(settings, 'utf8'), /# Where to answer, over UDP and TCP/);
  writeFileSync(settings, 'mine');
  t.match(await typeAlone(['init', etc]), { code: EXIT.CANNOT_WRITE, stderr: /there already; --force overwrites\n$/ });
  t.equal(readFileSync(settings, 'utf8'), 'mine');
  t.match(await typeAlone(['init', etc, '--force', '--demo']), { code: 0, stdout: /teal serve --config / });
  t.equal(readFileSync(settings, 'utf8'), readFileSync('config/teal.yaml', 'utf8'));
  await typeAlone(['init', etc, '--force']);
  const data = temporaryFolder(t);
  const started = await startTeal(data, { config: settings });
  t.teardown(() => started.child.kill('SIGKILL'));
  t.match((await typist(started)('zone list')).stdout, /There is no zone yet/);
});

t.test('bench counts what came back, and what did not', async (t) => {
  await type('shift app.example.test blue=1 green=0');
  const dns = `127.0.0.1:${teal.dnsPort}`;
  const words = ['bench', 'app.example.test', '--dns', dns, '--seconds', '1', '--clients', '2', '--window', '4'];
  const { code, json } = await type([...words, '--json']);
  t.equal(code, 0);
  t.match(json, { name: 'app.example.test', truncated: 0 });
  t.ok(
    json.replies > 10 && json.sent >= json.replies && json.sent <= json.replies + json.lost + 8,
    JSON.stringify(json),
  );
  t.same(Object.keys(json.answers), ['192.0.2.10'], 'green has no weight');
  const { p50, p90, p99, max } = json.microseconds;
  t.ok(p50 > 0 && p50 <= p90 && p90 <= p99 && p99 <= max);
  t.match((await type(words)).stdout, /answers a second +[\d,]+\n[\s\S]*answered 192\.0\.2\.10 +100\.0 %\n/);
  t.match(
    (await type(['bench', '--dns', dns, '--seconds', '1', '--json'])).json,
    { name: 'app.example.test' },
    'the first service',
  );
  const nobody = await type(['bench', 'app.example.test', '--dns', '127.0.0.1:2', '--seconds', '1']);
  t.match(nobody, { code: EXIT.UNAVAILABLE, stderr: /answered none of \d+ queries; --dns says where to ask/ });
});
