/** The words of each place, as a script for fish. */
import type { Place, Values } from './places.ts';
import { quote } from './quote.ts';

/** The script for fish. `__teal_KIND` prints the words of a kind, and nothing where there is no server. */
export const fishScript = (places: readonly Place[]): string => `# Completion of teal for fish.
function __teal_at
  set -l words (commandline -opc)[2..]
  set -l before (string match -v -- '-*' $words)
  test (count $before) -ge (count $argv); and test "$before[1..$(count $argv)]" = "$argv"
end
function __teal_service
  teal service list --quiet 2>/dev/null
end
function __teal_zone
  teal zone list --quiet 2>/dev/null
end
function __teal_pool
  set -l services (string match -- '*.*' (string match -v -- '*=*' (commandline -opc)))
  test (count $services) -gt 0; and teal service show $services[-1] --quiet 2>/dev/null
end
function __teal_weight
  __teal_pool | string replace -r '$' '='
end
${places.flatMap((place) => linesOf(place, places)).join('\n')}
`;

function linesOf({ words, next, values, flags }: Place, places: readonly Place[]): string[] {
  const children = places.filter((other) => other.words.startsWith(`${words} `.trimStart()) && other.words !== words);
  const at = words === '' ? '__fish_use_subcommand' : `__teal_at ${words}`;
  const isGroup = children.length > 0 && words !== '';
  const condition = isGroup
    ? `${at}; and not __fish_seen_subcommand_from ${children.map((child) => child.words.split(' ').at(-1)).join(' ')}`
    : at;
  const lines = next.map(({ word, what }) => {
    const value = flags.find(({ flag }) => flag === word);
    const taken = value === undefined ? '' : takenBy(value);
    const how = word.startsWith('--') ? `-l ${word.slice(2)}${taken}` : `-f -a ${word}`;
    return `complete -c teal -n ${quote(condition)} ${how} -d ${quote(what)}`;
  });
  const args = values.map((each) => (each === 'file' ? '-F' : `-f -a ${wordsOf(each)}`));
  return [...lines, ...args.map((each) => `complete -c teal -n ${quote(at)} ${each}`)];
}

/** What follows a flag, which may have a short name too. */
function takenBy({ short, values }: Place['flags'][number]): string {
  const name = short === undefined ? '' : ` -s ${short.slice(1)}`;
  return `${name}${values === 'file' ? ' -r -F' : ` -x -a ${wordsOf(values)}`}`;
}

function wordsOf(values: Values): string {
  return typeof values === 'string' ? `'(__teal_${values})'` : quote(values.join(' '));
}
