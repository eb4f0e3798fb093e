/** `teal apply`: the difference is shown, asked about, and then is all that happens. */
import t from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { differences } from '../../src/cli/service-difference.ts';
import type { Service } from '../../src/contract/types.ts';
import { startTyped } from './typed.ts';

const declared = `services:
  app.example.test:
    ttlSeconds: 10
    pools:
      blue: { targets: [192.0.2.10, 192.0.2.12] }
      green: { targets: [192.0.2.20] }
  shop.example.test:
    pools:
      blue: { targets: [192.0.2.40], weight: 100 }
      green: { targets: [192.0.2.50], weight: 0 }
`;

t.test('a pool may be called what every object has', async (t) => {
  const { type } = await startTyped(t);
  const input = declared.replaceAll('green:', 'constructor:').replace('[192.0.2.20]', '[192.0.2.20], weight: 7');
  t.match(await type('apply -f - --yes', { input }), { code: 0, stderr: '' });
  const app = (await type('service show app.example.test --json')).json;
  t.match(app, { pools: { constructor: { weight: 7 } } }, 'it is new, and has its weight from the file');
  t.match(await type('shift app.example.test blue=1 constructor=3'), { code: 0 });
});

t.test('shown, refused by a person, confirmed, and then as declared', async (t) => {
  const { type } = await startTyped(t);
  const shown = [
    '~ app.example.test',
    '    ttlSeconds: 5 → 10',
    '    blue targets: 192.0.2.10 → 192.0.2.10 192.0.2.12',
    '+ shop.example.test (new)',
    '    ttlSeconds: 5',
    '    pick: random',
    '    previewNames: true',
    '    blue weight: 100',
    '    blue targets: 192.0.2.40',
    '    green weight: 0',
    '    green targets: 192.0.2.50',
    '1 to make, 1 to change, 0 as declared.',
    '',
  ].join('\n');
  t.match(await type('apply -f - --dry-run', { input: declared }), { code: 0, stdout: shown });
  t.match(await type('apply -f -', { input: declared }), { code: EXIT.USAGE, stdout: shown, stderr: /add --yes/ });
  const no = await type('apply -f -', { input: declared, env: { NO_COLOR: '1' }, terminal: { answers: ['n'] } });
  t.match(no, { code: EXIT.NEGATIVE, stdout: shown, stderr: 'Apply? [y/N] teal: nothing was applied\n' });
  t.match(await type('service list --quiet'), { stdout: 'app.example.test\n' });
  await type('shift app.example.test blue=50 green=50');
  const yes = await type('apply -f -', { input: declared, env: { NO_COLOR: '1' }, terminal: { answers: ['y'] } });
  t.match(yes, { code: 0, stdout: /app\.example\.test: in force as revision \d+\.\nshop\.example\.test: in force as/ });
  const app = (await type('service show app.example.test --json')).json;
  t.match(app, { ttlSeconds: 10, pools: { blue: { weight: 50 }, green: { weight: 50 } } }, 'the canary is not undone');
  const again = await type('apply -f - --yes', { input: declared });
  t.match(again, {
    code: 0,
    stdout: '= app.example.test\n= shop.example.test\n0 to make, 0 to change, 2 as declared.\n',
  });
  const json = (await type('apply -f - --yes --json', { input: declared.replace('ttlSeconds: 10', 'ttlSeconds: 20') }))
    .json;
  t.match(json, {
    differences: [
      { name: 'app.example.test', action: 'change', changes: [{ what: 'ttlSeconds', from: 10, to: 20 }] },
      { name: 'shop.example.test', action: 'none', changes: [] },
    ],
    applied: [{ name: 'app.example.test' }],
  });
});

t.test('somebody else was faster: what was shown is what is changed, or nothing is', async (t) => {
  const { type } = await startTyped(t);
  const answers = {
    shift: async () => {
      await type('service add shop.example.test -p blue=1:192.0.2.1 -p green=0:192.0.2.2');
      return 'y';
    },
  };
  const stale = await type('apply -f -', {
    input: declared,
    terminal: { answers: answers as unknown as string[] },
    env: { NO_COLOR: '1' },
  });
  t.match(stale, {
    code: EXIT.REFUSED,
    stderr: /shop\.example\.test: .*\[revision_stale\].*; 1 of 2 services was applied before\n$/,
  });
  t.match((await type('service show shop.example.test --json')).json, { pools: { blue: { targets: ['192.0.2.1'] } } });
});

t.test('a file of another shape is refused, and so is what the server does not know', async (t) => {
  const { type } = await startTyped(t);
  for (const input of ['- a\n', 'service: {}\n', 'services: [a]\n', 'services:\n  a: 1\n', 'services: {\n']) {
    t.match(await type('apply -f - --yes', { input }), { code: EXIT.REFUSED, stdout: '', stderr: /expected/ }, input);
  }
  const input = declared.replace('ttlSeconds: 10', 'ttl: 10');
  t.match(await type('apply -f - --yes', { input }), { code: EXIT.REFUSED, stderr: /\[(body|service)_invalid\]/ });
});

t.test('twice is once: what means the same is no change, however it is written', async (t) => {
  const { type } = await startTyped(t);
  const health = (header: string, host: string) =>
    `{ http: { host: ${host}, headers: { ${header}: a }, expectStatus: [200] }, intervalSeconds: 5.0, probe: { '2001:DB8:0::A': '[2001:0db8::1]:080' } }`;
  const written = `services:
  Addr.Example.TEST.:
    ttlSeconds: 5.0
    pools:
      blue: { targets: ['2001:DB8:0:0:0:0:0:000A'], weight: 1e1 }
      green: { targets: ['::FFFF:192.0.2.1', 192.0.2.2], weight: 0 }
    pins: [{ network: '2001:DB8:0::/32', pool: green }, { network: 192.0.2.77, pool: blue }]
    health: ${health('X-Probe', 'Addr.Example.Test.')}
  host.example.test:
    pools:
      blue: { targets: [Blue.Example.NET.], weight: 1 }
      green: { targets: [green.example.net], weight: 0 }
    release: { ttlSeconds: 5 }
`;
  const first = await type('apply -f - --yes', { input: written });
  t.match(first, { code: 0, stdout: /^\+ addr\.example\.test \(new\)\n[\s\S]*2 to make, 0 to change/ }, first.stderr);
  const revision = async () => (await type('history --json --limit 1')).json.items[0].revision;
  const at = await revision();
  const none = '= addr.example.test\n= host.example.test\n0 to make, 0 to change, 2 as declared.\n';
  for (const input of [
    written,
    written
      .replace(/X-Probe/, 'x-PROBE')
      .replace('2001:DB8:0:0:0:0:0:000A', '2001:db8::a')
      .replace('192.0.2.77', '192.0.2.77/32'),
  ]) {
    t.match(await type('apply -f - --dry-run', { input }), { code: 0, stdout: none });
    t.match(await type('apply -f - --yes', { input }), { code: 0, stdout: none });
  }
  t.same(await revision(), at, 'no revision was made');
  const gone = await type('apply -f - --dry-run', { input: written.replace(', headers: { X-Probe: a }', '') });
  t.match(gone, { stdout: /~ addr\.example\.test\n {4}health: / }, 'a key that is left out is gone, and told');
});

t.test('--dry-run refuses what apply refuses, in the same words, and shows nothing then', async (t) => {
  const { type } = await startTyped(t);
  await type('record set taken.example.test A 192.0.2.1');
  const service = (name: string) =>
    `  ${name}: { pools: { blue: { targets: [192.0.2.1], weight: 1 }, green: { targets: [192.0.2.2], weight: 0 } } }\n`;
  const refused: readonly [string, string, RegExp][] = [
    ['records there', service('taken.example.test'), /`replace: true` in a file.*\[service_conflict\]/],
    // Only what stands before it in the file makes it a conflict. The API's tests have the rest of the list.
    ['a preview name of another', service('a.example.test') + service('green.a.example.test'), /\[service_conflict\]/],
  ];
  for (const [what, services, message] of refused) {
    for (const option of ['--dry-run', '--yes']) {
      const result = await type(`apply -f - ${option}`, { input: `services:\n${services}` });
      t.match(result, { code: EXIT.REFUSED, stdout: '', stderr: message }, `${what}: ${option}`);
    }
  }
  const { secret } = (await type('token create reader --scope read --json')).json;
  const asReader = { input: `services:\n${service('a.example.test')}`, env: { TEAL_TOKEN: secret as string } };
  t.match(await type('apply -f - --dry-run', asReader), { stdout: '', stderr: /token_forbidden/ });
  t.match(await type('service list --quiet'), { stdout: 'app.example.test\n' }, 'and nothing was made');
});

t.test('differences are of what the server says, key by key', async (t) => {
  const service = {
    ttlSeconds: 5,
    pick: 'random',
    pools: { blue: { weight: 1, targets: ['192.0.2.1'] } },
    pins: [],
    health: { tcp: { port: 1 }, rise: 2 },
    salt: 'a',
  };
  const before = service as unknown as Service;
  const changed = (after: object): string[] =>
    differences({ before, after: { ...service, ...after } as unknown as Service }).map(({ what }) => what);
  t.same(changed({}), []);
  t.same(changed({ health: { rise: 2, tcp: { port: 1 } } }), [], 'the order of keys is none');
  t.same(changed({ health: undefined }), ['health']);
  t.same(changed({ health: { tcp: { port: 1 }, rise: 2, fall: 3 } }), ['health']);
  t.same(changed({ health: { tcp: { port: 1 } } }), ['health'], 'less is a difference too');
  t.same(changed({ salt: 'b', ttlSeconds: 6 }), ['ttlSeconds', 'salt']);
  t.same(changed({ pools: { green: { weight: 1, targets: ['192.0.2.2'] } } }), [
    'pool blue',
    'green weight',
    'green targets',
  ]);
  t.same(
    differences({ before: null, after: before }).map(({ what }) => what),
    ['ttlSeconds', 'pick', 'pins', 'health', 'blue weight', 'blue targets'],
    'of a new one all is told, but for the salt that it got',
  );
});
