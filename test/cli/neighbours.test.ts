/** What is typed where something else belongs: the id, name, file or filter of a neighbouring command. */
import { join } from 'node:path';
import t from 'tap';
import { startTyped } from './typed.ts';

t.test('what is of a neighbouring command is understood, or told from what was expected', async (t) => {
  const { type } = await startTyped(t);
  const app = 'app.example.test';
  const begun = await type(`release start ${app} --to green --steps 10,pause,100 --json`);
  const { id } = begun.json;
  for (const words of [
    `release show ${id}`,
    `release show ${id} --json`,
    `release pause ${id}`,
    `release resume ${id}`,
  ])
    t.match(await type(words), { code: 0, stdout: /app\.example\.test/ }, words);
  const files = t.testdir({
    'example.com.zone': '@ SOA ns1 h 1 2 3 4 5',
    'service.yaml': '{pick: often, pools: {blue: {weight: 1, targets: [192.0.2.10]}}}',
  });
  const file = join(files, 'example.com.zone');
  const body = join(files, 'service.yaml');
  const cases: [string | string[], number, RegExp][] = [
    ['release show 9999', 65, /There is no release 9999 here\. \[release_unknown\] — `teal release list` shows all/],
    [`release show ${Number(id) - 1}`, 65, /There is no release \d+ here/],
    ['release abort 9999', 65, /There is no release 9999 here/],
    [`release show ${id} ${app}`, 64, /expected a service and then the id of a release, or the id alone/],
    [`release show ${id}.`, 65, /There is no service \d+ here/],
    ['release list --state aborted', 0, /^There is no such release\.$/m],
    ['zone list --q nothing', 0, /^There is no such zone\.$/m],
    ['service list --zone nope.test', 0, /^There is no such service\.$/m],
    ['token list --q nothing', 0, /^There is no such token\.$/m],
    [['service', 'show', ''], 65, /^teal: Expected name, found ""\. \[name_invalid\]$/m],
    [['zone', 'export', ''], 65, /^teal: Expected zone, found ""/],
    [['proposal', 'show', ''], 65, /^teal: Expected id, found ""/],
    [['zone', 'check', '', file], 64, /expected the name of a zone, found ""/],
    [
      ['zone', 'check', file, 'example.com'],
      64,
      /expected the name of a zone and then its file, found the file \S+example\.com\.zone and no file example\.com$/m,
    ],
    [['zone', 'import', file, 'example.com'], 64, /expected the name of a zone and then its file/],
    [['apply', '-f', ''], 66, /a file with no name cannot be read/],
    [
      'record add www.example.test A 192.0.2.300',
      65,
      /^teal: Record 0: an IPv4 address such as 192\.0\.2\.1 was expected/,
    ],
    ['token create x --scope write', 65, /^teal: --scope must be one of/],
    ['webhook add x https://example.com/ -t release.completed', 65, /^teal: --trigger must be one of/],
    [`service add x.example.test -f ${body}`, 65, /^teal: The property "pick" must be one of/m],
    ['token show x', 65, /`teal token list` shows the tokens/],
    [`restore ${join(files, 'absent')}`, 66, /absent cannot be read \(ENOENT\)$/m],
    [`restore ${'a'.repeat(300)}`, 66, /a cannot be read \(ENAMETOOLONG\)$/m],
    [`restore ${files}`, 66, /expected a backup, and .* is no plain file/],
  ];
  for (const [words, code, expected] of cases) {
    const typed = await type(words);
    t.match(
      { code: typed.code, said: typed.stdout + typed.stderr },
      { code, said: expected },
      [words].flat().join(' '),
    );
  }
  t.equal((await type(`release abort ${id}`)).code, 0);
});
