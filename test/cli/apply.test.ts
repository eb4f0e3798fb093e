/** `teal apply`: the difference is shown, asked about, and then is all that happens. */
import fc from 'fast-check';
import t from 'tap';
import type { Service } from '../../src/cli/api-types.ts';
import { EXIT } from '../../src/cli/exit.ts';
import { differences } from '../../src/cli/service-difference.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal } from '../fixtures/process.ts';
import { typist } from './typed.ts';

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

t.test('shown, refused by a person, confirmed, and then as declared', async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const type = typist(teal);
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
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const type = typist(teal);
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
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const type = typist(teal);
  for (const input of ['- a\n', 'service: {}\n', 'services: [a]\n', 'services:\n  a: 1\n', 'services: {\n']) {
    t.match(await type('apply -f - --yes', { input }), { code: EXIT.REFUSED, stdout: '', stderr: /expected/ }, input);
  }
  const input = declared.replace('ttlSeconds: 10', 'ttl: 10');
  t.match(await type('apply -f - --yes', { input }), { code: EXIT.REFUSED, stderr: /\[(body|service)_invalid\]/ });
});

t.test('what a reply says of a service is no difference from it', async (t) => {
  const weight = fc.nat(65535);
  const service = fc.record({
    ttlSeconds: fc.nat(1000),
    pick: fc.constantFrom('random', 'sticky'),
    pools: fc.dictionary(
      fc.stringMatching(/^[a-z]{1,5}$/),
      fc.record({ weight, targets: fc.array(fc.ipV4(), { minLength: 1 }) }),
    ),
  });
  fc.assert(
    fc.property(
      service,
      (body) => differences(body, { ...body, zone: 'x', revision: 1 } as unknown as Service).length === 0,
    ),
  );
  const current = {
    ttlSeconds: 5,
    pick: 'random',
    pools: { blue: { weight: 1, targets: ['192.0.2.1'] } },
    pins: [],
    health: { tcp: { port: 1 }, rise: 2 },
  };
  t.same(
    differences(
      { pools: { blue: { targets: ['192.0.2.1'] } }, health: { tcp: { port: 1 } } },
      current as unknown as Service,
    ),
    [],
    'defaults that the server fills in',
  );
  t.same(
    differences({ pools: { green: { weight: 1, targets: ['192.0.2.2'] } } }, current as unknown as Service).map(
      ({ what }) => what,
    ),
    ['health', 'pool blue', 'green weight', 'green targets'],
    'what the file does not say will be gone',
  );
});
