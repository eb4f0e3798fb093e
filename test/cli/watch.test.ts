/** Releases and shifts, begun, steered and watched on a real server: as one screen, as lines, as JSON. */
import t from 'tap';
import { EXIT, EXIT_BY_SIGNAL } from '../../src/cli/exit.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { freePort } from '../fixtures/free-port.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { typist } from './typed.ts';

let teal: TealProcess;
let type: ReturnType<typeof typist>;
t.before(async () => {
  teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  type = typist(teal);
});

/** A service of its own for a test, all blue; its name. */
async function blue(name: string, ttlSeconds = 5): Promise<string> {
  const pools = ['-p', 'blue=100:192.0.2.10', '-p', 'green=0:192.0.2.20'];
  const { code } = await type(['service', 'add', `${name}.example.test`, '--ttl', String(ttlSeconds), ...pools]);
  if (code !== 0) throw new Error(`${name} could not be made`);
  return `${name}.example.test`;
}

const ESC = '\u001b';
/** Without what moves the cursor or changes colours. */
function visible(text: string): string {
  return text.replaceAll(new RegExp(`${ESC}\\[[0-9;?]*[A-Za-z]`, 'g'), '');
}

t.test('a release is planned, begun, steered; without an id the last one is meant', async (t) => {
  const app = await blue('steered');
  const steps = `${app} --to green --steps 10,5m,50,pause,100`;
  t.match((await type(`release plan ${steps} --json`)).json, { dryRun: true, plan: { length: 3 } });
  t.match(await type(`release status ${app}`), { code: EXIT.REFUSED }, 'the plan did nothing');
  const release = (await type(`release start ${steps} --json`)).json;
  t.match(release, { state: 'paused', stepIndex: 1, weights: { blue: 90, green: 10 } });
  const states = async (words: string): Promise<unknown> => {
    const { state, reason, stepIndex } = (await type(`${words} --json`)).json;
    return [state, reason, stepIndex];
  };
  t.same(await states(`release pause ${app}`), ['paused', 'pause_requested', 1]);
  t.same(await states(`release resume ${app}`), ['paused', 'pause_step', 1]);
  t.same(await states(`release promote ${app} ${release.id}`), ['paused', 'pause_step', 3]);
  t.match(await type(`shift ${app} blue=1 green=1`), {
    code: EXIT.REFUSED,
    stderr: /\[release_active\] — `teal release watch/,
  });
  t.match((await type('status')).stdout, /release \d+ to green paused/);
  t.same(await states(`release abort ${app}`), ['aborted', 'abort_requested', 3]);
  t.match(await type(`release pause ${app}`), { code: EXIT.REFUSED, stderr: /\[release_state\]/ });
  t.same(await states(`release retry ${app}`), ['paused', 'pause_step', 1]);
  t.same(await states(`release promote ${app} --full`), ['completed', 'steps_done', 5]);
  t.match((await type('release list')).stdout, /completed +5\/5 +steered\.example\.test\n/);
});

t.test('several services, and steps from a file', async (t) => {
  const [app, api] = [await blue('one'), await blue('two')];
  const input = 'to: green\nsteps:\n  - setWeight: 50\n  - pause: {}\n  - setWeight: 100\n';
  const { json } = await type(`release start ${app} ${api} -f - --json`, { input });
  t.match(json.services, { [app]: { weights: { green: 50 } }, [api]: { weights: { green: 50 } } });
  const { stdout } = await type(`release status ${api}`);
  t.match(stdout, /^one\.example\.test, two\.example\.test to green/);
});

t.test('a watched release as lines: every revision once, in order, and the end decides the exit code', async (t) => {
  const app = await blue('lines', 1);
  const done = await type(`release start ${app} --to green --steps 10,1s,20,1s,30,1s,100 --watch`);
  t.equal(done.code, 0);
  const greens = [...done.stdout.matchAll(/revision \d+: .*green \d+→(\d+)/g)].map(([, green]) => Number(green));
  t.same(
    greens.filter((green, at) => green !== greens[at - 1]),
    [10, 20, 30, 100],
  );
  t.match(done.stdout, /completed: All steps are done\.\n$/);
  t.notMatch(done.stdout, ESC, 'no escape sequence where there is no terminal');
  await type(`rollback ${app}`);
  await type(`release start ${app} --to green --steps 10,pause,100`);
  const watching = type(`release watch ${app} --json`);
  await type(`release abort ${app}`);
  const aborted = await watching;
  t.equal(aborted.code, EXIT.NEGATIVE);
  const lines = aborted.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.match(lines.at(-1), { state: 'aborted' });
});

t.test('a watched release on a terminal: one screen that is redrawn', async (t) => {
  const app = await blue('screen', 1);
  const terminal = { columns: 80, rows: 24 };
  // So long that it is not over before the first look, and then it is ended.
  let promoting: ReturnType<typeof type> | undefined;
  const onOutput = (text: string): void => {
    if (text.includes(' left)')) promoting ??= type(`release promote ${app}`);
  };
  const start = `release start ${app} --to green --steps 10,50s,100 --watch`;
  const { code, stdout } = await type(start, { terminal, onOutput });
  t.match(await promoting, { code: 0 });
  t.equal(code, 0);
  t.match(stdout, new RegExp(`${ESC}\\[\\d+A`), 'drawn again in place');
  const screens = stdout.split(`${ESC}[J`).map(visible);
  t.match(screens[0], /▶ {2}2 {2}pause 50s +now \(\d\ds left\)/);
  t.match(screens.at(-2), /completed\n[\s\S]*\n\n +blue +0 +0\.0 % +░{24}[\s\S]*✓ {2}3 {2}set weight 100 % +done/);
  const lines = screens.flatMap((screen) => screen.split('\n'));
  t.same(
    lines.filter((line) => line.length > 79),
    [],
  );
  t.ok(stdout.endsWith(`${ESC}[?25h`), 'the cursor is shown again');
});

t.test('Ctrl-C stops the watching, not the release', async (t) => {
  const app = await blue('interrupted');
  await type(`release start ${app} --to green --steps 10,pause,100`);
  const interrupt = new AbortController();
  const onOutput = () => setImmediate(() => interrupt.abort());
  const watched = await type(`release watch ${app}`, { interrupted: interrupt.signal, onOutput });
  t.match(watched, { code: EXIT_BY_SIGNAL.SIGINT, stderr: /^No longer watched; release \d+ goes on\.\n$/ });
  t.match((await type(`release status ${app} --json`)).json, { state: 'paused' });
});

t.test('a watched shift ends when the pool without weight is drained', async (t) => {
  const app = await blue('fast', 1);
  const { code, stdout } = await type(`shift ${app} blue=0 green=1 --watch`);
  t.equal(code, 0);
  t.match(stdout, /In force as revision \d+\.\n/);
  t.match(stdout, /fast\.example\.test: drained .*\n[^\n]* settled\n$/);
  t.match((await type(`drain ${app} --json`)).json, { pools: { blue: { drained: true } } });
});

t.test('a server that goes away and comes back is watched on', async (t) => {
  const folder = temporaryFolder(t);
  // Of its own: one that the kernel chose may be another program's by the time that it is started again.
  const env = { TEAL_ADMIN_LISTEN: `127.0.0.1:${await freePort()}` };
  const teal = await startTeal(folder, { env });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const type = typist(teal);
  const app = 'app.example.test';
  await type(`release start ${app} --to green --steps 10,pause,100`);
  let isTrying = false;
  let seen = (): void => {};
  const isSeen = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const watching = type(`release watch ${app}`, {
    onOutput(text) {
      seen();
      if (text.includes('Trying again.')) isTrying = true;
    },
  });
  await isSeen;
  await teal.end('SIGTERM');
  while (!isTrying) await new Promise((resolve) => setTimeout(resolve, 20));
  const again = await startTeal(folder, { env });
  t.teardown(() => again.child.kill('SIGKILL'));
  await type(`release promote ${app}`);
  const { code, stdout, stderr } = await watching;
  t.equal(code, 0);
  t.match(stdout, /completed: All steps are done\.\n$/);
  t.match(stderr, /cannot reach the admin API[\s\S]*the server answers again\n$/);
});
