/** What keeps the code readable and no other tool checks: which way imports point, and how files begin. */
import t from 'tap';
import { findCircle, functionsOf, importsOf, readFiles, type SourceFile } from './fixtures/sources.ts';

const sources = readFiles('src/**/*.{ts,tsx}');
const tests = readFiles('{test,bench,tools}/**/*.ts');
const texts = readFiles('*.md', '*.json', '*.yml', 'Dockerfile', 'docs/**/*.md', 'config/**/*', '.ci/*').filter(
  ({ path }) => path !== 'package-lock.json',
);

/** Which parts of src a part may import. `model`: everything under src/model; `config`: src/config.ts and src/config/. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  model: ['wire'],
  table: ['wire', 'model'],
  responder: ['wire', 'table'],
  // Framing needs the constants of the header, and stopping those of the table's control words.
  sockets: ['wire', 'table', 'responder'],
  guard: [],
  store: ['model'],
  control: ['wire', 'model', 'table', 'store', 'guard'],
  api: ['model', 'control', 'guard'],
  metrics: ['wire', 'model', 'table', 'guard'],
  // Addresses as sockets write them, the limits that the table has, and the schemas of bodies.
  config: ['wire', 'table', 'sockets', 'api'],
  log: ['config'],
  server: [
    ...['wire', 'model', 'table', 'responder', 'sockets', 'store', 'control', 'api', 'metrics', 'config', 'log'],
    'guard',
  ],
  // They talk HTTP to the API, save for those below, each of which commands.ts loads when it is meant.
  cli: ['cli/serve', 'cli/zone-check', 'cli/data-directory', 'cli/backup', 'cli/restore'],
  'cli/serve': ['cli', 'config', 'log', 'server'],
  // Without a server.
  'cli/zone-check': ['cli', 'model'],
  // On the data directory of this machine.
  'cli/data-directory': ['cli', 'config'],
  'cli/backup': ['cli', 'cli/data-directory', 'store'],
  'cli/restore': ['cli', 'cli/backup', 'cli/data-directory', 'store'],
  main: ['cli'],
  // Types only, see below: it is bundled for browsers.
  console: ['model'],
};

/** Packages that only some parts may know. */
const owners: Readonly<Record<string, readonly string[]>> = {
  koffi: ['sockets'],
  // `teal doctor` and `teal bench` are clients of DNS.
  'node:dgram': ['sockets', 'cli'],
  'better-sqlite3': ['store'],
  fastify: ['api'],
  commander: ['cli'],
  'prom-client': ['metrics'],
};

/** Parts that know nothing outside but assertions. */
const pure = ['wire', 'model', 'table', 'responder'];

/** Parts that are given the time and chance that they need. */
const timeless = [...pure, 'control', 'store'];
const timeAndChance = /\b(?:Date\.now|new Date\(\)|performance\.now|Math\.random|randomUUID|process\.[a-z]+)\b/;

function partOf(path: string): string {
  const own = path.replace(/^src\/(.*)\.ts$/, '$1');
  if (own.includes('/') && allowed[own] !== undefined) return own;
  return /^src\/(?<part>[a-z]+)/.exec(path)?.groups?.part ?? path;
}

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
      if (pure.includes(part)) return name !== 'node:assert/strict';
      const owner = owners[name];
      return owner !== undefined && !owner.includes(part.split('/')[0] as string);
    });
    return wrong.map((name) => `${file.path} imports ${name}`);
  });
}

t.test('imports point one way', async (t) => {
  t.ok(sources.length > 0);
  t.same(wrongImports(sources), []);
  t.same(wrongPackages(sources), []);
  const unknown = sources.map(({ path }) => partOf(path)).filter((part) => allowed[part] === undefined);
  t.same(unknown, [], 'every part has a row above');
});

t.test('the console takes types from the others, and no code', async (t) => {
  const importsCode = /^import\s+(?!type\b)[^;]*?from\s+'(?:\.\.\/)+model\//m;
  t.match("import { isActive } from '../../model/release.ts';", importsCode, 'this check can fail');
  const files = sources.filter(({ path, text }) => partOf(path) === 'console' && importsCode.test(text));
  t.same(
    files.map(({ path }) => path),
    [],
  );
});

t.test('time and chance are passed in', async (t) => {
  const files = sources.filter(({ path, text }) => timeless.includes(partOf(path)) && timeAndChance.test(text));
  t.same(
    files.map(({ path }) => path),
    [],
  );
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

t.test('the checks above can fail', async (t) => {
  t.match('const at = Date.now();', timeAndChance);
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
