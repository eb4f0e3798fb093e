/** Paths that no file can have, or that lead nowhere: each command that takes one says so, and none is a fault of Teal. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import t from 'tap';
import { commands } from '../../src/cli/commands.ts';
import { EXIT } from '../../src/cli/exit.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { serverSurroundings } from '../fixtures/environment.ts';
import { startTyped, type } from './typed.ts';

/** Where the path goes. */
const PATH = '@';
const hook = ['https://example.com/', '-t', 'on-revision'];

/** A command line for each path that one takes; `ZONE`: a zone file that is there. */
const lines: Readonly<Record<string, readonly string[]>> = {
  'shift --file': ['app.example.test', '-f', PATH],
  'zone import file': ['example.test', PATH],
  'zone import --include': ['example.test', 'ZONE', '--include', PATH],
  'zone export --output': ['example.test', '-o', PATH],
  'zone check file': ['example.test', PATH],
  'zone check --include': ['example.test', 'ZONE', '--include', PATH],
  'dnssec sign --key-file': ['example.test', '--key-file', PATH],
  'dnssec roll --key-file': ['example.test', '--key-file', PATH],
  'dnssec import file': ['example.test', PATH],
  'dnssec export --output': ['example.test', '--output', PATH],
  'fleet join --config': ['--config', PATH],
  'restore file': [PATH, '--data-dir', 'FOLDER'],
  'restore --data-dir': ['ZONE', '--data-dir', PATH],
  'restore --config': ['ZONE', '--config', PATH],
  'backup file': [PATH, '--data-dir', 'FOLDER'],
  'backup --data-dir': ['FOLDER/copy', '--data-dir', PATH],
  'backup --config': ['FOLDER/copy', '--config', PATH],
  'upgrade --data-dir': ['--data-dir', PATH],
  'upgrade --config': ['--config', PATH],
  'service set --health': ['app.example.test', '--health', PATH],
  'service add --file': ['x.example.test', '-f', PATH],
  'release plan --file': ['app.example.test', '-f', PATH],
  'release start --file': ['app.example.test', '-f', PATH],
  'apply --file': ['-f', PATH],
  'apply --secrets-dir': ['-f', 'TOKENS', '--yes', '--secrets-dir', PATH],
  'webhook add --template': ['w', ...hook, '--template', PATH],
  'webhook add --secret-file': ['w', ...hook, '--secret-file', PATH],
  'webhook add --output': ['w', ...hook, '--output', PATH],
  'token create --output': ['x', '--scope', 'read', '--output', PATH],
  'init folder': [PATH],
  'serve --config': ['--config', PATH],
};

/** Every option and operand of every command that says it is a file or a folder; the token's file is of all commands. */
async function paths(): Promise<string[]> {
  const found: string[] = [];
  const walk = (command: Command, words: readonly string[]): void => {
    const own = words.join(' ');
    for (const { flags, long } of command.options)
      if (/<(?:file|folder|directory)\b/.test(flags) && long !== '--token-file') found.push(`${own} ${long}`);
    for (const operand of command.registeredArguments)
      if (['file', 'folder', 'directory'].includes(operand.name())) found.push(`${own} ${operand.name()}`);
    for (const each of command.commands) walk(each, [...words, each.name()]);
  };
  for (const load of Object.values(commands)) {
    const program = new Command();
    (await load()).add(program, {} as never);
    for (const command of program.commands) walk(command, [command.name()]);
  }
  return found;
}

t.test('each path that a command takes has a line here', async (t) => {
  t.same((await paths()).sort(), Object.keys(lines).sort());
});

t.test('none of them is a fault of Teal', async (t) => {
  const folder = temporaryFolder(t);
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('zone'), '$TTL 60\n@ SOA ns h 1 1 1 1 1\n@ NS ns.example.net.\n');
  writeFileSync(at('tokens.yaml'), 'tokens: {ci: {scope: read}}\n');
  mkdirSync(at('folder'));
  symlinkSync(at('gone'), at('broken'));
  symlinkSync(at('loop'), at('loop'));
  const odd = {
    'a long name': at('x'.repeat(5000)),
    'a long path': at(`${'d/'.repeat(3000)}x`),
    'no name': '',
    'a folder': at('folder'),
    'a file': at('zone'),
    'a broken link': at('broken'),
    'a circle of links': at('loop'),
    'below a file': at('zone/x'),
    'below a circle of links': at('loop/x'),
  };
  const served = await startTyped(t);
  await served.type('service add app.example.test -p blue=1:192.0.2.1 -p green=0:192.0.2.2');
  for (const [command, words] of Object.entries(lines)) {
    const names = command.split(' ').filter((word) => !word.startsWith('-') && !['file', 'folder'].includes(word));
    for (const [what, path] of Object.entries(odd)) {
      const filled = words.map((word) =>
        word === PATH
          ? path
          : word.replace('ZONE', at('zone')).replace('TOKENS', at('tokens.yaml')).replace('FOLDER', at('folder')),
      );
      // It may be done: a folder is made where one is wanted, and a file is a file.
      const isGood = ['a folder', 'a file', 'a broken link'].includes(what);
      const { code, stdout, stderr } =
        names[0] === 'serve' ? serve(filled, folder) : await served.type([...names, ...filled]);
      const isRight = isGood ? code !== EXIT.INTERNAL : ![EXIT.OK, EXIT.INTERNAL].includes(code as 0);
      t.ok(isRight && !/\n {4}at /.test(stdout + stderr), `${command}: ${what}`, {
        code,
        stderr: stderr.slice(0, 300),
      });
    }
  }
  writeFileSync(at('empty'), '\n');
  for (const words of ['sign', 'roll']) {
    const { code, stderr } = await served.type(['dnssec', words, 'example.test', '--key-file', at('empty')]);
    t.match({ code, stderr }, { code: EXIT.REFUSED, stderr: /expected a private key/ }, 'no other key in its place');
  }
  for (const path of Object.values(odd).filter((each) => each !== odd['a file'])) {
    const { code } = await type(['status', '--token-file', path], { env: { TEAL_ADMIN_URL: served.teal.admin } });
    t.equal(code, EXIT.NO_INPUT, 'the file of a token');
  }
});

/** Longer than a busy machine takes to refuse; one that starts is ended then, and has taken what it was given. */
const START_LIMIT_MS = 120_000;

function serve(words: readonly string[], folder: string) {
  const env = { ...serverSurroundings(join(folder, 'data')), TEAL_DNS_PLANES: 'one' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', 'serve', ...words], {
    encoding: 'utf8',
    env,
    timeout: START_LIMIT_MS,
  });
  return { code: status ?? EXIT.OK, stdout, stderr };
}
