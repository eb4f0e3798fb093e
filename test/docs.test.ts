/** The pages: every link in them leads somewhere, and every page is found from docs/README.md. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import { UDP_TRANSPORTS } from '../src/sockets/transports.ts';
import { drawn } from '../tools/blue-green-pictures.ts';
import { alertRules } from './fixtures/monitoring.ts';
import { readFiles, type SourceFile } from './fixtures/sources.ts';

const pages = readFiles('*.md', 'docs/**/*.md');
/** Listed by their own index, or not a guide. */
const notListed = [/^docs\/README\.md$/, /^docs\/decisions\//];

interface Link {
  readonly path: string;
  readonly anchor: string | undefined;
}

/** Links to files of the project, as paths from its root. */
function linksOf({ path, text }: SourceFile): Link[] {
  const prose = text.replace(/^```.*?^```/gms, '');
  const targets = [...prose.matchAll(/\]\((?<target>[^)\s]+)\)/g)].map((match) => match.groups?.target ?? '');
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', anchor] = target.split('#');
      return { path: file === '' ? path : normalize(join(dirname(path), file)).replace(/\/$/, ''), anchor };
    });
}

/** As forges make them of headings: lower case, no punctuation, hyphens for spaces. */
function anchorsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (?<title>.*)$/gm)].map((match) => match.groups?.title ?? '');
  return headings.map((title) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

function broken(page: SourceFile): string[] {
  const wrong = linksOf(page).filter(({ path, anchor }) => {
    if (!existsSync(path)) return true;
    return anchor !== undefined && path.endsWith('.md') && !anchorsOf(readFileSync(path, 'utf8')).includes(anchor);
  });
  return wrong.map(({ path, anchor }) => `${page.path}: ${path}${anchor === undefined ? '' : `#${anchor}`}`);
}

t.test('links lead somewhere', async (t) => {
  t.same(pages.flatMap(broken), []);
  t.ok(pages.flatMap(linksOf).length > 30, 'links were found');
  const bad = {
    path: 'docs/bad.md',
    text: 'See [this](none.md), [that](README.md#nowhere) and [web](https://example.com).',
  };
  t.same(broken(bad), ['docs/bad.md: docs/none.md', 'docs/bad.md: docs/README.md#nowhere'], 'the check can fail');
});

t.test('docs/README.md lists every page', async (t) => {
  const index = pages.find(({ path }) => path === 'docs/README.md') as SourceFile;
  const listed = linksOf(index).map(({ path }) => path);
  const guides = pages.map(({ path }) => path).filter((path) => path.startsWith('docs/'));
  const missing = guides.filter((path) => !listed.includes(path) && !notListed.some((each) => each.test(path)));
  t.same(missing, []);
});

/** What is wrong with the pages of decisions, and with the list of them. */
function faultsOfDecisions(list: string, decisions: readonly SourceFile[]): string[] {
  const numbers = decisions.map(({ path }) => path.slice('docs/decisions/'.length).split('-')[0] ?? '');
  const listed = [...list.matchAll(/^- \[(\d{4})\]\((\1-[^)]+)\): ./gm)].map(([, , name]) => `docs/decisions/${name}`);
  return [
    ...decisions.flatMap(({ path, text }, i) => {
      const [title = '', , state = ''] = text.split('\n');
      return [
        ...(numbers.indexOf(String(numbers[i])) === i ? [] : [`${path}: its number is another's too`]),
        ...(title.startsWith(`# ${numbers[i]}: `) ? [] : [`${path}: begins with "# ${numbers[i]}: " and what it is`]),
        ...(/^\d{4}-\d\d-\d\d · (in force|replaced)/.test(state) ? [] : [`${path}: has no date and status`]),
      ];
    }),
    ...(listed.join() === decisions.map(({ path }) => path).join() ? [] : ['the list has each page once, in order']),
  ];
}

t.test('docs/decisions/README.md lists every decision; each has its own number, a date and a status', async (t) => {
  const isList = ({ path }: SourceFile): boolean => path === 'docs/decisions/README.md';
  const { text: list } = pages.find(isList) as SourceFile;
  const decisions = pages.filter((page) => page.path.startsWith('docs/decisions/') && !isList(page));
  t.ok(decisions.length > 50);
  t.same(faultsOfDecisions(list, decisions), []);
  const twice = { path: 'docs/decisions/0001-another.md', text: '# Another\n\nDate: today\n' };
  t.equal(faultsOfDecisions(list, [...decisions, twice]).length, 4, 'the check can fail');
});

t.test('docs/metrics.md lists every alert', async (t) => {
  const { text } = pages.find(({ path }) => path === 'docs/metrics.md') as SourceFile;
  const [, section = ''] = text.split('\n## Alerts\n');
  const listed = [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  t.same(
    listed.sort(),
    alertRules()
      .map(({ alert }) => alert)
      .sort(),
  );
});

t.test('README.md has every value of dns.transport, and every bench and trial', async (t) => {
  const readme = readFileSync('README.md', 'utf8');
  const [, values = ''] = /^\| `TEAL_DNS_TRANSPORT` \| (.*) \|$/m.exec(readme) ?? [];
  t.same([...values.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).sort(), [...UDP_TRANSPORTS].sort());
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const toRun = Object.keys(scripts).filter((name) => /^(?:bench|try)\b/.test(name));
  t.ok(toRun.length > 15);
  t.same(
    toRun.filter((name) => !readme.includes(`\`${name}\``) && !readme.includes(`\`npm run ${name}\``)),
    [],
  );
});

/** What is said of AF_XDP where it cannot be had, up to what is another one each time: of an error, or of its own. */
function reasonsIn({ text }: SourceFile): string[] {
  const phrases = [...text.matchAll(/(?:\bE[A-Z]{3,}: |\bnew XdpFault\(\s*)['`](?<words>[^'`]+)['`]/g)];
  return phrases.map(({ groups }) => groups?.words ?? '').filter((words) => !words.startsWith('${'));
}

/** Those that no row of the page's table is about; names of errors and limits are left out of the rows. */
function withoutRow(reasons: readonly string[], page: string): string[] {
  const rows = page.split('| reason | what to do |')[1]?.split('\n\n')[0]?.split('\n') ?? [];
  const listed = rows.flatMap((row) =>
    [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, reason = '']) =>
      reason.replace(/^E[A-Z]+, |\d+$/g, '').split('…'),
    ),
  );
  return reasons.filter((reason) => !listed.some((parts) => parts.every((part) => reason.includes(part.trim()))));
}

t.test('docs/xdp.md says what to do for every reason why AF_XDP cannot be had', async (t) => {
  const reasons = readFiles('src/sockets/xdp/*.ts').flatMap(reasonsIn);
  t.ok(reasons.length > 15, `${reasons.length} were found`);
  t.same(withoutRow(reasons, readFileSync('docs/xdp.md', 'utf8')), []);
  const page = '| reason | what to do |\n|---|---|\n| `EBUSY, taken`, `its size of … is odd` | wait |\n\n`gone`';
  const text = "{ EBUSY: 'taken by you', ENODEV: 'gone' }; new XdpFault(`its size of 3 is odd`)";
  t.same(withoutRow(reasonsIn({ path: 'bad.ts', text }), page), ['gone'], 'the check can fail');
});

t.test('docs/start.md makes nothing that README.md has made before', async (t) => {
  const readme = readFileSync('README.md', 'utf8');
  const start = readFileSync('docs/start.md', 'utf8');
  const made = [...start.matchAll(/teal (?:zone|service) add (\S+)/g)].map(([, name]) => String(name));
  t.ok(made.length >= 2);
  t.same(
    made.filter((name) => readme.includes(`/zones/${name}`) || readme.includes(`/services/${name}`)),
    [],
    'who has typed the one can type the other',
  );
});

t.test('the pictures of the tutorial are as the tool draws them, and shown', async (t) => {
  const page = readFileSync('docs/blue-green.md', 'utf8');
  t.ok(drawn.size >= 9);
  for (const [path, text] of drawn) {
    t.equal(readFileSync(path, 'utf8'), text, `node tools/blue-green-pictures.ts draws ${path}`);
    t.ok(page.includes(`](${path.replace('docs/', '')})`), `${path} is shown`);
  }
});
