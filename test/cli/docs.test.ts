/**
 * docs/cli.md: every command in it is typed on a fresh server, and prints what the page says, but for times and the like.
 * After a change of what is printed: `UPDATE_DOCS=1 npx tap test/cli/docs.test.ts`, and a look at the difference.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { commands } from '../../src/cli/commands.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { type } from './typed.ts';

const page = resolve('docs/cli.md');

interface Block {
  readonly language: string;
  /** Of the file that the block shows. */
  readonly file: string | undefined;
  readonly text: string;
}

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(([, language = '', file, text = '']) => ({
    language,
    file,
    text,
  }));
}

/** Words as a shell splits them, with single quotes. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

/** What differs from run to run, made the same. */
function steady(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)/g, 'TIME')
    .replace(/\b(revision"?:?|release|serial) ?\d+/g, '$1 N')
    .replace(/^ *\d+ {2}TIME/gm, 'N TIME')
    .replace(/^(example\.\S+ +|@ .* SOA .*\. )\d+/gm, '$1 N')
    .replace(/\d+m( \d+s)? left/g, 'TIME left')
    .replace(/[\d,]+ bytes/g, 'N bytes')
    .replace(/ +$/gm, '')
    .replace(/(^|\s)[✓·!] (?=.*(port 5300|clock of this machine)).*\n( {4,}.*\n)*/gm, '');
}

/** What a page shows, with the ports that people use. */
function shown(text: string, { admin, dnsPort }: TealProcess, folder: string): string {
  return text
    .replaceAll(admin, 'http://127.0.0.1:8053')
    .replaceAll(`port ${dnsPort}`, 'port 5300')
    .replaceAll(`${folder}/`, '');
}

t.test('docs/cli.md', async (t) => {
  const markdown = readFileSync(page, 'utf8');
  const folder = t.testdir({ data: {} });
  const teal = await startTeal(`${folder}/data`);
  t.teardown(() => teal.child.kill('SIGKILL'));
  process.chdir(folder);
  const env = { TEAL_ADMIN_URL: teal.admin, TEAL_DATA_DIR: 'data' };
  let updated = markdown;
  for (const block of blocksOf(markdown)) {
    if (block.file !== undefined) writeFileSync(block.file, block.text);
    if (block.language !== 'console') continue;
    let text = '';
    for (const [, command = '', expected = ''] of block.text.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)) {
      const typed = await type(
        words(command)
          .slice(1)
          .map((word) => word.replace(/^5300$/, String(teal.dnsPort))),
        { env },
      );
      const output = shown(typed.stdout + typed.stderr, teal, folder);
      text += `$ ${command}\n${output}`;
      if (process.env.UPDATE_DOCS === undefined) t.equal(steady(output), steady(expected), command);
      t.notMatch(output, /a fault of teal itself/, command);
    }
    updated = updated.replace(block.text, () => text);
  }
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(page, updated);
});

t.test('docs/cli.md has an example of every command', async (t) => {
  const markdown = readFileSync(page, 'utf8');
  for (const name of Object.keys(commands).filter((name) => name !== 'serve')) t.match(markdown, `teal ${name}`, name);
});
