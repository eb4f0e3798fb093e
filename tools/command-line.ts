/** The command lines of benches, long tests and tools: the comment at the head of a program is its help. */
import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** EX_USAGE of sysexits.h: a wrong command line. */
const WRONG_USAGE = 64;

/**
 * The options and words that the program was started with, as `parseArgs` tells them. `--help` prints the comment at the head
 * of its file and ends it; what `parseArgs` refuses ends it with one line that says why, that comment, and exit code 64.
 */
export function commandLine<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  endWhereHelpIsAsked();
  try {
    return parseArgs(config);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/**
 * Whole numbers above 0 that are given by their places, each with its default, and words that may stand anywhere. Ends the
 * program like `commandLine`, also where something is left over.
 */
export function numbersAndWords<const N extends string, const W extends string = never>(
  defaults: Readonly<Record<N, number>>,
  known: readonly W[] = [],
): { readonly numbers: Readonly<Record<N, number>>; readonly words: ReadonlySet<W> } {
  const { positionals } = commandLine({ allowPositionals: true });
  const isKnown = (word: string): word is W => (known as readonly string[]).includes(word);
  const given = positionals.filter((word) => !isKnown(word));
  const names = Object.keys(defaults) as N[];
  if (given.length > names.length) refuse(`nothing was expected at ${given[names.length]}${orWords(known)}`);
  const numbers = names.map((name, i) => [name, wholeNumber(given[i] ?? defaults[name], name, orWords(known))]);
  return { numbers: Object.fromEntries(numbers) as Record<N, number>, words: new Set(positionals.filter(isKnown)) };
}

function orWords(known: readonly string[]): string {
  return known.length === 0 ? '' : ` (words that are known: ${known.join(', ')})`;
}

/** A whole number above 0, of what `name` says; ends the program where it is none. */
export function wholeNumber(text: string | number, name: string, besides = ''): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    refuse(`${name}: expected a whole number above 0, found ${text}${besides}`);
  return number;
}

/** Ends the program: what is wrong with its command line, its help, and exit code 64. */
export function refuse(why: string): never {
  console.error(`${why}\n\n${ownHelp()}`);
  process.exit(WRONG_USAGE);
}

/** `--help` and `-h`. */
function endWhereHelpIsAsked(): void {
  if (!process.argv.slice(2).some((word) => word === '--help' || word === '-h')) return;
  console.log(ownHelp());
  process.exit(0);
}

function ownHelp(): string {
  return helpOf(readFileSync(process.argv[1] as string, 'utf8'));
}

/** The text of the comment that a program begins with. */
export function helpOf(source: string): string {
  const end = source.indexOf('*/');
  const lines = source.slice(source.indexOf('/**') + 3, end).split('\n');
  return lines
    .map((line) => line.replace(/^ \* ?/, '').trim())
    .join('\n')
    .trim();
}
