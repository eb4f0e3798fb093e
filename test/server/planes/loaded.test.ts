/** What the processes of a server load before the first answer: nothing that only decides, shows or talks to others. */
import t from 'tap';
import { importedBy, readFiles, type SourceFile } from '../../fixtures/sources.ts';

const sources = readFiles('src/**/*.ts');

t.test('a data process has what answering takes', async (t) => {
  const { packages, files } = importedBy(['src/cli/plane.ts', 'src/server/planes/data.ts'], sources);
  // And koffi, which is asked for where it may be missing.
  t.same(packages, ['pino']);
  t.same(
    files.filter((path) => /^src\/(?:api|contract|control|config|metrics|store)\//.test(path)),
    ['src/store/error.ts'],
  );
});

t.test('a worker has less', async (t) => {
  const { packages, files } = importedBy(['src/sockets/worker.ts'], sources);
  t.same(packages, []);
  t.same(
    files.filter((path) => !/^src\/(?:sockets|responder|table|wire|model)\//.test(path)),
    [],
  );
});

t.test('a control process has the store and the table first, and the rest once they are answered from', async (t) => {
  const { packages, files } = importedBy(['src/cli/plane.ts', 'src/server/planes/control.ts'], sources);
  t.same(packages, ['better-sqlite3', 'http-parser-js', 'pino', 'temporal-polyfill']);
  t.same(
    files.filter((path) => /^src\/(?:api\/v1|contract|metrics)\//.test(path)),
    [],
  );
  const all = importedBy(['src/server/deciding.ts', 'src/server/data-plane.ts'], sources);
  t.ok(all.packages.includes('fastify') && all.packages.includes('prom-client'), 'this check can fail');
});

t.test('what few need is loaded by them', async (t) => {
  const all = importedBy(['src/cli/serve.ts', 'src/server.ts', 'src/server/planes/control.ts'], sources);
  for (const rare of ['@grpc/grpc-js', '@grpc/proto-loader', 'nodemailer', 'openid-client', 'pino-pretty']) {
    t.notOk(all.packages.includes(rare), rare);
  }
});

t.test('types are not loaded, and neither is what is imported later', async (t) => {
  const files: SourceFile[] = [
    {
      path: 'src/a.ts',
      text: "import type { B } from './b.ts';\nimport { type C, c } from './c.ts';\nimport { type D } from 'd';\n",
    },
    { path: 'src/b.ts', text: "import 'e';\n" },
    {
      path: 'src/c.ts',
      text: "import f from 'f';\nimport 'g';\nconst late = await import('h');\nexport * from './i.ts';\n",
    },
    { path: 'src/i.ts', text: "export type { J } from 'j';\n" },
  ];
  t.same(importedBy(['src/a.ts'], files), { files: ['src/a.ts', 'src/c.ts', 'src/i.ts'], packages: ['f', 'g'] });
});
