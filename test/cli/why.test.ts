/** Why, typed: every command that changes something takes it, and history shows it without obeying it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { commands } from '../../src/cli/commands.ts';
import { EXIT } from '../../src/cli/exit.ts';
import { releaseLines } from '../../src/cli/format/release.ts';
import { styleFor } from '../../src/cli/format/style.ts';
import { historyLines } from '../../src/cli/history.ts';
import type { Release, Revision } from '../../src/contract/types.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal } from '../fixtures/process.ts';
import { type, typist } from './typed.ts';

/** What changes nothing of a server's. Another one takes --reason and --link: see describeWrite. */
const looking = [
  'release plan, release status, release watch, release list, health show, zone list, zone export, zone check',
  'record list, service show, service list, status, drain, explain, history, doctor, bench, serve, init',
  'token list, token show, webhook list, webhook deliveries, backup, restore, upgrade, completion, fleet join, fleet status',
  'activity, whoami, demo, dnssec status, dnssec export, freeze list, freeze show, proposal list, proposal show',
].flatMap((line) => line.split(', '));

t.test('every command that writes takes --reason and --link', async (t) => {
  const without: string[] = [];
  for (const name of Object.keys(commands)) {
    const { stdout } = await type([name, '--help']);
    const list = /^Commands:\n(?<lines>(?: {2}.*\n)+)/m.exec(stdout)?.groups?.lines ?? '';
    const subcommands = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, word]) => word as string);
    for (const words of subcommands.length > 0 ? subcommands.map((word) => [name, word]) : [[name]]) {
      if (words[1] === 'help') continue;
      const help = (await type([...words, '--help'])).stdout;
      if (!(help.includes('--reason <text>') && help.includes('--link <url>'))) without.push(words.join(' '));
    }
  }
  t.same(without.sort(), looking.sort());
});

t.test('what is typed with a change is in its history, by flag or environment, with a body or without', async (t) => {
  const folder = temporaryFolder(t);
  const teal = await startTeal(folder);
  t.teardown(() => teal.child.kill('SIGKILL'));
  const typed = typist(teal);
  /** The last word may have blanks. */
  const say = (words: string, options = {}, last: string[] = []) => typed([...words.split(' '), ...last], options);
  const [commit, run] = ['https://git.example.com/app/commit/1a2b3c?x=%41', 'https://ci.example.com/runs/981'];
  const newest = async () => (await say('history -n 1 --json')).json.items[0];
  await say(`shift app.example.test green=100 blue=0 --link ${commit} --link ${run} --reason`, {}, [
    'Störung: 100% weg',
  ]);
  t.match(await newest(), { kind: 'shift', reason: 'Störung: 100% weg', links: [commit, run] });
  t.match(
    (await say('history app.example.test -n 1')).stdout,
    `    why: Störung: 100% weg\n    ${commit}\n    ${run}\n`,
  );

  const env = { TEAL_REASON: 'Nightly, 100%', TEAL_LINKS: `${commit} ${run}` };
  const zone = join(folder, 'zone');
  writeFileSync(
    zone,
    'new.test. 60 SOA ns1 h 1 2 3 4 5\nnew.test. 60 NS ns1.new.test.\nns1.new.test. 60 A 192.0.2.1\n',
  );
  await say(`zone import new.test ${zone}`, { env });
  t.match(await newest(), { kind: 'zone.import', reason: 'Nightly, 100%', links: [commit, run] });
  await say('zone rm new.test --reason', { env }, ['done with it']);
  t.match(await newest(), { kind: 'zone.delete', reason: 'done with it', links: [commit, run] }, 'the flag goes first');
  await say('rollback app.example.test', { env: { TEAL_REASON: '' } });
  t.match(await newest(), { kind: 'rollback', reason: undefined, links: undefined });

  for (const bad of ['two\nlines', '\u001b[2J', 'x'.repeat(10_000), 'a\u202eb', 'a\u0000b']) {
    for (const command of ['shift app.example.test green=3 blue=3', 'service rm app.example.test']) {
      const refused = await say(`${command} --reason`, {}, [bad]);
      t.match(refused, { code: EXIT.REFUSED, stderr: /A reason is one line .*\[reason_invalid\]/ }, command);
      for (const char of ['\u001b', '\u202e']) t.notOk(refused.stderr.includes(char));
    }
  }
  const link = await say('service rm app.example.test --link javascript:alert(1)');
  t.match(link, { code: EXIT.REFUSED, stderr: /Link 0 is no link.*\[links_invalid\]/ });
  t.match(await newest(), { kind: 'rollback' }, 'nothing of it was done');
});

t.test('labels are set by --label, kept by what names none, and by a declaration', async (t) => {
  const folder = temporaryFolder(t);
  const teal = await startTeal(folder);
  t.teardown(() => teal.child.kill('SIGKILL'));
  const say = typist(teal);
  const record = async () => (await say('record list example.test --json')).json.items.at(-1);
  await say('record set zz.example.test A 192.0.2.9 --label team=web --label note=a=b');
  t.match(await record(), { labels: { team: 'web', note: 'a=b' } });
  await say('record set zz.example.test A 192.0.2.8');
  t.match(await record(), { rdata: ['192.0.2.8'], labels: { team: 'web' } });
  const pools = ['--pool', 'blue=1:192.0.2.1', '--pool', 'green=0:192.0.2.2'];
  const made = await say(['service', 'add', 'api.example.test', ...pools, '--label', 'team=web']);
  t.match(made.stdout, /^ {2}labels \{"team":"web"\}$/m);
  const file = join(folder, 'services.yaml');
  const declare = (labels: string) =>
    writeFileSync(
      file,
      `services: { api.example.test: { ${labels}pools: { blue: { targets: [192.0.2.1] }, green: { targets: [192.0.2.2], labels: { stage: next } } } } }`,
    );
  declare('labels: { team: db }, ');
  const applied = await say(['apply', '-f', file, '--yes']);
  t.match(applied, { code: 0, stdout: /labels.*"team":"db"/ });
  t.match((await say('service show api.example.test --json')).json, {
    labels: { team: 'db' },
    pools: { green: { labels: { stage: 'next' } } },
  });
  declare('');
  t.match((await say(['apply', '-f', file, '--yes', '--json'])).json, { applied: [] }, 'what names none keeps them');
  t.match(await say('zone add new.test --ns ns1.test --label nothing'), {
    code: EXIT.USAGE,
    stderr: /such as team=web/,
  });
  await say('zone add new.test --ns ns1.example.net --label team=web');
  t.match((await say('zone list --json')).json.items.at(-1), { name: 'new.test', labels: { team: 'web' } });
});

t.test('history and releases show what was said and never obey it', async (t) => {
  // As no server of ours would send it.
  const said = { reason: 'a\u001b[31mb\nc\u202ed\u2028e', links: ['https://a.test/\u001b]8;;x'] };
  const entry = {
    revision: 1,
    at: '2026-01-01T00:00:00Z',
    actor: 'a',
    kind: 'shift',
    summary: 's',
    subjects: [],
    ...said,
  };
  const output = { isTerminal: false, columns: 80 } as never;
  const style = styleFor({ env: {} } as never, output);
  const lines = historyLines([entry as Revision], style);
  t.same(lines.slice(2), ['    why: a�[31mb�c�d�e', '    https://a.test/�]8;;x']);
  const release = {
    id: '1',
    to: 'green',
    state: 'paused',
    message: 'm',
    services: {},
    steps: [],
    warnings: [],
    why: said,
  };
  const shown = releaseLines(release as unknown as Release, style, 0, { width: 80 }).join('\n');
  t.match(shown, /why: a�\[31mb�c�d�e/);
});
