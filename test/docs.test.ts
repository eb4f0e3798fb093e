/** The pages: every link in them leads somewhere, and every page is found from docs/README.md. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import { drawn } from '../tools/blue-green-pictures.ts';
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
