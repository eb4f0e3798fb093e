/** What keeps the code readable and no other tool checks: which way imports point, and how files begin. */
import { readdirSync } from 'node:fs';
import t from 'tap';
import { allowed, partOf } from './fixtures/parts.ts';
import {
  deadFiles,
  findCircle,
  functionsOf,
  importedBy,
  importsOf,
  readFiles,
  type SourceFile,
  unusedExports,
} from './fixtures/sources.ts';

const sources = readFiles('src/**/*.{ts,tsx}');
const tests = readFiles('{test,bench,tools}/**/*.ts');
const texts = readFiles('*.md', '*.json', '*.yml', 'Dockerfile', 'docs/**/*.md', 'config/**/*', '.ci/*').filter(
  ({ path }) => path !== 'package-lock.json',
);

/** Packages that only some parts may know. */
const owners: Readonly<Record<string, readonly string[]>> = {
  koffi: ['sockets'],
  // `teal bench` is a client of DNS too.
  'node:dgram': ['sockets', 'asking', 'cli'],
  // Types and names of types; what reads bytes of strangers is in asking, behind the check.
  dns2: ['asking', 'cli'],
  fastify: ['api'],
  commander: ['cli'],
  'prom-client': ['metrics'],
  ...{ 'better-sqlite3': ['store'], 'temporal-polyfill': ['model'], 'openid-client': ['control'] },
  ...{ '@grpc/grpc-js': ['etcd'], '@grpc/proto-loader': ['etcd'], nodemailer: ['control'] },
};

/** Parts that know nothing outside but assertions, and in two places digests and wall clocks: functions as any other. */
const pure = ['wire', 'duration', 'model', 'table', 'responder'];
const besides: Readonly<Record<string, string>> = { crypto: 'src/wire/dnssec/', temporal: 'src/model/calendar.ts' };
const besideOf = (name: string): string => besides[name.replace(/^node:|-polyfill$/, '')] ?? ' ';

function wrongImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const part = partOf(file.path);
    const wrong = importsOf(file).files.filter((to) => {
      const other = partOf(to);
      return other !== part && !allowed[part]?.includes(other);
    });
    return wrong.map((to) => `${file.path} imports ${to}`);
  });
}

function wrongPackages(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const part = partOf(file.path);
    const wrong = importsOf(file).packages.filter((name) => {
      if (pure.includes(part)) return name !== 'node:assert/strict' && !file.path.startsWith(besideOf(name));
      const owner = owners[name];
      return owner !== undefined && !owner.includes(part.split('/')[0]);
    });
    return wrong.map((name) => `${file.path} imports ${name}`);
  });
}

t.test('imports point one way', async (t) => {
  t.ok(sources.length > 0);
  t.same(wrongImports(sources), []);
  t.same(wrongPackages(sources), []);
  const unknown = sources.map(({ path }) => partOf(path)).filter((part) => allowed[part] === undefined);
  t.same(unknown, [], 'every part has a row');
});

/** Folders of `src/api` that are no API: what all of them share. */
const sharedByApis = ['door'];

function betweenApis(files: readonly SourceFile[]): string[] {
  const apiOf = (path: string): string | undefined => {
    const folder = /^src\/api\/(?<folder>[^/]+)\//.exec(path)?.groups?.folder;
    return folder === undefined || sharedByApis.includes(folder) ? undefined : folder;
  };
  return files.flatMap((file) => {
    if (file.path === 'src/api/app.ts' || file.path === 'src/api/doors.ts') return [];
    const wrong = importsOf(file).files.filter((to) => apiOf(to) !== undefined && apiOf(to) !== apiOf(file.path));
    return wrong.map((to) => `${file.path} imports ${to}`);
  });
}

t.test('an API is known to app.ts only, which registers it, and a door to doors.ts, which loads it', async (t) => {
  t.same(betweenApis(sources), []);
  const bad = [
    { path: 'src/api/app.ts', text: "import { v1 } from './v1/index.ts';" },
    { path: 'src/api/other/routes.ts', text: "import { put } from '../v1/replies.ts';\nimport '../door/door.ts';" },
    { path: 'src/api/problems.ts', text: "import { dialect } from './v1/dialect.ts';" },
    { path: 'src/api/v1/index.ts', text: "import { dialect } from './dialect.ts';" },
  ];
  t.same(
    betweenApis(bad),
    ['src/api/other/routes.ts imports src/api/v1/replies.ts', 'src/api/problems.ts imports src/api/v1/dialect.ts'],
    'this check can fail',
  );
});

/** Imports that a client of the API may not have: code of others, and of the contract what is not among its types. */
const foreignCode = {
  console: /^import\s+(?!type\b)[^;]*?from\s+'(?:\.\.\/)+(?:model|contract)\//m,
  cli: /^import\s+(?!type\b)[^;]*?from\s+'(?:\.\.\/)+contract\//m,
};
const pastTheTypes = /from\s+'(?:\.\.\/)+contract\/(?!types\.ts')/;

const wrongClients = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ path, text }) => {
      const client = /^src\/(console|cli)\//.exec(path)?.[1];
      return client !== undefined && (foreignCode[client as 'cli'].test(text) || pastTheTypes.test(text));
    })
    .map(({ path }) => path);

t.test('the CLI and the console take the types of the contract, and no code of others', async (t) => {
  t.same(wrongClients(sources), []);
  const bad = [
    { path: 'src/console/a.ts', text: "import { isActive } from '../../model/release.ts';" },
    { path: 'src/console/b.ts', text: "import type { Release } from '../contract/types.ts';" },
    { path: 'src/cli/c.ts', text: "import type { Zone } from '../contract/zones.ts';" },
    { path: 'src/cli/d.ts', text: "import { whole } from '../contract/shapes.ts';" },
    { path: 'src/cli/e/f.ts', text: "import type {\n  Zone,\n} from '../../contract/types.ts';" },
  ];
  t.same(wrongClients(bad), ['src/console/a.ts', 'src/cli/c.ts', 'src/cli/d.ts'], 'this check can fail');
});

/** What has nobody above it who would catch what it throws. */
const unguarded =
  /(?<![\w.#])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\(|\bprocess\.nextTick\(|\.(?:on|once|addListener|prependListener|addEventListener)\(|\.on[a-z]+ = /;

t.test(
  'in the control plane every timer and listener has a guard: afterMs, everyMs, listen, onAbort of guard.ts',
  async (t) => {
    for (const line of [
      'const timer = setTimeout(look, 5);',
      "socket.once('close', () => open.delete(socket));",
      "signal.addEventListener('abort', stop);",
      'port.onmessage = read;',
      'process.nextTick(work);',
    ])
      t.match(line, unguarded, 'this check can fail');
    for (const line of ["listen(port, 'message', 'x', read);", 'clearTimeout(timer);', 'return this.#setTimeout(x);'])
      t.notMatch(line, unguarded);
    const found = sources
      .filter(({ path }) => ['control', 'api', 'metrics', 'server'].includes(partOf(path)))
      .flatMap(({ path, text }) =>
        text.split('\n').flatMap((line, at) => (unguarded.test(line) ? `${path}:${at + 1}: ${line.trim()}` : [])),
      );
    t.same(found, []);
  },
);

t.test('nothing imports itself, by whatever detour', async (t) => {
  t.equal(findCircle([...sources, ...tests])?.join(' → '), undefined);
});

t.test('no bench and no tool loads tap, which would end it as a test after half a minute', async (t) => {
  const testingOf = (files: readonly SourceFile[]): string[] => {
    const entries = files.filter(({ path }) => /^(?:bench|tools)\//.test(path)).map(({ path }) => path);
    return entries.filter((path) => importedBy([path], files).packages.includes('tap'));
  };
  t.same(testingOf([...sources, ...tests]), []);
  const bad = [
    { path: 'bench/a.ts', text: "import { b } from '../test/fixtures/b.ts';\n" },
    { path: 'test/fixtures/b.ts', text: "import t, { type Test } from 'tap';\n" },
  ];
  t.same(testingOf(bad), ['bench/a.ts'], 'this check can fail');
});

t.test('the checks above can fail', async (t) => {
  const file = (path: string, text: string): SourceFile => ({ path, text });
  const bad = [
    file('src/wire/a.ts', "import type {\n  B,\n} from '../model/b.ts';\nimport koffi from 'koffi';\n"),
    file('src/model/b.ts', "export * from '../wire/a.ts';\nimport '../model/b.ts';\n"),
    file('src/cli/shift.ts', "const { a } = await import('../server.ts');\nimport koffi from 'koffi';\n"),
    file('src/cli/serve.ts', "import { EXIT } from './exit.ts';\nimport { Command } from 'commander';\n"),
  ];
  t.same(wrongImports(bad), ['src/wire/a.ts imports src/model/b.ts', 'src/cli/shift.ts imports src/server.ts']);
  t.same(wrongPackages(bad), ['src/wire/a.ts imports koffi', 'src/cli/shift.ts imports koffi']);
  t.same(findCircle(bad), ['src/wire/a.ts', 'src/model/b.ts', 'src/wire/a.ts']);
});

t.test("the root zone's name is made a dot by shown.ts alone", async (t) => {
  const byHand = /=== '' \? '\.' :/;
  t.same(
    sources.flatMap(({ path, text }) => (byHand.test(text) ? [path] : [])),
    ['src/shown.ts'],
  );
});

t.test('a file begins with a sentence on what it is', async (t) => {
  const opening = ({ text }: SourceFile): string | undefined => /^(?:#!.*\n)?\/\*\*(.*?)\*\//s.exec(text)?.[1];
  const without = [...sources, ...tests].filter((file) => !/[.?!]\s*$/.test(opening(file) ?? ''));
  t.same(
    without.map(({ path }) => path),
    [],
  );
});

t.test('no file has a path of the machine it was written on, or a note to do something later', async (t) => {
  const forbidden = [/(?<![\w.])\/(?:work|root|home|Users)\//, /\b(?:TO[D]O|FIX[M]E)\b/];
  const found = [...sources, ...tests, ...texts].flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, at) => (forbidden.some((each) => each.test(line)) ? `${path}:${at + 1}: ${line}` : [])),
  );
  t.same(found, []);
});

/** What stands at the top, and nothing else without a reason; see docs/ARCHITECTURE.md, "Where things are". */
const root = [
  ...['.ci', '.dockerignore', '.editorconfig', '.git', '.gitignore', '.github', 'bench', 'biome.json', 'CHANGELOG.md'],
  ...['config', 'CONTRIBUTING.md', 'Dockerfile', 'docker-compose.yml', 'docs', 'examples', 'LICENSE'],
  'docker-compose.fleet.yml',
  ...['package-lock.json', 'package.json', 'README.md', 'SECURITY.md', 'src', 'test', 'tools'],
  ...['tsconfig.build.json', 'tsconfig.json'],
  // What is made there and never committed: .gitignore names it.
  ...['.tap', 'data', 'dist', 'node_modules'],
];

const unknownAtRoot = (names: readonly string[]): string[] => names.filter((name) => !root.includes(name));

t.test('nothing unknown stands at the top', async (t) => {
  t.same(unknownAtRoot(readdirSync('.')), []);
  t.same(unknownAtRoot(['src', 'isolate-0x1-2-v8.log']), ['isolate-0x1-2-v8.log'], 'this check can fail');
});

t.test('what is exported is used by somebody, and so is every file', async (t) => {
  const all = [...sources, ...tests, ...texts];
  t.same(unusedExports(sources, all), []);
  t.same(deadFiles(sources, all), []);
  const bad = [
    { path: 'src/a.ts', text: 'export const used = 1;\nexport interface Unused {}\nexport { late };\n' },
    { path: 'src/b.ts', text: "import { used as other } from './a.ts';\nconst { late } = await import('./a.ts');\n" },
  ];
  t.same(unusedExports(bad, bad), ['src/a.ts: Unused'], 'this check can fail');
  t.same(deadFiles(bad, bad), ['src/b.ts']);
});

const FUNCTION_LINES_MAX = 80;
const FILE_LINES_MAX = 350;
const PARAMETERS_MAX = 5;

/** Files that are longer for a reason. */
const longFiles: Readonly<Record<string, string>> = {
  'test/api/bad-requests.ts': 'a list of cases',
  'test/config.test.ts': 'a list of cases',
  'test/interop/zone-file-cases.ts': 'a list of cases',
};

/** Functions that are longer, or have more parameters, for a reason. */
const largeFunctions: Readonly<Record<string, string>> = {
  'src/store/statements.ts: makeStatements': 'one line a statement',
  // Called for every query: bytes come with their places, and no object is made to hold them.
  'src/responder/answer.ts: answer': 'for every query',
  'src/responder/cookies.ts: write': 'for every query',
  'src/responder/reply.ts: begin': 'for every query',
  'src/table/index.ts: findEntry': 'for every query',
  'src/table/resolvers.ts: note': 'for every query',
  // The same for every name of a zone file.
  'src/wire/name.ts: readName': 'for every name of a zone file',
  'src/wire/name.ts: appendOrigin': 'for every name of a zone file',
};

const lengthOf = ({ text }: SourceFile): number => text.split('\n').length - 1;

/** What is stripped of its types is JavaScript; with JSX in it, it is not. */
const functionsIn = (files: readonly SourceFile[]) =>
  files.filter(({ path }) => path.endsWith('.ts')).flatMap(functionsOf);

function tooLong(files: readonly SourceFile[]): string[] {
  const long = files.filter((file) => lengthOf(file) > FILE_LINES_MAX && longFiles[file.path] === undefined);
  const large = functionsIn(files.filter(({ path }) => path.startsWith('src/'))).filter(
    ({ path, name }) => largeFunctions[`${path}: ${name}`] === undefined,
  );
  return [
    ...long.map((file) => `${file.path}: ${lengthOf(file)} lines`),
    ...large
      .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(({ path, name, lines }) => `${path}: ${name} has ${lines} lines`),
    ...large
      .filter(({ parameters }) => parameters > PARAMETERS_MAX)
      .map(({ path, name, parameters }) => `${path}: ${name} has ${parameters} parameters`),
  ];
}

t.test('files and functions are short, or have a reason', async (t) => {
  t.same(tooLong([...sources, ...tests]), []);
  const bad = [
    { path: 'src/a.ts', text: '//\n'.repeat(351) },
    { path: 'src/b.ts', text: `function long() {\n${'  f();\n'.repeat(80)}}\n` },
    { path: 'src/c.ts', text: 'const wide = (a, b, c, d, e, f) => a;\n' },
  ];
  const found = ['src/a.ts: 351 lines', 'src/b.ts: long has 82 lines', 'src/c.ts: wide has 6 parameters'];
  t.same(tooLong(bad), found, 'this check can fail');
  const gone = Object.keys(longFiles).filter(
    (path) => ![...sources, ...tests].some((file) => file.path === path && lengthOf(file) > FILE_LINES_MAX),
  );
  t.same(gone, [], 'no reason outlives its file');
});

t.test('the longest files and functions, for the reader to judge', async (t) => {
  const length = ({ text }: SourceFile): number => text.split('\n').length - 1;
  const files = [...sources, ...tests].sort((a, b) => length(b) - length(a)).slice(0, 10);
  for (const file of files) t.comment(`${length(file)} lines: ${file.path}`);
  // What is stripped of its types is JavaScript; with JSX in it, it is not.
  const functions = sources
    .filter(({ path }) => path.endsWith('.ts'))
    .flatMap(functionsOf)
    .sort((a, b) => b.lines - a.lines);
  for (const { name, path, line, lines } of functions.slice(0, 10))
    t.comment(`${lines} lines: ${name} ${path}:${line}`);
  t.ok(functions.length > sources.length, 'functions were found');
});
