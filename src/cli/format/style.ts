/** Colour and drawing characters, where the terminal has them; the words are the same without. */
import { styleText } from 'node:util';
import type { Output, Shell } from '../shell.ts';

type Colour = 'blue' | 'green' | 'magenta' | 'cyan' | 'yellow' | 'red';

export interface Style {
  colour(colour: Colour, text: string): string;
  bold(text: string): string;
  dim(text: string): string;
  readonly symbols: Symbols;
}

interface Symbols {
  readonly full: string;
  readonly empty: string;
  readonly done: string;
  readonly now: string;
  readonly todo: string;
  readonly failed: string;
  readonly warning: string;
}

const unicode: Symbols = { full: '█', empty: '░', done: '✓', now: '▶', todo: '·', failed: '✗', warning: '!' };
const ascii: Symbols = { full: '#', empty: '.', done: '+', now: '>', todo: '-', failed: 'x', warning: '!' };

/** Text as it is. */
export const plain: Style = {
  colour: (_colour, text) => text,
  bold: (text) => text,
  dim: (text) => text,
  symbols: unicode,
};

/** What an output of this shell can show. `NO_COLOR` (no-color.org) and `FORCE_COLOR` win over what it is. */
export function styleFor(shell: Shell, output: Output): Style {
  const symbols = isUnicode(shell.env) ? unicode : ascii;
  if (!hasColour(shell.env, output)) return { ...plain, symbols };
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    styleText(format, text, { validateStream: false });
  return {
    colour: (colour, text) => paint(colour, text),
    bold: (text) => paint('bold', text),
    dim: (text) => paint('dim', text),
    symbols,
  };
}

function hasColour(env: Shell['env'], output: Output): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return output.isTerminal && env.TERM !== 'dumb';
}

/** POSIX: the first of these that is set says which characters the terminal takes; UTF-8 where none does. */
function isUnicode(env: Shell['env']): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return !locale || /utf-?8/i.test(locale);
}

const poolColours: readonly Colour[] = ['magenta', 'cyan', 'yellow', 'red'];

/** Blue is blue and green is green; other pools take the colours that are left, in the order that they have. */
export function poolColour(pool: string, pools: readonly string[]): Colour {
  if (pool === 'blue' || pool === 'green') return pool;
  const others = pools.filter((other) => other !== 'blue' && other !== 'green');
  return poolColours[Math.max(others.indexOf(pool), 0) % poolColours.length];
}
