/** `teal apply` for freezes, and what it shows of approvals. */
import t from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { startTyped as start } from './typed.ts';

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
  t.notMatch(dry.stdout, /active|until|begins/);
  t.match(dry.stdout, /\n {4}ownLabels: \{"managed-by":"apply"\}\n/);
  t.notMatch(dry.stdout, /\n {4}labels:/, 'those of the file say nothing of which services it is for');
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
});

t.test('--prune takes a freeze that the files have no more, and nothing that has a secret', async (t) => {
  const { type, revision } = await start(t);
  const windows = '[{ from: Mon 00:00, to: Thu 00:00 }, { from: Thu 00:00, to: Mon 00:00 }]';
  const [head, freeze] = [
    'labels: { managed-by: apply }\n',
    (name: string) => `  ${name}: { timeZone: UTC, windows: ${windows} }\n`,
  ];
  const service = (weight: number) => `services:
  app.example.test:
    pools: { blue: { targets: [192.0.2.10], weight: ${weight} }, green: { targets: [192.0.2.20], weight: 1 } }
`;
  const access = `tokens: { ci: { scope: read } }
webhooks: { chat: { url: 'https://chat.example.com/hook', triggers: [on-release-completed] } }
`;
  const apply = (input: string, words = '') => type(`apply -f - --yes ${words}`.trim(), { input });
  const prune = '--prune --label managed-by=apply';
  const first = await apply(`${head}${service(9)}${access}freezes:\n${freeze('always')}${freeze('stays')}`);
  t.equal(first.code, 0, first.stderr);
  t.equal(
    (await type(['freeze', 'add', 'hand', '2126-01-01 - 2126-01-02 UTC', '--label', 'managed-by=apply'])).code,
    0,
  );
  t.match((await type('freeze show always --json')).json, { ownLabels: { 'managed-by': 'apply' } });
  t.equal((await type('freeze show always --json')).json.labels, undefined);

  const kept = await apply(`${head}${service(9)}freezes:\n${freeze('stays')}`);
  t.match(kept, { code: 0, stdout: /0 to make, 0 to change, 2 as declared/ }, 'without it nothing goes');
  const before = await revision();
  const look = await type(`apply -f - --dry-run ${prune}`, {
    input: `${head}${service(9)}freezes:\n${freeze('stays')}`,
  });
  t.match(look.stdout, /^- freeze always\n {4}timeZone: UTC\n/, look.stderr);
  t.match(
    look.stdout,
    /1 to take away, 2 as declared\.\n$/,
    'what was made by hand, and for services of that label, stays',
  );
  t.equal(await revision(), before);
  const other = await type('apply -f - --dry-run --prune --label managed-by=other', { input: `${head}${service(9)}` });
  t.match(other.stdout, /, 1 as declared\.\n$/, other.stderr);

  // Both go first: neither is in the way of the weights of the same files.
  const gone = await apply(`${head}${service(0)}`, `${prune} --weights`);
  t.equal(gone.code, 0, gone.stderr);
  t.match((await type('freeze list --json')).json, { items: [{ name: 'hand' }] });
  t.match((await type('service show app.example.test --json')).json, { pools: { blue: { weight: 0 } } });
  t.equal((await type('token show ci --json')).code, 0, 'a secret is with somebody');
  t.match((await type('webhook list --json')).json, { items: [{ name: 'chat' }] });

  // One that was made without labels takes those of the file, keeps them through a change by hand, and can lose them.
  const hand = ['freeze', 'add', 'late', 'Mon 0:00 - Tue 0:00 UTC'];
  await type(hand);
  const late = `freezes: { late: { timeZone: UTC, windows: [{ from: Mon 00:00, to: Tue 00:00 }] } }\n`;
  t.match((await apply(`${head}${late}`)).stdout, /ownLabels: none → \{"managed-by":"apply"\}/);
  await type([...hand, '--message', 'by hand']);
  t.match((await type('freeze show late --json')).json, { message: 'by hand', ownLabels: { 'managed-by': 'apply' } });
  await type([...hand, '--own-label', 'team=web']);
  t.match((await type('freeze show late --json')).json, { ownLabels: { 'managed-by': undefined, team: 'web' } });
  t.match((await type('freeze show late')).stdout, /\nIts own labels: team=web\n/);
  const bare = await type([...hand, '--no-own-labels']);
  t.notMatch(bare.stdout, 'own labels', bare.stderr);
  t.equal((await type('freeze show late --json')).json.ownLabels, undefined);
  const wrong = await type([...hand, '--own-label', 'no good=1']);
  t.match(wrong, { code: EXIT.REFUSED, stderr: /\[labels_invalid\]/ });
});
