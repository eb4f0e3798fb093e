/**
 * A seed of a minute: nameservers and members of etcd are killed, stopped, cut off, compacted and joined while all
 * write, and everything that was written, read and answered is judged (`faults/history.ts`). And a build that does not wait
 * for the others before its 2xx is found out. Longer, by another seed, or with five nameservers
 * (`-- 42 60 5`): `npm run test:fleet -- SEED SECONDS NODES`.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const main = fileURLToPath(new URL('./faults/main.ts', import.meta.url));
const SECONDS = 60;
/** Beside them a nameserver is killed now and then, so that it is more often. */
const KINDS = 11;

interface Report {
  readonly writes: number;
  readonly answers: number;
  readonly claimed: number;
  readonly reads: number;
  readonly done: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

/** What a run says at its end. */
async function run(t: Test, ...words: (string | number)[]): Promise<Report> {
  const child = spawn(process.execPath, [main, ...words.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  let told = '';
  for await (const piece of child.stdout) told += piece;
  const last = told.trim().split('\n').at(-1) ?? '';
  if (last === '') throw new Error(`it told nothing, and ended with ${child.exitCode ?? child.signalCode}`);
  return JSON.parse(last) as Report;
}

for (const [seed, nodes] of [[15, 3]] as const) {
  t.test(`seed ${seed}, ${nodes} nameservers`, async (t) => {
    const { violations, done, writes, answers, claimed, reads } = await run(t, seed, SECONDS, nodes);
    t.comment(`${writes} writes, ${reads} reads, ${claimed} of ${answers} answers claimed; ${JSON.stringify(done)}`);
    t.same(violations, []);
    t.ok(Object.keys(done).length >= KINDS, 'each kind of fault happened');
    t.ok(writes > nodes && claimed > 100 && reads > 10, 'and there was something to judge');
  });
}

t.test('a build that does not wait is found out', async (t) => {
  const { violations } = await run(t, 7, SECONDS, 3, '--without-the-wait');
  t.ok(violations.length > 0);
  for (const violation of violations)
    t.match(violation, /^ns\d (claimed, and answered|told) \d+ of writer \d+ after \d+/);
});
