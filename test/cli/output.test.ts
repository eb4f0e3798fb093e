/** What becomes of a command whose output cannot be written, or is read by nobody: real processes, pipes and devices. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { EXIT, EXIT_UNREAD } from '../../src/cli/exit.ts';
import { columns } from '../../src/cli/format/text.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { surroundings } from '../fixtures/environment.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { typist } from './typed.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

let teal: TealProcess;
let type: ReturnType<typeof typist>;
t.before(async () => {
  teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  type = typist(teal);
});

/** A script of a POSIX shell in which `teal` is this program. Its output is read to the end. */
function script(words: string): { stdout: Promise<string>; stderr: Promise<string>; ended: Promise<number> } {
  const child = spawn('sh', ['-c', `teal() { "$NODE" "$MAIN" "$@"; }; ${words}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...surroundings,
      HOME: temporaryFolder(t),
      NODE: process.execPath,
      MAIN: main,
      TEAL_ADMIN_URL: teal.admin,
      TEAL_TOKEN: teal.token,
    },
  });
  const ended = once(child, 'exit').then(([code]) => code as number);
  return { stdout: text(child.stdout), stderr: text(child.stderr), ended };
}

async function done(words: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const { stdout, stderr, ended } = script(words);
  return { code: await ended, stdout: await stdout, stderr: await stderr };
}

t.test('a full disk under standard output: one line, and exit code 73', async (t) => {
  for (const words of ['status', 'service list', 'zone export example.test', 'completion bash', '--help']) {
    const { code, stderr } = await done(`teal ${words} > /dev/full`);
    t.equal(code, EXIT.CANNOT_WRITE, words);
    t.match(stderr, /^teal: the output cannot be written: .*ENOSPC.*\n$/, words);
  }
  const { code, stderr } = await done('teal status --json > /dev/full');
  t.equal(code, EXIT.CANNOT_WRITE);
  t.match(JSON.parse(stderr), { code: 'output_unwritable', detail: /ENOSPC/ });
});

t.test('a full disk under standard error, or both, hides no outcome', async (t) => {
  t.match(await done('teal zone add example.test --ns ns.example.net 2> /dev/full'), {
    code: EXIT.REFUSED,
    stdout: '',
  });
  t.match(await done('teal frob 2> /dev/full'), { code: EXIT.USAGE });
  t.match(await done('teal status 2> /dev/full'), { code: 0, stdout: /ready/ });
  t.match(await done('teal status > /dev/full 2>&1'), { code: EXIT.CANNOT_WRITE });
});

t.test('a reader that has seen enough is no fault', async (t) => {
  for (const words of ['service list', 'zone export example.test', 'status --json', '--help']) {
    const first = await done(`{ teal ${words}; echo "code $?" >&2; } | head -1`);
    t.match(first, { stderr: 'code 0\n', stdout: /^[^\n]+\n$/ }, words);
    t.match(await done(`{ teal ${words}; echo "code $?" >&2; } | true`), { stderr: 'code 0\n' }, words);
  }
  // The exit code is that of what was asked, whoever reads of it.
  const refused = 'teal zone add example.test --ns ns.example.net';
  t.match(await done(`{ ${refused} 2>&1 >/dev/null; echo "code $?" >&2; } | true`), {
    stderr: `code ${EXIT.REFUSED}\n`,
  });
});

t.test('what was begun is done to its end, whether or not its output is lost', async (t) => {
  const pools = '{ blue: { targets: [192.0.2.1], weight: 1 }, green: { targets: [192.0.2.2], weight: 0 } }';
  for (const [name, rest, code] of [
    ['full', '> /dev/full', EXIT.CANNOT_WRITE],
    ['unread', '| true', 0],
  ] as const) {
    const file = join(temporaryFolder(t), 'services.yaml');
    const names = Array.from({ length: 5 }, (_, at) => `${name}-${at}.example.test`);
    writeFileSync(file, `services:\n${names.map((service) => `  ${service}: { pools: ${pools} }\n`).join('')}`);
    const inner = name === 'full' ? `teal apply -f ${file} --yes ${rest}` : `teal apply -f ${file} --yes`;
    const whole = name === 'full' ? `${inner}; echo "code $?" >&2` : `{ ${inner}; echo "code $?" >&2; } ${rest}`;
    t.match((await done(whole)).stderr, new RegExp(`code ${code}\n$`), name);
    for (const service of names) t.match(await type(`service show ${service}`), { code: 0 }, service);
  }
});

async function begin(name: string): Promise<string> {
  const app = `${name}.example.test`;
  await type(['service', 'add', app, '-p', 'blue=100:192.0.2.10', '-p', 'green=0:192.0.2.20']);
  t.match(await type(`release start ${app} --to green --steps 10,pause,100`), { code: 0 });
  return app;
}

/** Something to tell, again and again, for as long as somebody watches. */
async function stirUntil(ended: Promise<unknown>, app: string): Promise<void> {
  let isOver = false;
  ended.finally(() => {
    isOver = true;
  });
  for (let turn = 0; !isOver; turn++) {
    await type(`release ${turn % 2 === 0 ? 'pause' : 'resume'} ${app}`);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 500))]);
  }
}

t.test('a reader that goes away ends the watching, not the release, and is no success', async (t) => {
  for (const [name, flags] of [
    ['lines', ''],
    ['json', '--json'],
  ] as const) {
    const app = await begin(name);
    const watching = script(`{ teal release watch ${app} ${flags}; echo "code $?" >&2; } | head -1`);
    // `head` has printed its line and gone; whoever watches learns of it by the next one.
    await stirUntil(watching.ended, app);
    t.match(await watching.stdout, /^[^\n]+\n$/, name);
    t.match(
      await watching.stderr,
      new RegExp(`^No longer watched; release \\d+ goes on\\.\ncode ${EXIT_UNREAD}\n$`),
      name,
    );
    t.match((await type(`release status ${app} --json`)).json, { state: 'paused' }, name);
  }
});

t.test('a full disk ends the watching with one line', async (t) => {
  const app = await begin('full');
  const { code, stderr } = await done(`teal release watch ${app} > /dev/full`);
  t.equal(code, EXIT.CANNOT_WRITE);
  t.match(stderr, /^teal: the output cannot be written: .*ENOSPC.*\n$/);
  t.match(await done(`teal shift app.example.test blue=0 green=1 --watch > /dev/full`), { code: EXIT.CANNOT_WRITE });
});

t.test('SIGPIPE itself ends nothing', async (t) => {
  const app = await begin('signal');
  const child = spawn(process.execPath, [main, 'release', 'watch', app], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...surroundings, TEAL_ADMIN_URL: teal.admin, TEAL_TOKEN: teal.token },
  });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.stdout.resume();
  child.kill('SIGPIPE');
  await type(`release abort ${app}`);
  t.same(await ended, [EXIT.NEGATIVE, null]);
});

t.test('one cell that is longer than a terminal stands out of its column, and no other row is as long', async (t) => {
  const name = 'n'.repeat(253);
  t.same(
    columns(
      [
        ['NAME', 'TTL'],
        ['app', '5'],
        [name, '60'],
      ],
      [1],
    ),
    ['NAME  TTL', 'app     5', `${name}   60`],
  );
  t.same(columns([[name], ['x']]), [name, 'x']);
});
