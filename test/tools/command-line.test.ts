/** The help of programs that npm scripts start, and what they say of wrong words. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { helpOf } from '../../tools/command-line.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${project}package.json`, 'utf8')) as { scripts: Record<string, string> };
/** What takes no words, since other scripts start it. */
const WITHOUT_WORDS = ['prestart', 'start', 'test', 'build', 'build:console'];

/** The programs that people start by `npm run NAME -- WORDS`. */
const programs = Object.entries(scripts)
  .filter(([name]) => !WITHOUT_WORDS.includes(name))
  .flatMap(([name, command]) => {
    const file = /^node ([\w/.-]+\.ts)$/.exec(command)?.[1];
    return file === undefined ? [] : [{ name, file, source: readFileSync(`${project}${file}`, 'utf8') }];
  });

function run(file: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...words], { cwd: project, encoding: 'utf8' });
  return { status, stdout, stderr };
}

t.test('each program that an npm script starts has a help that names the script', async (t) => {
  t.ok(programs.length > 20, `${programs.length} programs`);
  for (const { name, file, source } of programs) {
    t.match(helpOf(source), `npm run ${name}`, file);
  }
});

t.test('none of them reads its words by itself', async (t) => {
  for (const { file, source } of programs) {
    t.match(source, /\b(?:commandLine|numbersAndWords|planOfCommandLine)\(/, `${file}: by tools/command-line.ts`);
    t.notMatch(source, /\bparseArgs\(|process\.argv\[2\]|Number\(process\.argv/, file);
  }
});

t.test('the help, and what is wrong', async (t) => {
  const help = helpOf(readFileSync(`${project}bench/digest.bench.ts`, 'utf8'));
  t.match(help, /^`npm run bench:digest -- \[names\] \[signed\]`: how long a zone .*\n[^*/]*meanwhile\.$/);
  t.same(run('bench/digest.bench.ts', '--help'), { status: 0, stdout: `${help}\n`, stderr: '' });
  for (const [words, why] of [
    [['12x', 'signed'], 'names: expected a whole number above 0, found 12x (words that are known: signed)'],
    [['0'], 'names: expected a whole number above 0, found 0 (words that are known: signed)'],
    [['10', 'sigend'], 'nothing was expected at sigend (words that are known: signed)'],
    [['--names', '10'], "Unknown option '--names'"],
  ] as const) {
    const { status, stdout, stderr } = run('bench/digest.bench.ts', ...words);
    t.same({ status, stdout }, { status: 64, stdout: '' }, words.join(' '));
    t.ok(stderr.startsWith(why) && stderr.endsWith(`\n\n${help}\n`), stderr);
  }
});

t.test('what is named has to be known', async (t) => {
  t.match(run('bench/peers/index.ts', '--kinds', 'static-a,sttaic-a'), {
    status: 64,
    stderr: '--kinds: sttaic-a is none of weighted-a, weighted-cname, static-a, nxdomain, mixture',
  });
});
