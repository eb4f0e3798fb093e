/** `teal completion`: what Tab offers in bash, and that the other shells can read what they get. */
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PRESETS } from '../../src/model/release-steps.ts';
import { type as typeAlone } from './typed.ts';

/** Stands for a server with two services and two zones. */
const TEAL = `#!/bin/sh
case "$*" in
  'service list --quiet') printf 'app.example.test\\nshop.example.test\\n' ;;
  'zone list --quiet') printf 'example.test\\nexample.net\\n' ;;
  'service show app.example.test --quiet') printf 'blue\\ngreen\\n' ;;
  'service show shop.example.test --quiet') printf 'old\\nnew\\n' ;;
  *) echo "nobody asks for: $*" >&2; exit 1 ;;
esac
`;

const { stdout: script } = await typeAlone(['completion', 'bash']);
const bin = t.testdir({ teal: TEAL });
chmodSync(join(bin, 'teal'), 0o755);

/** What Tab offers behind the last of these words. */
function complete(...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const run = `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _teal; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', run], {
    encoding: 'utf8',
    env: { PATH: `${bin}:${process.env.PATH}` },
  });
  t.equal(stderr, '', words.join(' '));
  return stdout.split('\n').filter((word) => word !== '');
}

t.test('commands, groups and flags', async (t) => {
  t.same(complete('teal', 'sh'), ['shift']);
  t.same(complete('teal', 'zone', 'e'), ['export']);
  t.same(complete('teal', 'zone', 'import', '--j'), ['--json']);
  t.ok(complete('teal', '').length > 15);
});

t.test('names of services, wherever one is named and nowhere else', async (t) => {
  t.same(complete('teal', 'shift', 'a'), ['app.example.test']);
  t.same(complete('teal', 'release', 'start', 's'), ['shop.example.test']);
  t.same(complete('teal', 'service', 'show', 's'), ['shop.example.test']);
  t.same(complete('teal', 'service', 'add', 's'), [], 'it is there by no name yet');
  t.same(complete('teal', 'webhook', 'rm', 's'), [], 'webhooks are no services');
  const withServices = [...script.matchAll(/^ {4}'([a-z ]+)'\) next=.*\n.*_teal_service/gm)].map(([, words]) => words);
  t.same(
    withServices.sort(),
    [
      ...['bench', 'drain', 'explain', 'health clear', 'health force', 'health show', 'history'],
      ...['abort', 'approve', 'list', 'pause', 'plan', 'promote', 'resume', 'retry', 'start', 'status', 'watch'].map(
        (verb) => `release ${verb}`,
      ),
      ...['rollback', 'service rm', 'service set', 'service show', 'shift'],
    ].sort(),
  );
});

t.test('pools and weights are those of the service on the line', async (t) => {
  t.same(complete('teal', 'shift', 'app.example.test', ''), [
    ...complete('teal', 'shift', 'app.example.test', '-'),
    'app.example.test',
    'shop.example.test',
    'blue=',
    'green=',
  ]);
  t.same(complete('teal', 'shift', 'app.example.test', 'blue=1', 'green=1', 'shop.example.test', 'n'), ['new=']);
  t.same(complete('teal', 'shift', 'n'), [], 'no service, no pools');
  t.same(complete('teal', 'release', 'start', 'app.example.test', '--to', ''), ['blue', 'green']);
  t.same(complete('teal', 'release', 'start', 'shop.example.test', '--steps', '50', '--to', 'o'), ['old']);
  t.same(complete('teal', 'health', 'force', 'app.example.test', 'bl'), ['blue']);
  t.same(complete('teal', 'health', 'force', 'app.example.test', 'blue', 'd'), ['down']);
  t.same(complete('teal', 'service', 'rm', 'shop.example.test', '--leave', ''), ['old', 'new']);
});

t.test('zones, and values that are always the same', async (t) => {
  t.same(complete('teal', 'zone', 'export', ''), [
    ...complete('teal', 'zone', 'export', '-'),
    'example.test',
    'example.net',
  ]);
  t.same(complete('teal', 'zone', 'add', 'e'), []);
  t.same(complete('teal', 'record', 'set', 'www.example.test', 'AA'), ['AAAA']);
  t.same(complete('teal', 'service', 'list', '--zone', 'example.n'), ['example.net']);
  t.same(complete('teal', 'service', 'add', 'x.example.test', '--pick', ''), ['random', 'sticky']);
  t.same(complete('teal', 'token', 'create', 'ci', '--scope', 're'), ['read', 'release', 'records']);
  t.same(complete('teal', 'release', 'plan', 'app.example.test', '--preset', '').sort(), Object.keys(PRESETS).sort());
  t.same(complete('teal', 'completion', 'z'), ['zsh']);
});

t.test('files, where one is named; and no flags where a value is', async (t) => {
  t.same(complete('teal', 'zone', 'check', 'package.'), ['package.json'], 'beside zones that have such a name');
  t.same(complete('teal', 'zone', 'import', 'example.test', 'exa').sort(), ['example.net', 'example.test', 'examples']);
  t.ok(complete('teal', 'restore', '').includes('README.md'));
  t.notOk(complete('teal', 'restore', '-').includes('README.md'));
  t.notOk(complete('teal', 'shift', 'app.example.test', '').includes('README.md'));
  // Readline finds those itself, with what it knows of folders.
  for (const flag of ['--config', '--data-dir']) t.same(complete('teal', 'serve', flag, ''), [], flag);
  for (const flag of ['-f', '--file']) t.same(complete('teal', 'apply', flag, ''), [], flag);
  t.same(complete('teal', 'shift', 'app.example.test', '--reason', ''), [], 'nobody can guess it');
});

t.test('fish offers files beside names, or alone', async (t) => {
  const { stdout } = await typeAlone(['completion', 'fish']);
  const file = join(t.testdir(), 'teal.fish');
  writeFileSync(file, stdout);
  const offered = (line: string): string[] => {
    const typed = `source ${file}; complete -C '${line}'`;
    const env = { PATH: `${bin}:${process.env.PATH}`, HOME: t.testdirName };
    const { stdout: words, error } = spawnSync('fish', ['--no-config', '-c', typed], { encoding: 'utf8', env });
    if (error !== undefined) return ['no fish'];
    const found = words.split('\n').map((each) => each.split('\t')[0] ?? '');
    return found.filter((word) => word !== '').sort();
  };
  const isThere = offered('teal shif')[0] !== 'no fish';
  t.match(stdout, /^complete .*'__teal_at zone import' -F$/m);
  if (!isThere) return;
  t.match(offered('teal zone import example.test pack'), ['package-lock.json', 'package.json']);
  t.match(offered('teal apply -f pack'), ['package-lock.json', 'package.json']);
  t.same(offered('teal shift app.example.test --reason pack'), []);
});

for (const shell of ['zsh', 'fish'] as const) {
  t.test(`${shell} reads its script`, async (t) => {
    const { stdout } = await typeAlone(['completion', shell]);
    for (const word of ['shift', 'release', 'promote', 'idempotency-key', 'doctor', 'Canary10Percent5Minutes'])
      t.match(stdout, word, word);
    const file = join(t.testdir(), shell);
    writeFileSync(file, stdout);
    const { status, error, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    if (error === undefined) t.equal(status, 0, stderr);
  });
}
