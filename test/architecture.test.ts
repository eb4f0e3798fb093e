/** docs/ARCHITECTURE.md and CONTRIBUTING.md name files that are there, and each folder of src says what its face is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import t from 'tap';

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
