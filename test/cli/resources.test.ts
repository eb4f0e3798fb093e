/** Zones, records, services, shifts, rollback, history on a real server: what is typed, printed, and in force. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { startTyped, type typist } from './typed.ts';

const start = async (t: Test): Promise<ReturnType<typeof typist>> => (await startTyped(t)).type;

/** The revision that a fresh server is at: its example zone and token are made by some. */
async function lastRevision(type: ReturnType<typeof typist>): Promise<number> {
  return (await type('history --json')).json.items.at(-1).revision;
}

t.test('a service is shown, shifted, rolled back; history tells', async (t) => {
  const type = await start(t);
  const first = await lastRevision(type);
  t.equal(
    (await type('service show app.example.test')).stdout,
    [
      'app.example.test  in example.test, TTL 5 s, pick random, revision 3',
      '  blue   90  90.0 %  ██████████████████████░░  192.0.2.10',
      '  green  10  10.0 %  ██░░░░░░░░░░░░░░░░░░░░░░  192.0.2.20',
      '',
    ].join('\n'),
  );
  t.equal(
    (await type('shift app.example.test green=100 blue=0')).stdout,
    [
      'app.example.test',
      '  blue     0    0.0 %  ░░░░░░░░░░░░░░░░░░░░░░░░  was 90',
      '  green  100  100.0 %  ████████████████████████  was 10',
      `In force as revision ${first + 1}.`,
      '',
    ].join('\n'),
  );
  t.match((await type('rollback app.example.test --json')).json, {
    revision: first + 2,
    weights: { blue: 90, green: 10 },
  });
  t.match((await type(`rollback app.example.test --revision ${first + 1}`)).stdout, /green {2}100/);
  await type('record set txt.example.test TXT "it;here" --ttl 60');
  await type('record rm txt.example.test TXT');
  const gone = (await type('history -n 1')).stdout;
  t.match(
    gone,
    /deleted txt\.example\.test\/TXT\n {4}set it again: teal record set txt\.example\.test TXT '"it;here"' --ttl 60\n$/,
  );
  const { stdout } = await type('history app.example.test -n 2');
  t.match(stdout, /^REVISION {2}AT +BY +WHAT\n +\d+ .* admin +rolled back to revision/);
  t.equal(stdout.split('\n').length, 4, 'a head, two revisions, an end');
  const all = (await type('history --json')).json.items;
  t.same(
    all.map(({ revision }: { revision: number }) => revision),
    Array.from({ length: first + 5 }, (_, at) => at + 1),
    'the newest last',
  );
  t.same(
    (await type('history -n 2 --json')).json.items.map(({ revision }: { revision: number }) => revision),
    [first + 4, first + 5],
  );
});

t.test('several services move at one instant, from arguments and from a file', async (t) => {
  const type = await start(t);
  const first = await lastRevision(type);
  const pools = ['-p', 'blue=100:192.0.2.11', '-p', 'green=0:192.0.2.21'];
  t.match(await type(['service', 'add', 'api.example.test', ...pools, '--ttl', '10', '--json']), { code: 0 });
  const both = await type('shift app.example.test green=1 blue=0 api.example.test green=1 blue=0 --json');
  t.match(both.json, {
    revision: first + 2,
    services: { 'app.example.test': { weights: { green: 1 } }, 'api.example.test': { weights: { green: 1 } } },
  });
  const file = join(t.testdir(), 'shifts.yaml');
  writeFileSync(file, 'services:\n  app.example.test: {blue: 1, green: 1}\n  api.example.test: {blue: 3, green: 1}\n');
  t.match((await type(['shift', '-f', file, '--json'])).json, { revision: first + 3 });
  t.match((await type('shift -f - --json', { input: readFileSync(file, 'utf8') })).json.services['api.example.test'], {
    shares: { blue: 0.75 },
  });
  t.equal((await type('service list --quiet')).stdout, 'api.example.test\napp.example.test\n');
  t.match(
    (await type('service list')).stdout,
    /^SERVICE +TTL +SHARES\napi\.example\.test +10 s +blue 75\.0 % · green 25\.0 %\n/,
  );
  const key = '--idempotency-key deploy-7 --json';
  const once = (await type(`shift app.example.test blue=5 green=5 ${key}`)).json;
  await type('shift app.example.test blue=1 green=9');
  t.same((await type(`shift app.example.test blue=5 green=5 ${key}`)).json, once, 'the same key is done once');
});

t.test('what is refused: one line with the code and what to do, and the problem as JSON', async (t) => {
  const type = await start(t);
  const cases: [string, number, RegExp][] = [
    ['shift app.example.test blue=0 green=0', EXIT.REFUSED, /^teal: All weights .* \[weights_all_zero\]\n$/],
    ['shift app.example.test blue=1', EXIT.REFUSED, /\[pools_mismatch\] — `teal service show NAME` lists its pools\n$/],
    ['service show no.example.test', EXIT.REFUSED, /\[service_unknown\] — `teal service list` shows the services\n$/],
    ['zone rm example.test', EXIT.REFUSED, /\[zone_has_services\] — add --with-services to delete them too\n$/],
    ['record set www.example.org A 192.0.2.1', EXIT.REFUSED, /^teal: no zone here holds www\.example\.org: .*\n$/],
    ['record set www.example.test A 192.0.2.999', EXIT.REFUSED, /\[rdata_invalid\]\n$/],
    [
      'service add app.example.test -p blue=1:192.0.2.1',
      EXIT.REFUSED,
      /is there already.*`teal apply` changes services\n$/,
    ],
    ['release status app.example.test', EXIT.REFUSED, /has had no release yet/],
    ['shift -f /nonexistent.yaml', EXIT.NO_INPUT, /^teal: \/nonexistent\.yaml cannot be read \(ENOENT\)\n$/],
    ['shift -f -', EXIT.REFUSED, /^teal: standard input: expected the key services at the top\n$/],
  ];
  for (const [text, code, message] of cases) {
    const typed = await type(text);
    t.match({ code: typed.code, stdout: typed.stdout }, { code, stdout: '' }, text);
    t.match(typed.stderr, message, text);
  }
  const { stdout, stderr } = await type('shift app.example.test blue=0 green=0 --json');
  t.equal(stdout, '');
  t.match(JSON.parse(stderr), { code: 'weights_all_zero', status: 422 });
  t.match(await type('status', { env: { TEAL_TOKEN: 'wrong' } }), {
    code: EXIT.NO_PERMISSION,
    stderr: /\[token_invalid\] — the token comes from TEAL_TOKEN\n$/,
  });
});

t.test('zones and records: made, imported, exported, listed, deleted', async (t) => {
  const type = await start(t);
  const folder = t.testdir();
  t.match(
    (await type('zone add example.com --ns ns.example.org --negative-ttl 30')).stdout,
    /example\.com +\d+ +ns\.example\.org/,
  );
  t.match(await type('zone add example.com --ns ns.example.org'), { code: EXIT.REFUSED }, 'it is there');
  t.match((await type(['record', 'set', 'example.com', 'MX', '10 mail.example.org.', '--ttl', '60', '--json'])).json, {
    zone: 'example.com',
    ttlSeconds: 60,
    rdata: ['10 mail.example.org.'],
  });
  await type('record set a.b.example.com. A 192.0.2.1 192.0.2.2');
  const [{ serial }] = (await type('zone list --q example.com --json')).json.items;
  t.equal(
    (await type('record list example.com')).stdout,
    [
      'FROM    NAME              TTL  TYPE  RDATA',
      `zone    example.com      3600  SOA   ns.example.org. hostmaster.example.com. ${serial} 86400 7200 3600000 30`,
      'zone    example.com      3600  NS    ns.example.org.',
      'record  example.com        60  MX    10 mail.example.org.',
      'record  a.b.example.com   300  A     192.0.2.1',
      'record  a.b.example.com   300  A     192.0.2.2',
      '',
    ].join('\n'),
  );
  const set = await type('zone set example.com --negative-ttl 45 --ns ns9.example.org --label stage=prod');
  t.match(
    set.stdout,
    /nameservers ns\.example\.org → ns9\.example\.org\n {2}primary ns\.example\.org → ns9\.example\.org/,
  );
  t.match(set.stdout, /negativeTtlSeconds 30 → 45\n {2}labels none → \{"stage":"prod"\}\nIn force as revision/);
  t.match((await type('zone set example.com --negative-ttl 45')).stdout, 'example.com is so already.');
  const kept = (await type('zone set example.com --refresh 7000 --json')).json;
  t.match(kept, { negativeTtlSeconds: 45, refreshSeconds: 7000, ttlSeconds: 3600, labels: { stage: 'prod' } });
  t.notOk((await type('zone set example.com --no-labels --json')).json.labels);
  t.match(await type('zone set example.com'), { code: EXIT.USAGE, stderr: /what to change/ });
  t.match(await type('zone set none.example --ttl 5'), { code: EXIT.REFUSED, stderr: /zone_unknown/ });
  const file = join(folder, 'example.com.zone');
  t.match((await type(['zone', 'export', 'example.com', '-o', file])).stdout, /is written to/);
  t.match(await type(['zone', 'export', 'example.com', '-o', file]), { code: EXIT.CANNOT_WRITE, stderr: /--force/ });
  t.match(await type(['zone', 'export', 'example.com', '-o', file, '--force']), { code: 0 });
  const text = readFileSync(file, 'utf8');
  t.match(text, /^a\.b +300 +IN A +192\.0\.2\.2$/m);
  t.equal((await type('zone export example.com')).stdout, text);
  t.match((await type('record rm a.b.example.com A')).stdout, /deleted from example\.com/);
  t.match(
    (await type(['zone', 'import', 'example.com', file])).stdout,
    /example\.com: 2 RRsets in force as revision \d+/,
  );
  t.match(
    (await type(['zone', 'import', 'example.net', '-'], { input: text.replaceAll('example.com', 'example.net') }))
      .stdout,
    /2 RRsets/,
  );
  const broken = await type('zone import example.net -', {
    input: '@ 60 IN SOA a b 1 2 3 4 5\n@ NS a\nx A 1.2.3.999\n',
  });
  t.match(broken, { code: EXIT.REFUSED, stderr: /\[zone_file_invalid\]\n3:5: error: .*\[rdata_invalid\]\n/ });
  t.match(
    (await type('zone list')).stdout,
    /^ZONE +SERIAL +NAMESERVERS\nexample\.com .*\nexample\.net .*\nexample\.test .*\n$/,
  );
  t.match((await type('zone rm example.net')).stdout, 'example.net is deleted.\n');
  t.match(await type('zone rm example.test --with-services'), { code: 0 });
  t.match((await type('status')).stdout, /^Teal at http.*: ready\n1 zone, 0 services, 0 releases going on\n$/);
});

t.test('a zone file is checked without a server', async (t) => {
  const { type } = await import('./typed.ts');
  const folder = t.testdir({
    'good.zone': '@ 60 IN SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n',
    'include.zone': '$INCLUDE good.zone\nwww CNAME app\n',
    'bad.zone': '@ 60 IN SOA ns h 1 2 3 4 5\n@ NS ns\nns CNAME a\nmail MX 10 192.0.2.1\n',
    'bare.zone': '@ 60 IN SOA ns h 1 2 3 4 5\n@ NS ns\nmail MX 10 192.0.2.1\n',
  });
  const good = await type(['zone', 'check', 'example.com', join(folder, 'good.zone')]);
  t.match(good, { code: 0, stdout: 'example.com: 3 RRsets, 0 errors, 0 warnings\n' });
  const include = ['zone', 'check', 'example.com', join(folder, 'include.zone')];
  t.match(await type([...include, '--include', folder]), { code: 0 });
  t.match(
    await type(include),
    { code: EXIT.NEGATIVE, stdout: /name the folder of such files with --include \[include_refused\]/ },
    'without a folder it reads no other file',
  );
  const bad = await type(['zone', 'check', 'example.com', join(folder, 'bad.zone')]);
  t.equal(bad.code, EXIT.NEGATIVE);
  t.match(bad.stdout, /bad\.zone:2:1: error: .*\[target_is_alias\]\n/);
  t.match(bad.stdout, /example\.com: 4 RRsets, 1 error, 1 warning\n$/);
  const bare = await type(['zone', 'check', 'example.com', join(folder, 'bare.zone')]);
  t.match(bare, { code: 0, stdout: /bare\.zone:2:1: warning: .*\[address_missing\]\n/ }, 'as the API takes it');
  const json = await type([
    'zone',
    'check',
    'example.com',
    join(folder, 'bare.zone'),
    '--json',
    '--service',
    'ns.example.com',
  ]);
  t.match(
    json,
    { code: 0, json: { errors: [], warnings: [{ code: 'target_is_address' }] } },
    'a service has addresses',
  );
});

t.test('lists are narrowed by the server', async (t) => {
  const type = await start(t);
  await type('service add other.example.test --pool blue=1:192.0.2.1 --pool green=0:192.0.2.2 --label team=web');
  await type('record set txt.example.test TXT "it" --ttl 60 --label owner=me');
  const names = async (words: string): Promise<string[]> =>
    (await type(`${words} --json`)).json.items.map(({ name }: { name: string }) => name);
  t.same(await names('service list --q OTHER'), ['other.example.test']);
  t.same(await names('service list --zone example.test --label team=web'), ['other.example.test']);
  t.same(await names('service list --label team=api'), []);
  t.same(await names('record list example.test --type TXT --label owner=me'), ['txt.example.test']);
  t.match((await type('record list example.test --name none.example.test')).stdout, /has no such records/);
  t.same(await names('zone list --q none'), []);
  t.same(await names('release list --state paused'), []);
  await type('token create acme --scope records --zone example.test --name _acme-challenge.* --type TXT');
  t.same(await names('token list --scope records'), ['acme']);
  t.match((await type('token show acme')).stdout, /acme +records +example\.test _acme-challenge\.\* TXT/);
});

t.test(
  'a token is limited to networks, which are shown; one that is none is refused with what would be right',
  async (t) => {
    const type = await start(t);
    await type('token create build --scope read --network 192.0.2.0/24 --network 2001:DB8::/32');
    t.match((await type('token show build')).stdout, /build +read +everything from 192\.0\.2\.0\/24 2001:db8::\/32 /);
    const refused = await type('token create other --scope read --network 192.0.2.7/24');
    t.match(refused, { code: EXIT.REFUSED, stderr: /192\.0\.2\.0\/24 or the address alone was expected/ });
    t.match((await type('token show build --json')).json, { networks: ['192.0.2.0/24', '2001:db8::/32'] });
  },
);

t.test('all that a zone answers is listed with what makes it; a service is changed by flags', async (t) => {
  const type = await start(t);
  const folder = t.testdir({ 'health.yaml': 'tcp: { port: 443 }\nintervalSeconds: 30\n' });
  await type('record set sub.example.test NS ns.sub.example.test.');
  await type('record set ns.sub.example.test A 192.0.2.53');
  const { stdout } = await type('record list example.test');
  for (const line of [
    /^zone +example\.test +3600 +SOA /m,
    /^zone +example\.test +3600 +NS +ns1\.example\.test\.$/m,
    /^service blue 90\.0 % +app\.example\.test +5 +A +192\.0\.2\.10$/m,
    /^service green 10\.0 % +app\.example\.test +5 +A +192\.0\.2\.20$/m,
    /^preview blue +blue\.app\.example\.test +5 +A +192\.0\.2\.10$/m,
    /^record +ns1\.example\.test +3600 +A /m,
    /^delegation +sub\.example\.test +300 +NS /m,
    /^glue +ns\.sub\.example\.test +300 +A /m,
  ]) {
    t.match(stdout, line);
  }
  const { items, made } = (await type('record list example.test --json')).json;
  t.ok(items.every(({ from }: { from: string }) => ['record', 'delegation', 'glue'].includes(from)));
  t.same(new Set(made.map(({ from }: { from: string }) => from)), new Set(['zone', 'service', 'preview']));

  const set = (words: string) => type(`service set app.example.test ${words}`);
  t.match((await set('--ttl 60 --release-ttl 5 --pick sticky --pin 198.51.100.0/24=green --json')).json, {
    ...{ ttlSeconds: 60, release: { ttlSeconds: 5 }, pick: 'sticky' },
    pins: [{ network: '198.51.100.0/24', pool: 'green' }],
    pools: { blue: { weight: 90, targets: ['192.0.2.10'] }, green: { weight: 10 } },
  });
  t.match((await set('--targets green=192.0.2.21,192.0.2.22 --preview-names off --label team=web --json')).json, {
    ...{ ttlSeconds: 60, pick: 'sticky', previewNames: false, labels: { team: 'web' } },
    pools: { blue: { weight: 90 }, green: { weight: 10, targets: ['192.0.2.21', '192.0.2.22'] } },
  });
  const checked = (await set(`--health ${join(folder, 'health.yaml')} --no-pin --no-release-ttl --json`)).json;
  t.match(checked, { health: { tcp: { port: 443 }, intervalSeconds: 30 }, pins: [] });
  t.notOk('release' in checked);
  t.match((await set('--ttl 60')).stdout, /It is so already\.\n$/, 'and the checks stay');
  t.notOk('health' in (await set('--no-health --no-labels --json')).json);
  t.match(await set(''.trim() || '--json'), { code: EXIT.USAGE });
  t.match(await set('--targets red=192.0.2.9'), { code: EXIT.USAGE, stderr: /has no pool red; it has blue, green/ });
  t.match(await set('--pin green'), { code: EXIT.USAGE, stderr: /--pin: expected a network and its pool/ });
  t.match(await set('--preview-names maybe'), { code: EXIT.USAGE, stderr: /expected on or off/ });
});
