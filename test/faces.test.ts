/** Each folder of src opens with what it is, and which of its files are for others. */
import { posix } from 'node:path';
import t from 'tap';
import { readFiles, type SourceFile } from './fixtures/sources.ts';

const sources = readFiles('src/**/*.{ts,tsx}');

/** Folders that open with a README: what they are, and which of their files are for others. */
const withFaces = ['asking', 'etcd', 'metrics', 'responder', 'sockets', 'store', 'table', 'wire'];

/** Files and folders that a README names and that are not beside it. */
function missingBeside({ path, text }: SourceFile, files: readonly SourceFile[]): string[] {
  const folder = path.replace(/README\.md$/, '');
  const named = [...text.matchAll(/`([a-z\d./-]+(?:\.ts|\/))`/g)].map((match) => posix.join(folder, match[1]));
  return named.filter((name) => !files.some((file) => file.path === name || file.path.startsWith(name)));
}

t.test('a folder opens with what its face is, and that is there', async (t) => {
  const readmes = readFiles('src/**/README.md');
  const folders = readmes.map(({ path }) => path.split('/')[1]);
  t.same(
    withFaces.filter((folder) => !folders.includes(folder)),
    [],
  );
  for (const readme of readmes) t.same(missingBeside(readme, sources), [], readme.path);
  const bad = {
    path: 'src/wire/README.md',
    text: 'The faces are `name.ts`, `gone.ts`, `rdata/`, `../guard.ts`, `../lost.ts` and `lost/`.',
  };
  t.same(missingBeside(bad, sources), ['src/wire/gone.ts', 'src/lost.ts', 'src/wire/lost/'], 'this check can fail');
});
