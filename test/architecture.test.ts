/** docs/ARCHITECTURE.md and CONTRIBUTING.md say what is so of files and imports, and each folder of src what its face is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { allowed, partOf } from './fixtures/parts.ts';

/** Paths in code marks that a text names and that are not there; those of a walk are under src/; `dist` is made. */
function missingPaths(text: string): string[] {
  const named = [...text.matchAll(/`(?<path>[\w.-]+(?:\/[\w.-]+)+)\/?`/g)].map((match) => match.groups?.path ?? '');
  return named.filter((path) => !path.startsWith('dist/') && !existsSync(path) && !existsSync(`src/${path}`));
}

const walks = /^## The walk of (?<what>.+)\n(?<steps>[\s\S]*?)(?=^## )/gm;

t.test('every file that the page names is there', async (t) => {
  const page = readFileSync('docs/ARCHITECTURE.md', 'utf8');
  t.same(missingPaths(page), []);
  t.same(missingPaths('`src/server.ts`, `table/lookup.ts`, `table/gone.ts`'), ['table/gone.ts'], 'this check can fail');
  const found = [...page.matchAll(walks)].map(({ groups }) => groups?.what);
  t.same(found, ['a query', 'a shift', "a release's step", 'a zone file', "a large zone's signing"]);
  t.ok(page.split('\n').length <= 120, 'one page');
});

/** Each part, without those inside another one. */
const parts = Object.keys(allowed).filter((part) => !part.includes('/'));

/** What the table of docs/ARCHITECTURE.md says that a part may import: besides the names, its cells have words. */
function importsOnPage(page: string): Record<string, string[]> {
  const rows = [...page.matchAll(/^\| (?<files>`src\/.*?) \|.*\| (?<imports>[^|]*) \|$/gm)];
  return Object.fromEntries(
    rows.map(({ groups }) => {
      const part = partOf(/`(?<path>src\/[\w.-]+)`/.exec(groups?.files ?? '')?.groups?.path ?? '');
      const cell = (groups?.imports ?? '').replace(/ \([^)]*\)|[;:].*/g, '');
      const named = cell
        .replace(/^nothing$|^all but /, '')
        .split(', ')
        .filter(Boolean);
      const others = parts.filter((other) => !named.includes(other) && other !== part && other !== 'main');
      return [part, (cell.startsWith('all but ') ? others : named).sort()];
    }),
  );
}

t.test('docs/ARCHITECTURE.md says which part may import which', async (t) => {
  const page = readFileSync('docs/ARCHITECTURE.md', 'utf8');
  const may = parts.map((part) => [part, allowed[part]?.filter((other) => !other.includes('/')).sort()]);
  t.same(importsOnPage(page), Object.fromEntries(may));
  const rows = [
    '| `src/wire` | DNS bytes | nothing |',
    '| `src/log.ts`, `src/log` | lines | config, sockets (libc); x |',
  ];
  t.same(importsOnPage(rows.join('\n')), { wire: [], log: ['config', 'sockets'] }, 'this check can fail');
});

t.test('CONTRIBUTING.md is one page too, and leads a newcomer to files that are there', async (t) => {
  const page = readFileSync('CONTRIBUTING.md', 'utf8');
  t.same(missingPaths(page), []);
  for (const what of [
    'a setting',
    'a route of `/v1`',
    'a command of `teal`',
    'a transport',
    'a change of the database',
  ])
    t.ok(page.includes(`| ${what} |`), what);
  t.ok(page.split('\n').length <= 100, 'one page');
});

t.test('every folder of src says what its face is, by files that are there', async (t) => {
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  t.ok(folders.length > 12);
  for (const { name } of folders) {
    const text = readFileSync(`src/${name}/README.md`, 'utf8');
    t.match(text, new RegExp(`^# ${name}: `), name);
    const files = [...text.matchAll(/`(?<path>(?:\.\.\/)?[\w./-]+\.tsx?)`/g)].map((match) => match.groups?.path ?? '');
    t.ok(files.length > 0, `${name} names a file`);
    const missing = files.filter((path) => !existsSync(`src/${name}/${path}`) && !existsSync(`src/${path}`));
    t.same(missing, [], name);
  }
});
