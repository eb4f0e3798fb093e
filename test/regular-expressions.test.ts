/** No regular expression in src takes the square of the length of what it reads, or more: input comes from anybody. */
import { stripTypeScriptTypes } from 'node:module';
import vm from 'node:vm';
import { type Node, parse } from 'acorn';
import t from 'tap';
import { readFiles } from './fixtures/sources.ts';

interface Expression {
  readonly where: string;
  readonly source: string;
  readonly flags: string;
}

/** Long enough that a square takes seconds, and short enough that a line takes a millisecond. */
const LENGTH = 50_000;
/** Of a processor's time, so that a busy machine does not count: some hundred times what a linear one takes. */
const LIMIT_MS = 250;
const RUN = new vm.Script('expression.test(text)');
const RUN_ALL = new vm.Script('for (const text of texts) expression.test(text)');

/** Regular expressions written as such, and texts that become one: `new RegExp('…')`, `pattern: '…'`. */
function expressionsIn(path: string, text: string): Expression[] {
  const found: Expression[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    // biome-ignore lint/suspicious/noExplicitAny: a tree of many kinds of nodes
    const { type, regex, value, callee, key, arguments: given } = node as any as Node & Record<string, any>;
    if (type === 'Literal' && regex) found.push({ where: path, source: regex.pattern, flags: regex.flags });
    if (type === 'NewExpression' && callee.name === 'RegExp' && typeof given[0]?.value === 'string')
      found.push({ where: path, source: given[0].value, flags: '' });
    if (type === 'Property' && key?.name === 'pattern' && typeof value?.value === 'string')
      found.push({ where: path, source: value.value, flags: '' });
    Object.values(node).forEach(visit);
  };
  visit(parse(stripTypeScriptTypes(text), { ecmaVersion: 'latest', sourceType: 'module' }));
  return found;
}

/** What an expression may stumble over when it comes again and again: its own characters and words, and usual ones. */
function pumpsOf(source: string): string[] {
  const plain = source.replaceAll(/\\[a-z]|\(\?<\w+>/gi, ' ');
  const characters = new Set(['a', 'Z', '0', ' ', '\t', '.', ...plain.replaceAll(/\s/g, '')]);
  const words = plain.match(/[A-Za-z0-9]{2,}/g) ?? [];
  const own = [...characters].filter((character) => /[^\w\s]/.test(character));
  return [...characters, ...words, ...words.flatMap((word) => own.map((character) => character + word))];
}

/** What this thread has used of a processor: what others have taken from it is no fault of the expression. */
function usedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Whether it takes too long for the text; tried again with more time where others on the machine took that of a try. */
function isSlow(one: Expression, context: vm.Context): boolean {
  let more = '';
  for (let limitMs = LIMIT_MS; ; limitMs *= 2) {
    const before = usedMs();
    try {
      RUN.runInContext(context, { timeout: limitMs });
      return false;
    } catch {
      if (usedMs() - before > LIMIT_MS * 0.9) return true;
    }
    // Another one for V8, which makes one faster that has run for long.
    more += '(?:)';
    context.expression = new RegExp(one.source + more, one.flags.replace('g', ''));
  }
}

/** The input that it takes too long for; undefined where there is none. */
function slowInput(one: Expression): string | undefined {
  const { source, flags } = one;
  const begins = ['', ...new Set(source.match(/[^\w\s]/g) ?? [])];
  const inputs = pumpsOf(source).flatMap((pump) =>
    (pump.length > 2 ? begins : begins.slice(0, 4)).map((begin) => ({ begin, pump })),
  );
  const textOf = ({ begin, pump }: { begin: string; pump: string }) =>
    `${begin}${pump.repeat(LENGTH / pump.length)}\u0000`;
  const context = vm.createContext({
    expression: new RegExp(source, flags.replace('g', '')),
    texts: inputs.map(textOf),
    text: '',
  });
  // All in the time of one: then none is slow, and a limit, which takes a thread, is set once and not some 200 times.
  try {
    RUN_ALL.runInContext(context, { timeout: LIMIT_MS });
    return undefined;
  } catch {}
  for (const input of inputs) {
    context.text = textOf(input);
    if (isSlow(one, context)) return `${input.begin}(${input.pump})*`;
  }
  return undefined;
}

t.test('the check can fail', async (t) => {
  const blanks = expressionsIn('a.ts', 'const a = /^[ \\t]*(?:"[^"]*")?[ \\t]*$/;');
  t.equal(blanks.length, 1);
  t.ok(slowInput(blanks[0]), 'a square');
  const [cube] = expressionsIn('a.ts', 'const a: RegExp = /^\\/.*\\{[^}]*\\bdns\\b[^}]*\\}/s;');
  t.ok(slowInput(cube as Expression), 'a cube');
  const [text] = expressionsIn('a.ts', "Type.String({ pattern: '^(a+)+$' });");
  t.ok(slowInput(text as Expression), 'an exponential');
  t.equal(slowInput({ where: '', source: '^[a-z]+(-[a-z]+)*$', flags: '' }), undefined);
});

t.test('no input is slow to read', async (t) => {
  const all = readFiles('src/**/*.ts').flatMap(({ path, text }) => expressionsIn(path, text));
  t.ok(all.length > 50, `${all.length} expressions`);
  const unique = [...new Map(all.map((one) => [`/${one.source}/${one.flags}`, one])).values()];
  for (const one of unique) {
    const slow = slowInput(one);
    if (slow !== undefined) t.fail(`/${one.source}/${one.flags} of ${one.where} is slow for ${JSON.stringify(slow)}`);
  }
});
