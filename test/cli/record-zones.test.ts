/** In which zone a record is, where nobody says it: by its name, and by what the token reaches. */
import t, { type Test } from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { startTyped, type typist } from './typed.ts';

const start = async (t: Test): Promise<ReturnType<typeof typist>> => (await startTyped(t)).type;

t.test('the root is a zone like others, and an escaped dot is no end of a label', async (t) => {
  const type = await start(t);
  const done = async (words: string[]) => {
    const typed = await type([...words, '--json']);
    t.match(typed, { code: 0 }, words.join(' '));
    return typed.json;
  };
  await done(['zone', 'add', '.', '--ns', 'ns1.example.test']);
  t.match((await done(['zone', 'list'])).items[0], { name: '.', hostmaster: 'hostmaster' });
  t.match(await done(['record', 'set', '.', 'TXT', '"here"']), { zone: '.', name: '.' });
  await done(['record', 'add', '.', 'TXT', '"there"']);
  t.match(await done(['record', 'set', 'www.example', 'A', '192.0.2.7']), { zone: '.', name: 'www.example' });
  t.match((await type(['zone', 'export', '.'])).stdout, /^@ .*TXT +"there"$/m);
  await done(['zone', 'set', '.', '--negative-ttl', '5']);
  await done(['service', 'add', 'top', '--pool', 'blue=1:192.0.2.1', '--pool', 'green=0:192.0.2.2']);
  t.match(await done(['shift', 'top', 'blue=0', 'green=1']), { services: { top: { weights: { green: 1 } } } });
  await done(['service', 'rm', 'top']);
  await done(['record', 'rm', '.', 'TXT']);
  await done(['zone', 'add', 'b.example.test', '--ns', 'ns1.example.test']);
  const escaped = ['record', 'set', 'x\\.b.example.test', 'A', '192.0.2.1'];
  t.match(await done(escaped), { zone: 'example.test' }, 'not of the zone b.example.test');
  for (const words of [
    ['zone', 'rm', '..'],
    ['service', 'show', '..'],
    ['drain', '...'],
  ])
    t.match(await type(words), { code: EXIT.REFUSED, stderr: /\[name_invalid\]/ }, 'no step up in a path');
  await done(['zone', 'rm', '.']);
  t.equal((await done(['zone', 'list'])).items.length, 2);
});

t.test('whoever may change only some zones, or some records, need not name the zone of a record', async (t) => {
  const type = await start(t);
  await type('zone add sub.example.test --ns ns1.example.test');
  await type('zone add other.test --ns ns1.example.test');
  const limits: [string, string][] = [
    ['--scope admin --zone example.test', 'www.example.test A 192.0.2.1'],
    ['--scope admin --zone example.test --zone *.example.test', 'a.b.sub.example.test A 192.0.2.1'],
    [
      '--scope records --zone example.test --name _acme-challenge.* --type TXT',
      '_acme-challenge.www.example.test TXT x',
    ],
    ['--scope records --name *.example.test', 'w.sub.example.test A 192.0.2.1'],
    ['--scope records', 'www.other.test A 192.0.2.1'],
  ];
  for (const [i, [limit, record]] of limits.entries()) {
    const { secret } = (await type(`token create t${i} ${limit} --json`)).json;
    const as = (words: string) => type(words, { env: { TEAL_TOKEN: secret } });
    const owner = record.split(' ').slice(0, 2).join(' ');
    for (const words of [`set ${record}`, `remove ${record}`, `add ${record}`, `rm ${owner}`])
      t.match(await as(`record ${words}`), { code: EXIT.OK, stderr: '' }, `${limit}: ${words}`);
    const beyond = limit.includes('--zone') ? 'www.other.test' : 'www.nowhere.test';
    const refused = await as(`record set ${beyond} A 192.0.2.1`);
    t.not(refused.code, EXIT.OK, `${limit}: ${beyond}`);
    t.match(refused.stderr, /no zone (?:that this token reaches|here) holds www\./);
  }
  const hidden = await type('token create up --scope admin --zone example.test --json');
  const up = { env: { TEAL_TOKEN: hidden.json.secret } };
  t.match(
    await type('record set w.sub.example.test A 192.0.2.1', up),
    { stderr: /name_taken/ },
    'a longer zone has it',
  );
  const wrong = await type('record set www.example.test A 192.0.2.1', { env: { TEAL_TOKEN: 'teal_wrong' } });
  t.match(wrong, { code: EXIT.NO_PERMISSION, stderr: /the token comes from/ }, 'a wrong token is told of as ever');
});
