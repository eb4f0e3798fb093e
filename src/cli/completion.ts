/** `teal completion`: scripts that let a shell complete commands, flags and names of services. */
import { Argument, type Command } from 'commander';
import { ServiceArgument } from './arguments.ts';
import type { Shell } from './shell.ts';

/** A command or group with the words that may come after it. */
interface Node {
  /** Such as `zone import`; empty for teal itself. */
  readonly words: string;
  readonly next: readonly { readonly word: string; readonly what: string }[];
  /** Whether names of services may come too. */
  readonly takesService: boolean;
}

export function add(program: Command, shell: Shell): void {
  program
    .command('completion')
    .helpGroup('The server:')
    .summary('complete words in bash, zsh or fish')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .description('Print a script that lets a shell complete commands, flags and the names of services.')
    .addHelpText(
      'after',
      `
Examples:
  source <(teal completion bash)                            # in ~/.bashrc
  teal completion zsh > "\${fpath[1]}/_teal"                 # once, then a new shell
  teal completion fish > ~/.config/fish/completions/teal.fish`,
    )
    .action((name: 'bash' | 'zsh' | 'fish') => shell.stdout.write(scripts[name](nodesOf(program, ''))));
}

function nodesOf(command: Command, words: string): Node[] {
  const flags = command.options.flatMap(({ long, description }) =>
    long == null ? [] : [{ word: long, what: description }],
  );
  const subcommands = command.commands.map((sub) => ({ word: sub.name(), what: firstSentence(sub.description()) }));
  const takesService = command.registeredArguments.some((argument) => argument instanceof ServiceArgument);
  const next = [...subcommands, ...flags, { word: '--help', what: 'print the help' }];
  const below = command.commands.flatMap((sub) => nodesOf(sub, `${words} ${sub.name()}`.trim()));
  return [{ words, next, takesService }, ...below];
}

function firstSentence(text: string): string {
  return text.replace(/[.:;](\s.*|$)/s, '');
}

/** Names of services, without a word where there is no server. */
const SERVICE_NAMES = 'teal service list --quiet 2>/dev/null';

const scripts = {
  bash: (nodes: readonly Node[]) => `# Completion of teal for bash.
_teal_services() { ${SERVICE_NAMES}; }
_teal() {
  local current=\${COMP_WORDS[COMP_CWORD]} words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " \${words:+$words }$word " in
${nodes
  .filter(({ words }) => words !== '')
  .map(({ words }) => `      " ${words} ") words='${words}' ;;`)
  .join('\n')}
    esac
  done
  local next=''
  case "$words" in
${nodes.map(({ words, next, takesService }) => `    '${words}') next='${next.map(({ word }) => word).join(' ')}'${takesService ? '\n      [[ $current == -* ]] || next+=" $(_teal_services)"' : ''} ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$next" -- "$current"))
  [[ \${#COMPREPLY[@]} -gt 0 ]] || compopt -o default
}
complete -F _teal teal
`,
  zsh: (nodes: readonly Node[]) => `#compdef teal
# Completion of teal for zsh.
_teal() {
  local words_before='' word
  local -a next
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case " \${words_before:+$words_before }$word " in
${nodes
  .filter(({ words }) => words !== '')
  .map(({ words }) => `      " ${words} ") words_before='${words}' ;;`)
  .join('\n')}
    esac
  done
  case "$words_before" in
${nodes
  .map(
    ({ words, next, takesService }) => `    '${words}')
      next=(${next.map(({ word, what }) => quote(`${word}:${what.replaceAll(':', '\\:')}`)).join(' ')})${takesService ? `\n      next+=(\${(f)"$(${SERVICE_NAMES})"})` : ''} ;;`,
  )
  .join('\n')}
  esac
  _describe teal next || _files
}
if [[ $funcstack[1] == _teal ]]; then _teal "$@"; else compdef _teal teal; fi
`,
  fish: (nodes: readonly Node[]) => `# Completion of teal for fish.
function __teal_at
  set -l words (commandline -opc)[2..]
  set -l before (string match -v -- '-*' $words)
  test (count $before) -ge (count $argv); and test "$before[1..$(count $argv)]" = "$argv"
end
function __teal_services
  ${SERVICE_NAMES}
end
${nodes.flatMap((node) => fishLines(node, nodes)).join('\n')}
`,
};

function fishLines({ words, next, takesService }: Node, nodes: readonly Node[]): string[] {
  const children = nodes.filter((other) => other.words.startsWith(`${words} `.trimStart()) && other.words !== words);
  const at = words === '' ? '__fish_use_subcommand' : `__teal_at ${words}`;
  const isGroup = children.length > 0 && words !== '';
  const condition = isGroup
    ? `${at}; and not __fish_seen_subcommand_from ${children.map((child) => child.words.split(' ').at(-1)).join(' ')}`
    : at;
  const lines = next.map(({ word, what }) => {
    const how = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
    return `complete -c teal -n ${quote(condition)} ${how} -d ${quote(what)}`;
  });
  return takesService ? [...lines, `complete -c teal -n ${quote(at)} -f -a '(__teal_services)'`] : lines;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
