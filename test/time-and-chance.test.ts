/** The core is given the time and chance that it needs: only what is at the edge asks the machine. */
import t from 'tap';
import { readFiles, type SourceFile } from './fixtures/sources.ts';

const sources = readFiles('src/**/*.ts');

/** Parts that are given the time and chance that they need. */
const timeless = /^src\/(?:wire|model|table|responder|control|store)\//;
/** What asks the machine for the time, for chance, or to wait. Each may be imported, called or passed on. */
const timeAndChance = new RegExp(
  [
    /\b(?:Date\.now|new Date\(\)|Date\(\)|performance\.(?:now|timeOrigin|mark)|AbortSignal\.timeout)/,
    /\b(?:setTimeout|setInterval|scheduler\.wait|afterMs|everyMs)\b/,
    /\b(?:Math\.random|randomUUID|crypto\.randomBytes|randomInt|randomFill(?:Sync)?|getRandomValues|generateKey\w*)\b/,
    /\bimport\b[^;]*\b(?:randomBytes|timers(?:\/promises)?|perf_hooks|performance)\b[^;]*;/,
    /\bprocess\.[a-z]+/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

/** Files that ask it all the same. */
const askTheMachine: Readonly<Record<string, string>> = {
  'src/control/zone-files/reader.ts': 'the beginning of another one',
  'src/control/zone-files/thread.ts':
    'the beginning of a thread, which makes its own parts as the server makes those of the main one',
};

const timelessFaults = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ path, text }) => timeless.test(path) && timeAndChance.test(withoutComments(text)))
    .map(({ path }) => path);

/** What people read is not run. */
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

t.test('time and chance are passed in', async (t) => {
  t.same(timelessFaults(sources), Object.keys(askTheMachine), 'and no reason outlives its file');
  const planted = [
    'const at = Date.now();',
    'const parts = { wallMs: Date.now, steadyMs: performance.now };',
    'const late = AbortSignal.any([stopped, AbortSignal.timeout(timeoutMs)]);',
    'const timer = setTimeout(look, 5);',
    "const timer = afterMs('a look', 5, look);",
    "import { randomBytes, timingSafeEqual } from 'node:crypto';",
    "import { setTimeout as wait } from 'node:timers/promises';",
    'const id = crypto.randomUUID();',
    'const key = crypto.randomBytes(32);',
    'crypto.getRandomValues(words);',
    'const seed = randomInt(2 ** 32);',
    'const pick = options.random ?? Math.random;',
    'const began = process.hrtime.bigint();',
  ];
  for (const text of planted) t.same(timelessFaults([{ path: 'src/control/a.ts', text }]).length, 1, text);
  const passedIn = [
    'const at = clock.wallMs();',
    'const cancel = timers.after(timeoutMs, late);',
    'const secret = makeSecret(randomBytes);',
    "import type { RandomBytes } from '../clock.ts';",
    "import { createHash } from 'node:crypto';",
    'const made = new Date(atMs).toISOString();',
    '/** As Date.now() tells it. */',
  ];
  for (const text of passedIn) t.same(timelessFaults([{ path: 'src/control/a.ts', text }]), [], text);
});
