/** What CI says in the end of what failed: each leaf once, by its whole path, and where it stands; and what it plays again. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { endsWithUs } from './fixtures/tidying.ts';

const output = `TAP version 14
# Subtest: test/wire/name.test.ts
    # Subtest: names
        ok 1 - a good one
        not ok 2 - should be equal
          ---
          compare: ===
          at:
            fileName: test/wire/name.test.ts
            lineNumber: 12
            columnNumber: 3
          diff: |
            -1
            +2
          ...
        1..2
    not ok 1 - names # time=12.5ms
      ---
      at:
        fileName: test/wire/name.test.ts
        lineNumber: 3
      ...
    # Subtest: hangs
        ok 1 - until then
        1..1
    not ok 2 - hangs # time=900.1ms
      ---
      error: timeout!
      ...
    1..2
not ok 1 - test/wire/name.test.ts # time=2000ms
  ---
  exitCode: 1
  ...
# Subtest: test/bundles/api-1.test.ts
    # test/api/a.test.ts
    # Subtest: routes
        ok 1 - fine
        1..1
    ok 1 - routes # time=1ms
    # test/api/b.test.ts
    # Subtest: routes
        not ok 1 - should match pattern \u001b[2mwaiting\u001b[22m
          ---
          at:
            fileName: test/fixtures/soon.ts
            lineNumber: 84
          stack: |
            Object.match (test/fixtures/soon.ts:84:14)
            Test.<anonymous> (test/api/b.test.ts:8:39)
            Test.<anonymous> (test/api/b.test.ts:7:3)
          ...
        1..1
    not ok 2 - routes # time=1ms
not ok 2 - test/bundles/api-1.test.ts # time=2ms
# { total: 5, pass: 2, fail: 3 }
`;

const told = (...words: string[]): string =>
  spawnSync('awk', [...words, '-f', '.ci/failures.awk'], { input: output, encoding: 'utf8' }).stdout;

t.test('by name', async (t) => {
  t.equal(
    told(),
    `- test/wire/name.test.ts > names > should be equal (test/wire/name.test.ts:12)
- test/wire/name.test.ts > hangs
- test/bundles/api-1.test.ts > test/api/b.test.ts > routes > should match pattern waiting (test/api/b.test.ts:8)
`,
  );
});

t.test('with what was found, in so many lines', async (t) => {
  const [first, ...lines] = told('-v', 'details=1', '-v', 'lines=8').split('\n');
  t.match(first, /^- test\/wire\/name\.test\.ts > names > should be equal/);
  t.match(lines.join('\n'), /diff: \|\n +-1\n +\(and more: see above\)\n- .*hangs\n +---\n +error: timeout!/);
});

t.test('what was left out is told in the end, each reason once', async (t) => {
  const input = `# Subtest: test/interop/xdp.test.ts
    # Subtest: answers
        # LEFT OUT: the kernel refuses AF_XDP
        1..0
    ok 1 - answers
    # Subtest: LEFT OUT: a name of a test
        # LEFT OUT: \u001b[2mthe kernel refuses AF_XDP\u001b[22m
        # LEFT OUT: no Knot DNS
        ok 1 - # LEFT OUT: an assertion
        1..1
`;
  const { stdout } = spawnSync('awk', ['-f', '.ci/left-out.awk'], { input, encoding: 'utf8' });
  t.equal(stdout, 'LEFT OUT: the kernel refuses AF_XDP\nLEFT OUT: no Knot DNS\n');
});

t.test('a few files that failed are played once more, and what fails again has failed', async (t) => {
  const play = (log: string, command: string): { status: number | null; stdout: string } => {
    const path = `${t.testdir({ log })}/log`;
    return spawnSync('.ci/steady', [path, 'sh', '-c', command, 'sh'], { encoding: 'utf8' });
  };
  const failed = (...files: string[]): string =>
    files.map((file, at) => `not ok ${at + 1} - \u001b[31m${file}\u001b[39m # time=1ms\n`).join('');
  const again = play(output, 'echo "played $@"');
  t.equal(again.status, 0);
  t.match(again.stdout, 'played test/bundles/api-1.test.ts test/wire/name.test.ts\n');
  t.equal(play(output, 'exit 1').status, 1);
  const many = ['a', 'b', 'c', 'd'].map((name) => `test/interop/${name}.test.ts`);
  t.equal(play(failed(...many.slice(0, 3)), 'exit 0').status, 0);
  t.match(play(failed(...many), 'echo played'), { status: 1, stdout: /^$/ }, 'so many do not fail by chance');
  t.match(play('not ok 1 - 6337 zones\n', 'echo played'), { status: 1, stdout: /^$/ }, 'nor what is no file of tests');
});

/** The gate with another npm, whose tests say what the text above does, and another npx, which plays some of it again. */
function gate(t: Test, playedAgain: string, own = ''): { program: string; env: NodeJS.ProcessEnv } {
  const folder = t.testdir({
    npm: `#!/bin/sh\ncase "$*" in test' '*) cat "$OUTPUT"; exit 1;; ${own}pkg*) echo {};; esac\n`,
    npx: `#!/bin/sh\necho "again: $*"\n${playedAgain}\n`,
    output,
    project: {},
  });
  for (const program of ['npm', 'npx']) chmodSync(`${folder}/${program}`, 0o755);
  cpSync('.ci', `${folder}/project/.ci`, { recursive: true });
  const env = {
    ...process.env,
    PATH: `${folder}:${process.env.PATH}`,
    OUTPUT: `${folder}/output`,
    TEAL_CONFORMANCE: '',
  };
  return { program: `${folder}/project/.ci/run`, env };
}

/** What it says, a line each. */
function saidBy(t: Test, playedAgain: 'exit 0' | 'exit 1'): string[] {
  const { program, env } = gate(t, playedAgain);
  const { stdout, status } = spawnSync(program, { env, encoding: 'utf8' });
  t.equal(`exit ${status}`, playedAgain);
  return stdout.split('\n');
}

const FAILURES = [
  '- test/wire/name.test.ts > names > should be equal (test/wire/name.test.ts:12)',
  '- test/wire/name.test.ts > hangs',
];

t.test('what passes when it is played again is told, and stops nobody', async (t) => {
  const said = saidBy(t, 'exit 0');
  t.ok(said.some((line) => /^again: tap .*test\/bundles\/api-1\.test\.ts test\/wire\/name\.test\.ts$/.test(line)));
  const told = said.findIndex((line) => line.startsWith('== what failed at first, and passed'));
  t.same(said.slice(told + 1, told + 3), FAILURES);
  t.ok(said.indexOf('== what failed, in detail') > 0, 'with all that was found');
  t.notOk(said.includes('== what failed'));
  t.match(said.at(-2), /^6 passed, 0 failed$/, 'four steps, and what passed at first');
});

t.test('what fails again has failed', async (t) => {
  const said = saidBy(t, 'exit 1');
  const told = said.indexOf('== what failed');
  t.same(said.slice(told + 1, told + 3), FAILURES);
  t.notOk(said.some((line) => line.startsWith('== what failed at first')));
  t.match(said.at(-2), /^6 passed, 3 failed$/);
});

/** A suite of two files, which says of one that there was no time for it, and what was to be left out from when on. */
const LATE = `pkg*interop) echo '"tap"';;
run' 'test:interop' '*) echo "    # LEFT OUT: late.test.ts (no time)"; echo "begin by $TEAL_TESTS_BEGIN_BY"
  echo "not ok 1 - test/interop/odd.test.ts # time=1ms"; echo "# { total: 3, pass: 1, fail: 1, skip: 1 }"; exit 1;;
`;

t.test('what would begin too late is left out by name, but not when it is played again', async (t) => {
  const { program, env } = gate(t, 'echo "again by $TEAL_TESTS_BEGIN_BY."', LATE);
  const seconds = (): number => Math.floor(Date.now() / 1000);
  const before = seconds();
  const { stdout, status } = spawnSync(program, { env, encoding: 'utf8' });
  t.equal(status, 0);
  const [, beginBy] = /^begin by (\d+)$/m.exec(stdout) ?? [];
  // Both clocks of the shell tell whole seconds.
  const began = Number(beginBy) - 1440;
  t.ok(before - 1 <= began && began <= seconds() + 1, `${before} <= ${began} <= ${seconds()}`);
  t.match(stdout, /^again: tap .*test\/interop\/odd\.test\.ts\nagain by \.$/m);
  t.match(stdout, /\nLEFT OUT: late\.test\.ts \(no time\)\n/);
});

t.test('a suite of which all is left out has not failed, and one that passes nothing without a word has', async (t) => {
  for (const [word, failed] of [
    ['# LEFT OUT: no such kernel', 0],
    ['nothing', 1],
  ] as const) {
    const own = `pkg*xdp) echo '"tap"';;\nrun' 'test:xdp' '*) echo "    ${word}"; echo "# { total: 1, skip: 1 }";;\n`;
    const { program, env } = gate(t, 'exit 0', own);
    const { stdout, status } = spawnSync(program, { env, encoding: 'utf8' });
    t.equal(status, failed);
    t.equal(/^LEFT OUT: no such kernel$/m.test(stdout), failed === 0);
  }
});

t.test('on a machine that is slow today a suite is left out as a whole', async (t) => {
  const { program, env } = gate(t, 'exit 0', LATE);
  writeFileSync(program, readFileSync(program, 'utf8').replace('begin_by_seconds=1440', 'begin_by_seconds=0'));
  const { stdout, status } = spawnSync(program, { env, encoding: 'utf8' });
  t.equal(status, 0);
  t.match(stdout, /\nLEFT OUT: npm run test:interop -- --reporter=tap \(\d+ s had gone by before it/);
});

t.test('who ends it meanwhile is told at once what had failed', async (t) => {
  const { program, env } = gate(t, 'sleep 60; echo "to its end"');
  const child = endsWithUs(spawn(program, { env, stdio: ['ignore', 'pipe', 'ignore'] }));
  let said = '';
  for await (const piece of child.stdout.setEncoding('utf8')) {
    if (!said.includes('again: ') && (said + piece).includes('again: ')) child.kill('SIGTERM');
    said += piece;
  }
  t.match(said, `== what failed\n${FAILURES.join('\n')}\n`);
  t.match(said, 'FAILED: this run was ended from outside');
  t.notMatch(said, 'to its end');
});

/** Where others work too a file takes ten times what it takes alone. */
const OWN_MIN_MS = 900_000;

t.test('no test of another program gives up long before its suite does', async (t) => {
  const own = /^t\.setTimeout\(([\d_]+)|^ *(?:t\.test\(.*)?\{ timeout: ([\d_]+) \}/gm;
  const short = (text: string): boolean =>
    [...text.matchAll(own)].some(([, whole, one]) => Number((whole ?? one ?? '').replaceAll('_', '')) < OWN_MIN_MS);
  const files = globSync('test/{browser,interop}/**/*.test.ts');
  t.ok(files.length > 60);
  t.same(
    files.filter((path) => short(readFileSync(path, 'utf8'))),
    [],
  );
  for (const line of [
    't.setTimeout(240_000);',
    "t.test('x', { timeout: 9 }, async () => {});",
    '  { timeout: 600_000 },',
  ])
    t.ok(short(line), 'this check can fail');
});
