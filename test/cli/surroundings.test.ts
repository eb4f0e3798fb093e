/** What is around the server: tokens, health, backups, first files, completion, a quick measurement. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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
    stderr: /\[token_forbidden\] — use a token with a wider scope/,
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
  const restored = await startTeal(fresh, { env: { TEAL_ADMIN_TOKEN: 'restored' } });
  t.teardown(() => restored.child.kill('SIGKILL'));
  t.same((await typist(restored)('service show app.example.test --json')).json.pools.blue.weight, weights.blue);
  t.match(await type(['restore', join(fresh, 'nothing.db')], { env: { TEAL_DATA_DIR: join(fresh, 'x') } }), {
    code: EXIT.UNAVAILABLE,
  });
});

t.test('init writes settings that a server takes, and overwrites nothing', async (t) => {
  const etc = join(t.testdir(), 'etc');
  const { code, json } = await typeAlone(['init', etc, '--json']);
  t.equal(code, 0);
  const settings = join(etc, 'teal.yaml');
  t.ok(json.files.includes(settings));
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

t.test('completion: the scripts are good ones, and complete words, flags and names', async (t) => {
  const { stdout: script } = await typeAlone(['completion', 'bash']);
  const bin = t.testdir({
    teal: '#!/bin/sh\n[ "$1 $2 $3" = "service list --quiet" ] && printf "app.example.test\\nshop.example.test\\n"\n',
  });
  const complete = (...words: string[]): string[] => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const run = `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _teal; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', run], {
      encoding: 'utf8',
      env: { PATH: `${bin}:${process.env.PATH}` },
    });
    t.notMatch(stderr, /syntax|command not found/);
    return stdout.split('\n').filter((word) => word !== '');
  };
  spawnSync('chmod', ['+x', join(bin, 'teal')]);
  t.same(complete('teal', 'sh'), ['shift']);
  t.same(complete('teal', 'zone', 'e'), ['export']);
  t.same(complete('teal', 'zone', 'import', '--j'), ['--json']);
  t.same(complete('teal', 'shift', 'a'), ['app.example.test']);
  t.same(complete('teal', 'release', 'start', 's'), ['shop.example.test']);
  t.ok(complete('teal', '').length > 15);
  mkdirSync(join(bin, 'scripts'));
  for (const shell of ['zsh', 'fish'] as const) {
    const { stdout } = await typeAlone(['completion', shell]);
    for (const word of ['shift', 'release', 'promote', '--idempotency-key', 'doctor'])
      t.match(stdout, word.replace('--', ''), `${shell}: ${word}`);
    const file = join(bin, 'scripts', shell);
    writeFileSync(file, stdout);
    const { status, error } = spawnSync(shell, ['-n', file]);
    if (error === undefined) t.equal(status, 0, `${shell} reads it`);
  }
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
