/** What the pages and the helps name is there: commands and their flags, settings, variables, scripts. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { commands } from '../src/cli/commands.ts';
import { schemaAt, settingKeys } from '../src/config/keys.ts';
import { type as typed } from './cli/typed.ts';
import { readFiles, type SourceFile } from './fixtures/sources.ts';

const pages = [...readFiles('*.md', 'docs/*.md', 'examples/**/*.md')].filter(({ path }) => path !== 'CHANGELOG.md');

/** What stands in blocks and between backticks, a line each. */
function codeOf({ text }: SourceFile): string[] {
  const blocks = [...text.matchAll(/^```.*\n(?<lines>[\s\S]*?)^```/gm)].flatMap(({ groups }) =>
    (groups?.lines ?? '').split('\n'),
  );
  const spans = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`(?<span>[^`\n]+)`/g)];
  return [...blocks, ...spans.map(({ groups }) => groups?.span ?? '')];
}

/** Behind a prompt, variables, `sudo` or the key of a workflow; not where `teal` is an argument of something else. */
const CALL = /^\s*(?:\w*\$ +|(?:- )?run: +)?(?:sudo +)?(?:\w+=\S* +)*teal (?<rest>[a-z].*)$/;

/** Of a line of shell, up to where another command or a comment begins; what is in quotes is no flag. */
function typedIn(line: string): { readonly words: string[]; readonly flags: string[] }[] {
  const bare = line.replace(/"?\$\([^)]*\)[^"\s]*"?|'[^']*'|"[^"]*"/g, 'X').split(/\s#/)[0] ?? '';
  const calls = bare.split(/[|;&]+/).map((call) => CALL.exec(call)?.groups?.rest ?? '');
  return calls
    .filter((rest) => rest !== '')
    .map((rest) => {
      const all = rest.split(/\s+/);
      const flags = all.filter((word) => /^--?[a-zA-Z]/.test(word)).map((word) => word.replace(/=.*|[^\w-]+$/, ''));
      return { words: all, flags };
    });
}

const helps = new Map<string, string>();

async function helpOf(words: string): Promise<string> {
  const known = helps.get(words);
  if (known !== undefined) return known;
  const { stdout } = await typed([...words.split(' '), '--help']);
  helps.set(words, stdout);
  return stdout;
}

/** The commands and flags of a line that there are not. */
async function unknownIn(line: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const { words, flags } of typedIn(line)) {
    const [name = '', second = ''] = words;
    if (name === 'help') continue;
    if (!Object.hasOwn(commands, name)) {
      wrong.push(`teal ${name}`);
      continue;
    }
    const own = await helpOf(name);
    const isGroup = own.includes('\nCommands:\n');
    const isSubcommand = new RegExp(`^ {2}(?:\\w+\\|)*${second}[ |]`, 'm').test(own);
    if (isGroup && /^[a-z]+$/.test(second) && !isSubcommand) wrong.push(`teal ${name} ${second}`);
    const help = isGroup && isSubcommand ? await helpOf(`${name} ${second}`) : own;
    const there = flags.filter((flag) => !new RegExp(`^ {2}(?:-\\w, )?${flag}[ ,\\n]`, 'm').test(help));
    wrong.push(...there.map((flag) => `teal ${name} ${second}: ${flag}`));
  }
  return wrong;
}

t.test('commands and flags, in the pages and in the examples of helps', async (t) => {
  const wrong: string[] = [];
  let lines = 0;
  for (const page of pages) {
    for (const line of codeOf(page)) {
      lines += typedIn(line).length;
      wrong.push(...(await unknownIn(line)).map((what) => `${page.path}: ${what}`));
    }
  }
  for (const name of Object.keys(commands)) {
    const help = await helpOf(name);
    const list = /^Commands:\n(?<lines>(?: {2}.*\n)+)/m.exec(help)?.groups?.lines ?? '';
    const own = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, word]) => `${name} ${word}`);
    for (const each of own.length === 0 ? [name] : own.filter((words) => !words.endsWith(' help'))) {
      const text = await helpOf(each);
      const examples = text.slice(text.indexOf('\nExamples:\n')).split('\n');
      for (const line of examples) wrong.push(...(await unknownIn(line)).map((what) => `teal ${each} --help: ${what}`));
    }
  }
  t.ok(lines > 300, `${lines} were found`);
  t.same(wrong, []);
  const bad = 'teal shfit a b=1 && teal shift a b=1 --wtach | cat --x; TEAL_TOKEN=x teal zone lst -q "--y" # --z';
  t.same(await unknownIn(bad), ['teal shfit', 'teal shift a: --wtach', 'teal zone lst', 'teal zone lst: -q']);
});

/** Files of the data directory, members of the drain report, and a key of Traefik. */
const noSettings = new Set([
  ...['table.img', 'dnssec.key', 'fleet.nodes', 'fleet.waitingFor', 'fleet.holding'],
  'propagation.disableChecks',
]);

/** Of settings as the pages write them, those that there are not: `dns.udpMaxBytes`, `TEAL_DNS_UDP_MAX_BYTES`. */
function unknownSettings(page: SourceFile): string[] {
  const sections = new Set(settingKeys.filter(({ path }) => path.length > 1).map(({ path }) => path[0] ?? ''));
  const spans = codeOf({ ...page, text: page.text.replace(/^```[\s\S]*?^```/gm, '') });
  const paths = spans.flatMap((span) => {
    const path = /^(?<path>[a-z]+(?:\.[a-zA-Z]+)+)(?:: .*)?$/.exec(span)?.groups?.path?.split('.') ?? [];
    return sections.has(path[0] ?? '') ? [path] : [];
  });
  const unknown = paths.filter((path) => schemaAt(path) === undefined).map((path) => path.join('.'));
  const wrong = unknown.filter((path) => !noSettings.has(path));
  const variables = [...page.text.matchAll(/\bTEAL_[A-Z_]*[A-Z]\b/g)].map(([name]) => name);
  return [...wrong, ...variables.filter((name) => !isVariable(name))];
}

/** Of settings, or read by the command line, a program of the examples, or a bench. */
function isVariable(name: string): boolean {
  if (settingKeys.some(({ variable }) => variable === name)) return true;
  return readers.some(({ text }) => text.includes(name));
}

const readers = readFiles('src/cli/**/*.ts', 'examples/**/*', 'bench/**/*.ts', 'test/fixtures/*.ts').filter(
  ({ path }) => !path.endsWith('.md'),
);

t.test('settings and variables', async (t) => {
  t.same(
    pages.flatMap((page) => unknownSettings(page).map((name) => `${page.path}: ${name}`)),
    [],
  );
  const text = 'Say `dns.udpMaxBites` or `dns.planes: one`, TEAL_DNS_UDP_MAX_BYTES or TEAL_DNS_UDP_MAX_BITES.';
  t.same(unknownSettings({ path: 'bad.md', text }), ['dns.udpMaxBites', 'TEAL_DNS_UDP_MAX_BITES'], 'it can fail');
});

t.test('scripts of npm', async (t) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const unknown = ({ path, text }: SourceFile): string[] =>
    [...text.matchAll(/\bnpm run (?:-\S+ )*(?<name>[\w:-]+)/g)]
      .map(({ groups }) => groups?.name ?? '')
      .filter((name) => !Object.hasOwn(scripts, name))
      .map((name) => `${path}: npm run ${name}`);
  t.same(pages.flatMap(unknown), []);
  t.same(unknown({ path: 'bad.md', text: '`npm run -s bench:nothing`' }), ['bad.md: npm run bench:nothing']);
});
