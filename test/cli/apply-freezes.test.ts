/** `teal apply` for freezes, and what it shows of approvals. */
import t, { type Test } from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal } from '../fixtures/process.ts';
import { typist } from './typed.ts';

async function start(t: Test) {
  const folder = temporaryFolder(t);
  const teal = await startTeal(folder);
  t.teardown(() => teal.child.kill('SIGKILL'));
  const type = typist(teal);
  const revision = async (): Promise<number> =>
    (await type('history --json --limit 1')).json.items[0].revision as number;
  return { type, folder, revision };
}

t.test('freezes: made, shown as they differ, left alone by labels, and in the way of weights', async (t) => {
  const { type, revision } = await start(t);
  const calendar = (windows: string) => `labels: { managed-by: apply }
freezes:
  weekend: { timeZone: europe/berlin, windows: [${windows}], services: ['*.example.test'], message: Rest }
`;
  const weekend = "{ from: fri 16:00, to: 'Monday 8:00' }";
  const before = await revision();
  const dry = await type('apply -f - --dry-run', { input: calendar(weekend) });
  t.match(
    dry,
    { code: 0, stdout: /^\+ freeze weekend \(new\)\n {4}timeZone: Europe\/Berlin\n {4}windows: .*Fri 16:00.*\n/ },
    dry.stderr,
  );
  t.notMatch(dry.stdout, /active|until|begins|managed-by/);
  t.equal(await revision(), before, 'nothing was done');
  const made = await type('apply -f - --yes', { input: calendar(weekend) });
  t.match(made, { code: 0, stdout: /\nfreeze weekend: in force as revision \d+\.\n$/ }, made.stderr);
  t.match(await type('apply -f - --check', { input: calendar(weekend) }), { code: 0, stdout: /= freeze weekend\n/ });
  const wrong = await type('apply -f - --dry-run', {
    input: calendar(weekend).replace('europe/berlin', 'Mars/Phobos'),
  });
  t.match(wrong, {
    code: EXIT.REFUSED,
    stderr: /standard input:3:14: weekend: timeZone is a name .*\[freeze_invalid\]/,
  });
  const always = '{ from: Mon 00:00, to: Thu 00:00 }, { from: Thu 00:00, to: Mon 00:00 }';
  const changed = await type('apply -f - --yes', { input: calendar(always) });
  t.match(changed, { code: 0, stdout: /^~ freeze weekend\n {4}windows: .*Fri 16:00.* → .*Thu 00:00/ }, changed.stderr);

  const service = `services:
  app.example.test:
    approval: required
    pools: { blue: { targets: [192.0.2.10], weight: 0 }, green: { targets: [192.0.2.20], weight: 1 } }
`;
  t.match(await type('apply -f - --dry-run --weights', { input: service }), {
    code: EXIT.REFUSED,
    stderr: /app\.example\.test: Traffic of .* is frozen by the freeze weekend/,
  });
  t.match(await type('apply -f - --yes', { input: service }), { code: 0, stdout: /approval: none → required\n/ });
  t.match(await type('service set app.example.test --approval maybe'), {
    code: EXIT.USAGE,
    stderr: /required or none/,
  });
  const off = await type('service set app.example.test --approval none');
  t.match(off, { code: 0, stdout: /In force as revision/ }, off.stderr);
  t.equal((await type('service show app.example.test --json')).json.approval, undefined);
  const on = await type('service set app.example.test --approval required');
  t.match(on, { code: 0, stdout: /want the approval of somebody else/ }, on.stderr);
  const pruned = await type('apply -f - --prune --label managed-by=apply --yes', { input: service });
  t.equal(pruned.code, 0, pruned.stderr);
  t.equal((await type('freeze show weekend --json')).code, 0, 'no prune takes a freeze');
});
