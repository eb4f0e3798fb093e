/** `teal apply` for all that there is: zones, records, services, tokens, webhooks; what is taken away, and what is not. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { startTyped as start } from './typed.ts';

const all = `zones:
  shop.test:
    nameservers: [ns1.shop.test, ns2.shop.test]
    hostmaster: hostmaster.shop.test
  eu.shop.test: { nameservers: [ns1.shop.test], hostmaster: hostmaster.shop.test }
records:
  ns1.shop.test: { A: { ttlSeconds: 3600, rdata: [192.0.2.53] } }
  ns2.shop.test: { A: { ttlSeconds: 3600, rdata: [192.0.2.54] } }
  www.eu.shop.test: { CNAME: { ttlSeconds: 300, rdata: [app.eu.shop.test.] } }
  eu.shop.test: { NS: { zone: shop.test, ttlSeconds: 3600, rdata: [ns1.shop.test.] } }
---
services:
  app.eu.shop.test:
    pools:
      blue: { targets: [192.0.2.10], weight: 1 }
      green: { targets: [192.0.2.20], weight: 0 }
tokens:
  ci: { scope: release, services: ['*.shop.test'] }
webhooks:
  chat: { url: https://chat.example.com/hook/secret, triggers: [on-release-completed] }
`;

t.test('a zone with all that is in it, and who may change it: one run, then nothing to change', async (t) => {
  const { type, folder, revision } = await start(t);
  const before = await revision();
  const dry = await type('apply -f - --dry-run', { input: all });
  t.equal(dry.code, 0, dry.stderr);
  t.match(
    dry.stdout,
    /^\+ zone shop\.test \(new\)\n {4}primary: ns1\.shop\.test\n {4}nameservers: ns1\.shop\.test ns2\.shop\.test\n/,
  );
  t.match(
    dry.stdout,
    /\+ record www\.eu\.shop\.test CNAME \(new\)\n {4}ttlSeconds: 300\n {4}rdata: app\.eu\.shop\.test\.\n/,
  );
  t.match(dry.stdout, /\+ token ci \(new\)\n {4}scope: release\n {4}services: \*\.shop\.test\n/);
  t.match(dry.stdout, /\n9 to make, 0 to change, 0 as declared\.\n$/);
  t.notMatch(dry.stdout, /whsec_/);
  t.equal(await revision(), before, 'nothing was done');
  t.match(await type('apply -f - --check', { input: all }), { code: EXIT.NEGATIVE, stderr: /not all as declared/ });
  t.equal(await revision(), before, 'nor by --check');

  const secrets = join(folder, 'secrets');
  const early = await type(['apply', '-f', '-', '--yes', '--secrets-dir', secrets], { input: all });
  t.match(early, { code: EXIT.CANNOT_WRITE, stderr: /no folder/ });
  mkdirSync(secrets);
  writeFileSync(join(secrets, 'webhook-chat'), 'mine\n');
  const taken = await type(['apply', '-f', '-', '--yes', '--secrets-dir', secrets], { input: all });
  t.match(taken, { code: EXIT.CANNOT_WRITE, stderr: /webhook-chat: it is there already; nothing was applied/ });
  t.equal(await revision(), before, 'a secret that cannot be kept is not made');
  t.equal(readFileSync(join(secrets, 'webhook-chat'), 'utf8'), 'mine\n');

  const into = join(folder, 'into');
  mkdirSync(into);
  const done = await type(['apply', '-f', '-', '--yes', '--secrets-dir', into, '--reason', 'the shop opens'], {
    input: all,
  });
  t.equal(done.code, 0, done.stderr);
  t.match(
    done.stdout,
    /\nrecords of shop\.test: 3 RRsets in force as revision \d+\.\n/,
    'the records of a zone are one revision',
  );
  t.match(done.stdout, /\nrecords of eu\.shop\.test: 1 RRset in force as revision \d+\.\n/);
  t.equal(await revision(), before + 7, '2 zones, 2 lists of records, a service, a token, a webhook');
  t.notMatch(done.stdout, /whsec_|shown this once/);
  for (const [file, looks] of [
    ['token-ci', /^\S{30,}\n$/],
    ['webhook-chat', /^whsec_\S+\n$/],
  ] as const) {
    t.match(readFileSync(join(into, file), 'utf8'), looks);
    t.equal(statSync(join(into, file)).mode & 0o777, 0o600);
  }
  const history = (await type('history --json --limit 7')).json.items as { reason?: string }[];
  t.ok(history.length === 7 && history.every(({ reason }) => reason === 'the shop opens'), 'why goes along with each');

  const again = await type(['apply', '-f', '-', '--yes', '--secrets-dir', into], { input: all });
  t.match(again, { code: 0, stdout: /\n= 4 RRsets\n0 to make, 0 to change, 9 as declared\.\n$/ }, again.stderr);
  t.match(await type('apply -f - --check', { input: all }), { code: 0 });
  t.equal(await revision(), before + 7, 'applied again it changes nothing');
});

t.test('secrets are shown once where no folder takes them; those that are there stay', async (t) => {
  const { type } = await start(t);
  const input = all.slice(all.indexOf('tokens:'));
  const made = await type('apply -f - --yes --json', { input });
  const { applied } = made.json as { applied: { kind: string; secret?: string }[] };
  t.match(applied, [
    { kind: 'token', secret: /\S{30,}/ },
    { kind: 'webhook', secret: /^whsec_/ },
  ]);
  t.match((await type('webhook list --json')).json, { items: [{ secret: { set: true } }] });
  const url = await type('apply -f - --yes', { input: input.replace('hook/secret', 'hook/other') });
  t.match(url, { code: 0, stdout: /~ webhook chat\n {4}url: .*secret → .*other\n/ });
  t.notMatch(url.stdout, /whsec_/, 'the secret of a webhook that is changed stays');
  const own = input.replace('triggers:', `secret: whsec_${'QUJD'.repeat(8)}, triggers:`);
  t.match(await type('apply -f - --yes', { input: own }), { code: 0, stdout: /~ webhook chat\n/ });
  t.match(await type('apply -f - --check', { input: own }), { code: 0 });
});

t.test('a token that is there is compared, and never made anew', async (t) => {
  const { type, revision } = await start(t);
  await type('token create ci --scope release --service *.a.test --service *.b.test --expires 90d');
  const { expiresAt } = ((await type('token list --json')).json.items as { name: string; expiresAt: string }[]).find(
    ({ name }) => name === 'ci',
  ) as { expiresAt: string };
  const at = await revision();
  const token = (more: string) => ({ input: `tokens:\n  ci: { scope: release, ${more} }\n` });
  const same = token(`services: ['*.B.test', '*.a.test'], expiresAt: '${expiresAt}'`);
  t.match(await type('apply -f - --yes', same), { code: 0, stdout: /^= token ci\n/ }, 'in any order and spelling');
  for (const [more, says] of [
    [`services: ['*.a.test'], expiresAt: '${expiresAt}'`, /services is \["\*\.a\.test","\*\.b\.test"\] there and/],
    ["services: ['*.a.test', '*.b.test']", /expiresAt is "[^"]+" there and none here/],
  ] as const) {
    const refused = await type('apply -f - --yes', token(more));
    t.match(refused, { code: EXIT.REFUSED, stdout: '', stderr: says });
    t.match(refused.stderr, /standard input:2:3: .*\[token_exists\]/);
  }
  t.equal(await revision(), at);
});

t.test('what is wrong is told with its file, line and key, and what would be right', async (t) => {
  const { type, folder, revision } = await start(t);
  const file = join(folder, 'dns.yaml');
  const at = await revision();
  const faults: readonly [string, RegExp][] = [
    [
      'records:\n  www.example.test:\n    A: { rdata: [192.0.2.1] }\n',
      /dns\.yaml:3:5: .*lacks the property "ttlSeconds"/,
    ],
    [
      'records:\n  www.example.test:\n    A: { ttlSeconds: 5, ttl: 5, rdata: [192.0.2.1] }\n',
      /dns\.yaml:3:25: Unknown property "ttl".*known are: zone, ttlSeconds/,
    ],
    [
      'records:\n  www.example.test:\n    A: { ttlSeconds: 5, rdata: [192.0.2.1, nonsense] }\n',
      /dns\.yaml:3:44: .*nonsense/,
    ],
    ['records:\n  www.example.test:\n    ABC: { ttlSeconds: 5, rdata: [a] }\n', /dns\.yaml:3:5: .*record type/],
    ['records:\n  a.elsewhere.test:\n    A: { ttlSeconds: 5, rdata: [192.0.2.1] }\n', /dns\.yaml:3:5: .*no zone/],
    ['zones:\n  a.test: { hostmaster: h.a.test }\n', /dns\.yaml:2:3: .*nameservers/],
    [
      'services:\n  x.example.test:\n    pools:\n      blue: { targets: [192.0.2.300], weight: 1 }\n      green: { targets: [192.0.2.1], weight: 0 }\n',
      /dns\.yaml:4:25: .*192\.0\.2\.300/,
    ],
    ['tokens:\n\n  ci: { scope: everything }\n', /dns\.yaml:3:9: .*"read"/],
    ['webhooks:\n  c: { url: x, triggers: [on-revision] }\n', /dns\.yaml:2:8: .*URL/],
    ['zone: {}\n', /dns\.yaml:1:1: expected the key zones, records.*found "zone"/],
    ['zones: []\n', /dns\.yaml:1:1: expected zones by name, such as/],
    ['labels: [a]\n', /dns\.yaml:1:1: expected labels/],
    ['a: b: c\n', /dns\.yaml:1:\d+: expected YAML/],
    [
      'records:\n  *.example.test:\n    A: { ttlSeconds: 5 }\n',
      /dns\.yaml:2:3: expected YAML: \*\.example\.test is an alias.*quotes/,
    ],
    [
      'zones: {}\n---\nservices:\n  a.test: *pools\n',
      /dns\.yaml:4:11: expected YAML: \*pools is an alias, and nothing/,
    ],
    ['# nothing\n', /dns\.yaml: expected something declared/],
    [
      'records:\n  w.example.test: { A: { ttlSeconds: 5, rdata: [192.0.2.1] } }\n---\nrecords:\n  w.example.test: { A: { ttlSeconds: 5, rdata: [192.0.2.1] } }\n',
      /dns\.yaml:5:21: .*declared once; it is in .*dns\.yaml:2:21 already/,
    ],
    [
      'records:\n  w.example.test: { A: { ttlSeconds: 5, rdata: [192.0.2.1] } }\n  W.Example.test.: { a: { ttlSeconds: 5, rdata: [192.0.2.1] } }\n',
      /dns\.yaml:3:22: .*one and the same/,
    ],
  ];
  for (const [text, says] of faults) {
    writeFileSync(file, text);
    for (const option of ['--yes', '--dry-run', '--check']) {
      t.match(await type(['apply', '-f', file, option]), { code: EXIT.REFUSED, stdout: '', stderr: says }, text);
    }
  }
  t.equal(await revision(), at);
});

t.test(
  'a weight in a file never takes back a shift or a release; --weights does, and the difference says so',
  async (t) => {
    const { type, revision } = await start(t);
    const input = `services:
  app.example.test:
    pools:
      blue: { targets: [192.0.2.10], weight: 100 }
      green: { targets: [192.0.2.20], weight: 0 }
`;
    await type('shift app.example.test blue=0 green=100');
    const weights = async () => (await type('service show app.example.test --json')).json.pools;
    const kept = await type('apply -f - --yes', { input });
    t.match(kept, { code: 0, stdout: /blue weight: stays 0, not 100 as declared \(--weights/ });
    t.match(await weights(), { blue: { weight: 0 }, green: { weight: 100 } }, 'the new environment keeps the traffic');
    const at = await revision();
    t.match(await type('apply -f - --check', { input }), { code: 0 });
    const changed = input.replace('192.0.2.10', '192.0.2.11').replace('192.0.2.20]', '192.0.2.20, 192.0.2.21]');
    t.match(await type('apply -f - --yes', { input: changed }), { code: 0 });
    t.match(await weights(), { blue: { weight: 0, targets: ['192.0.2.11'] }, green: { weight: 100 } });
    t.equal(await revision(), at + 1);
    t.match(await type('apply -f - --yes --weights', { input: changed }), { code: 0, stdout: /blue weight: 0 → 100/ });
    t.match(await weights(), { blue: { weight: 100 }, green: { weight: 0 } });
    await type('release start app.example.test --to green --steps 50,1h,100');
    t.match(await type('apply -f - --yes', { input: changed }), { code: 0 });
    t.match(await weights(), { blue: { weight: 50 }, green: { weight: 50 } }, 'nor does it touch a release');
  },
);

const labelled = `labels: { managed-by: apply }
zones:
  shop.test: { nameservers: [ns1.example.net], hostmaster: hostmaster.shop.test }
records:
  www.shop.test: { A: { ttlSeconds: 300, rdata: [192.0.2.1] } }
  old.shop.test: { A: { ttlSeconds: 300, rdata: [192.0.2.2] }, TXT: { ttlSeconds: 300, rdata: ['"old"'] } }
services:
  app.shop.test: { pools: { blue: { targets: [192.0.2.10], weight: 1 }, green: { targets: [192.0.2.20], weight: 0 } } }
  api.shop.test: { pools: { blue: { targets: [192.0.2.10], weight: 1 }, green: { targets: [192.0.2.20], weight: 0 } } }
`;
const prune = 'apply -f - --yes --prune --label managed-by=apply';

t.test('--prune takes what bears the label and is in no file, and nothing else', async (t) => {
  const { type, revision } = await start(t);
  t.match(await type('apply -f - --yes', { input: labelled }), { code: 0 });
  await type('record set hand.shop.test A 192.0.2.9');
  await type('record set other.shop.test A 192.0.2.9 --label managed-by=hand');
  for (const words of ['apply -f - --yes --prune', 'apply -f - --yes --label managed-by=apply']) {
    t.match(await type(words, { input: labelled }), { code: EXIT.USAGE, stderr: /--label/ });
  }
  t.match(await type(prune, { input: '---\n' }), { code: EXIT.REFUSED, stderr: /found nothing; with --prune all/ });

  const less = labelled
    .split('\n')
    .filter((line) => !/^ {2}(old|api)/.test(line))
    .join('\n');
  t.match(
    await type('apply -f - --check', { input: less }),
    { code: 0 },
    'without --prune what is left out is left alone',
  );
  const at = await revision();
  const dry = await type(prune.replace('--yes', '--dry-run'), { input: less });
  t.match(dry.stdout, /- record old\.shop\.test A\n {4}ttlSeconds: 300\n {4}rdata: 192\.0\.2\.2\n/);
  t.match(dry.stdout, /- api\.shop\.test\n[\s\S]*0 to make, 0 to change, 3 to take away, 3 as declared\.\n$/);
  t.equal(await revision(), at);
  t.match(await type(prune, { input: less }), { code: 0 });
  t.equal(await revision(), at + 2, 'both RRsets at once, and the service');
  const names = async () =>
    (await type('record list shop.test --json')).json.items.map(({ name }: { name: string }) => name);
  t.same(await names(), ['hand.shop.test', 'other.shop.test', 'www.shop.test']);
  t.match(
    (await type('service list --quiet')).stdout,
    /^app\.example\.test\napp\.shop\.test\n$/,
    'the one without a label stays',
  );
  t.match(await type(prune, { input: less }), { code: 0, stdout: /0 to make, 0 to change, 3 as declared/ });
});

t.test('--prune refuses what would take more with it than bears the label, and before anything is done', async (t) => {
  const { type, revision } = await start(t);
  t.match(await type('apply -f - --yes', { input: labelled }), { code: 0 });
  const other = 'records: { keep.example.test: { A: { ttlSeconds: 5, rdata: [192.0.2.1] } } }\n';
  t.match(await type('apply -f - --yes', { input: other }), { code: 0 });
  await type('release start app.shop.test --to green --steps 50,1h,100');
  const at = await revision();
  t.match(await type(prune, { input: other }), {
    code: EXIT.REFUSED,
    stdout: '',
    stderr: /app\.shop\.test.*\[release_active\]/,
  });
  await type('release abort app.shop.test');
  await type('record set hand.shop.test A 192.0.2.9');
  t.match(await type(prune, { input: other }), {
    code: EXIT.REFUSED,
    stderr: /hand\.shop\.test\/A.*\[zone_not_empty\]/,
  });
  await type('record rm hand.shop.test A');
  await type('service add hand.shop.test --pool blue=1:192.0.2.1 --pool green=0:192.0.2.2');
  t.match(await type(prune, { input: other }), {
    code: EXIT.REFUSED,
    stderr: /hand\.shop\.test.*\[zone_has_services\]/,
  });
  await type('service rm hand.shop.test');
  t.ok((await revision()) > at);
  const gone = await type(prune, { input: other });
  t.match(gone, { code: 0, stdout: /- zone shop\.test\n[\s\S]*\nzone shop\.test: deleted\.\n$/ }, gone.stderr);
  t.match(await type('zone list --json'), { stdout: /^(?!.*shop\.test)/s });
});

t.test('where it ends in the middle it says what was done, and applied again it comes to its end', async (t) => {
  const { type } = await start(t);
  const answers = {
    shift: async () => {
      await type('service add app.eu.shop.test -p blue=1:192.0.2.1 -p green=0:192.0.2.2').then(() => undefined);
      await type('token create ci --scope read');
      return 'y';
    },
  };
  const cut = await type('apply -f -', {
    input: all,
    env: { NO_COLOR: '1' },
    terminal: { answers: answers as unknown as string[] },
  });
  t.match(cut, { code: EXIT.REFUSED, stderr: /ci: .*\[token_exists\].*; 5 of 7 changes were applied before\n$/ });
  await type('token revoke ci');
  t.match(await type('apply -f - --yes', { input: all }), {
    code: 0,
    stdout: /\n2 to make, 0 to change, 7 as declared\.\n/,
  });
  t.match(await type('apply -f - --check', { input: all }), { code: 0 });
});

t.test(
  'what is in place of something else comes in one revision, or is refused: there is no answer less in between',
  async (t) => {
    const { type, revision } = await start(t);
    const record = (type: string, rdata: string) =>
      `labels: { managed-by: apply }\nrecords:\n  x.example.test: { ${type}: { ttlSeconds: 5, rdata: [${rdata}] } }\n`;
    t.match(await type('apply -f - --yes', { input: record('A', '192.0.2.1') }), { code: 0 });
    const at = await revision();
    t.match(await type(prune, { input: record('CNAME', 'y.example.net.') }), { code: 0 });
    t.equal(await revision(), at + 1, 'an alias in place of an address');
    const service = (more: string) =>
      `services:\n  x.example.test: { ${more}pools: { blue: { targets: [b.example.net], weight: 1 }, green: { targets: [g.example.net], weight: 0 } } }\n`;
    t.match(await type(prune, { input: service('') }), {
      code: EXIT.REFUSED,
      stderr: /standard input:2:3: .*\[service_conflict\]/,
    });
    const replaced = await type(prune, { input: service('replace: true, ') });
    t.match(replaced, { code: 0, stdout: /in place of CNAME: y\.example\.net\.\n/ }, replaced.stderr);
    t.equal(await revision(), at + 2, 'a service in place of the alias');
    t.match(await type(prune, { input: service('replace: true, ') }), {
      code: 0,
      stdout: /0 to make, 0 to change, 1 as declared/,
    });
    const both = service('') + record('CNAME', 'y.example.net.');
    t.match(await type('apply -f - --yes', { input: both }), { code: EXIT.REFUSED, stderr: /declare one of the two/ });
  },
);
