/** Every command: help with an example, mistakes with one line and the right exit code. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import t from 'tap';
import { parse } from 'yaml';
import { commands } from '../../src/cli/commands.ts';
import { EXIT } from '../../src/cli/exit.ts';
import { problemOf } from '../../src/cli/failure.ts';
import { type } from './typed.ts';

/** All commands with their subcommands, found by their help. */
async function everyCommand(): Promise<string[][]> {
  const found: string[][] = [];
  for (const name of Object.keys(commands)) {
    const { stdout } = await type([name, '--help']);
    const list = /^Commands:\n(?<lines>(?: {2}.*\n)+)/m.exec(stdout)?.groups?.lines ?? '';
    const subcommands = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, word]) => word as string);
    const own = subcommands.filter((word) => word !== 'help');
    found.push(...(own.length > 0 ? own.map((word) => [name, word]) : [[name]]));
  }
  return found;
}

t.test('each command has a help with an example of itself, in 80 columns', async (t) => {
  const all = await everyCommand();
  t.ok(all.length >= 35, `${all.length} commands`);
  for (const words of all) {
    const { code, stdout, stderr } = await type([...words, '--help']);
    const name = `teal ${words.join(' ')}`;
    t.match({ code, stderr }, { code: 0, stderr: '' }, name);
    t.ok(stdout.slice(stdout.indexOf('\nExamples:\n')).includes(name), `${name} has an example of itself`);
    t.match(stdout, /--json|teal serve|teal completion/, `${name} can print JSON`);
    const own = stdout.slice(0, stdout.indexOf('\nExamples:'));
    t.same(
      own.split('\n').filter((line) => line.length > 80),
      [],
      name,
    );
  }
});

t.test('each group of commands lists them in 80 columns, and nothing of the whole', async (t) => {
  const groups = new Set((await everyCommand()).filter(([, word]) => word !== undefined).map(([name = '']) => name));
  t.ok(groups.size > 8);
  for (const name of groups) {
    const { stdout } = await type([name, '--help']);
    t.match(stdout, /\nCommands:\n(?: +.*\n)* {2}help \[command\] .*\n$/, name);
    t.same(
      stdout.split('\n').filter((line) => line.length > 80),
      [],
      name,
    );
  }
});

t.test('a file in an example is one that can be pasted', async (t) => {
  const { stdout } = await type(['apply', '--help']);
  const file = stdout.slice(stdout.indexOf('  services:\n'));
  t.match(parse(file), { services: { 'app.example.com': { pools: { blue: { weight: 1 }, green: { weight: 0 } } } } });
});

t.test('the overview lists every command in 80 columns; nothing typed is a mistake', async (t) => {
  const { code, stdout } = await type(['--help']);
  t.equal(code, 0);
  for (const name of Object.keys(commands)) t.match(stdout, new RegExp(`^  ${name} `, 'm'));
  t.same(
    stdout.split('\n').filter((line) => line.length > 80),
    [],
  );
  t.match(await type([]), { code: EXIT.USAGE, stdout: '', stderr: stdout });
  t.match(await type(['help', 'shift']), { code: 0, stdout: (await type(['shift', '--help'])).stdout });
  const check = await type(['zone', 'check', '--help']);
  t.match(await type(['help', 'zone', 'check']), { code: 0, stdout: check.stdout }, 'of a command below another');
  t.match(await type(['zone', 'help', 'check']), { code: 0, stdout: check.stdout });
  const remove = await type(['service', 'rm', '--help']);
  t.match(await type(['help', 'service', 'delete']), { code: 0, stdout: remove.stdout }, 'by another name of it');
  t.match(await type(['service', 'help', 'delete']), { code: 0, stdout: remove.stdout });
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.match(await type(['--version']), { code: 0, stdout: `${version}\n` });
});

t.test('a mistyped command line is one line that names the mistake', async (t) => {
  const cases: [string, RegExp][] = [
    ['shfit app.example.com', /^teal: unknown command 'shfit'\n\(Did you mean shift\?\)\n$/],
    ['status --jsn', /^teal: unknown option '--jsn'\n\(Did you mean --json\?\)\n$/],
    ['rollback', /^teal: missing required argument 'service'\n$/],
    ['rollback a b', /^teal: too many arguments.*\n$/],
    ['shift', /^teal: expected a service with weights .*\n$/],
    ['shift green=1', /^teal: expected the name of a service before "green=1"\n$/],
    ['shift app green=1 green=2', /^teal: app has two weights for green\n$/],
    ['shift app green=-1', /^teal: expected a weight from 0 to 65535 for green, found "-1"\n$/],
    ['shift app', /^teal: expected weights after app, such as green=10 blue=90\n$/],
    ['shift app a=1 app a=1', /^teal: app is named twice\n$/],
    ['release start app --steps 10', /^teal: expected the pool .*--to green\n$/],
    ['release start app --to green', /^teal: expected either --steps .* or --preset .*\n$/],
    ['release start app --to green --steps 10,soon', /^teal: --steps: expected a percentage .* found "soon"\n$/],
    [
      'rollback app --revision x',
      /^teal: option '--revision <number>' argument 'x' is invalid\. Expected a whole number\.\n$/,
    ],
    ['service add app', /^teal: expected pools, such as --pool .*\n$/],
    ['service add app -p blue', /^teal: expected a pool such as blue=100:.* found "blue"\n$/],
    ['health force app blue sideways', /^teal: expected up or down, found sideways\n$/],
    ['token create x --scope read --expires soon', /Expected a duration such as 30s/],
    ['bench app --seconds 0', /^teal: --seconds: expected 1 to 60\n$/],
    ['status --url ftp://x', /^teal: --url: expected an address such as http.* found "ftp:\/\/x"\n$/],
    ['completion tcsh', /Allowed choices are bash, zsh, fish/],
  ];
  for (const [text, message] of cases) {
    const { code, stdout, stderr } = await type(text.split(' '));
    t.match({ code, stdout }, { code: EXIT.USAGE, stdout: '' }, text);
    t.match(stderr, message, text);
  }
});

t.test('a token on the command line, which everybody on the machine could read, is not taken', async (t) => {
  const { code, stderr } = await type(['status', '--token', 'secret']);
  t.match({ code, stderr }, { code: EXIT.USAGE, stderr: /unknown option '--token'/ });
  t.notMatch(stderr, 'secret');
});

t.test('README.md and docs/cli.md list every exit code, and the codes of JSON', async (t) => {
  const page = readFileSync('docs/cli.md', 'utf8');
  for (const code of Object.values(EXIT).filter((code) => code !== EXIT.OK))
    t.match(page, new RegExp(`^\\| ${code} .*\\| \`${problemOf(code, '').code}\` \\|$`, 'm'), `${code}`);
  for (const file of ['README.md', 'docs/cli.md']) {
    const text = readFileSync(file, 'utf8');
    for (const code of Object.values(EXIT)) t.match(text, new RegExp(`^\\| ${code} `, 'm'), `${file}: ${code}`);
  }
});

t.test('a command starts without the parts that only others need', async (t) => {
  const script = `
    const { run } = await import('./src/cli/program.ts');
    const { commands } = await import('./src/cli/commands.ts');
    const { processShell } = await import('./src/cli/shell.ts');
    const { registerHooks } = await import('node:module');
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    await run(['shift', 'app', 'green=1', '--url', 'http://127.0.0.1:2'], commands, processShell());
    console.log(JSON.stringify(loaded));
  `;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env: { HOME: t.testdir() },
  });
  const loaded = JSON.parse(stdout) as string[];
  t.ok(loaded.some((url) => url.endsWith('/src/cli/shift.ts')));
  t.same(
    loaded.filter((url) => /\/src\/(?!cli\/|duration\.ts)|node_modules|cli\/(serve|release|doctor)/.test(url)),
    [],
  );
});

t.test('help for a command that is not there says so, with the one that may be meant', async (t) => {
  for (const [words, what] of [
    ['help statsu', /^teal: unknown command 'statsu'\n\(Did you mean status\?\)\n$/],
    ['help zone chek', /^teal: unknown command 'chek'\n\(Did you mean check\?\)\n$/],
    ['zone help chek', /^teal: unknown command 'chek'\n\(Did you mean check\?\)\n$/],
    ['help qqqqqqqq', /^teal: unknown command 'qqqqqqqq'\n$/],
  ] as const) {
    t.match(await type(words.split(' ')), { code: EXIT.USAGE, stdout: '', stderr: what }, words);
  }
  t.match(await type(['help', 'help']), { code: 0 });
  t.match(await type(['shift', 'help', 'green=1'], { env: { TEAL_ADMIN_URL: 'http://127.0.0.1:1' } }), {
    code: EXIT.UNAVAILABLE,
  });
  // Words without `help` are never carried out: what has commands below it does nothing by itself.
  for (const load of Object.values(commands)) {
    const program = new Command();
    (await load()).add(program, {} as never);
    for (const group of program.commands.filter((each) => each.commands.length > 0))
      t.not((group as unknown as { _actionHandler: unknown })._actionHandler, Function, group.name());
  }
});
