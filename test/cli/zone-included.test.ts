/** A zone file with the files that it includes: what comes into force, and where what is wrong is said to be. */
import { join } from 'node:path';
import t from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { startTyped } from './typed.ts';

t.test(
  'a zone file is imported with the files that it includes, in one folder, and what is wrong is told by file and line',
  async (t) => {
    const { type } = await startTyped(t);
    const folder = t.testdir({
      main: '$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n$INCLUDE more sub\n MX 10 shop\nwww A 192.0.2.2\n',
      more: 'a A 192.0.2.3\na A 192.0.2.3\n$INCLUDE deep/text\n',
      deep: { text: 't TXT "of two files"\n' },
      out: '@ 60 SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n$INCLUDE ../more\n',
      wrong: '@ 60 SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n$INCLUDE bad\n',
      bad: '\nx A 192.0.2.300\n',
    });
    await type('zone add inc.test --ns ns.example.org');
    await type('service add shop.inc.test --pool blue=1:192.0.2.1 --pool green=0:192.0.2.2');
    const words = ['zone', 'import', 'inc.test', join(folder, 'main')];
    const bare = await type(words);
    t.match(bare, {
      code: EXIT.REFUSED,
      stderr: /zone_file_invalid\] — --include FOLDER brings in.*\n5:10: error: "more"/,
    });
    const done = await type([...words, '--include', folder]);
    t.match(done, { code: 0, stdout: /^more:2:1: warning: .*\[record_repeated\]\ninc\.test: 5 RRsets in force/ });
    t.notMatch(done.stdout, /address_missing/, 'a service has addresses');
    const exported = (await type('zone export inc.test')).stdout;
    for (const line of [
      /^t\.sub +60 +IN TXT +"of two files"$/m,
      /^ns +60 +IN MX +10 shop\.inc\.test\.$/m,
      /^www +60 +IN A/m,
    ])
      t.match(exported, line);
    const at = (file: string) => ['zone', 'import', 'inc.test', join(folder, file), '--include', folder];
    t.match(await type(at('out')), { code: EXIT.REFUSED, stderr: /4:10: error: "\.\.\/more" is not included/ });
    const wrong = await type(at('wrong'));
    t.match(wrong, { code: EXIT.REFUSED, stderr: /zone_file_invalid\]\nbad:2:5: error: .*\[rdata_invalid\]\n/ });
    const { stderr } = await type([...at('wrong'), '--json']);
    t.match(JSON.parse(stderr), { code: 'zone_file_invalid', findings: [{ file: 'bad' }] });
    t.match(await type([...words, '--include', join(folder, 'main')]), { code: EXIT.NO_INPUT, stderr: /a folder/ });
    t.equal((await type('zone export inc.test')).stdout, exported, 'what was refused has changed nothing');
  },
);
