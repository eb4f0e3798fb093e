/** The words of each place, as a script for bash. */
import type { Place, Values } from './places.ts';

/** The script for bash. `_teal_KIND` prints the words of a kind, and nothing where there is no server. */
export const bashScript = (places: readonly Place[]): string => `# Completion of teal for bash.
_teal_service() { teal service list --quiet 2>/dev/null; }
_teal_zone() { teal zone list --quiet 2>/dev/null; }
_teal_pool() { [[ -z $service ]] || teal service show "$service" --quiet 2>/dev/null; }
_teal_weight() { _teal_pool | sed 's/$/=/'; }
_teal() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words='' service='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " \${words:+$words }$word " in
${places
  .filter(({ words }) => words !== '')
  .map(({ words }) => `      " ${words} ") words='${words}' ;;`)
  .join('\n')}
      *) [[ $word != *.* || $word == *=* ]] || service=$word ;;
    esac
  done
  case "$words $previous" in
${places.flatMap(({ words, flags }) => flags.map((flag) => valueCase(words, flag))).join('\n')}
  esac
  local next='' files=''
  case "$words" in
${places.map(caseOf).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$next" -- "$current"))
  # Readline finds files by itself, and only where nothing else is offered.
  local IFS=$'\\n'
  [[ -z $files || $current == -* ]] || COMPREPLY+=($(compgen -f -- "$current"))
  [[ -z $files ]] || compopt -o filenames 2>/dev/null
  [[ \${#COMPREPLY[@]} -gt 0 ]] || compopt -o default 2>/dev/null
  # The number comes right behind it.
  [[ \${#COMPREPLY[@]} -ne 1 || \${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -F _teal teal
`;

function valueCase(words: string, { flag, short, values }: Place['flags'][number]): string {
  const at = [flag, short ?? []].flat().map((each) => `'${words} ${each}'`);
  const offered = values === 'file' ? 'compopt -o default 2>/dev/null' : `COMPREPLY=($(${compgenOf(values)}))`;
  return `    ${at.join(' | ')}) ${offered}; return ;;`;
}

const compgenOf = (values: Values): string => `compgen -W "${wordsOf(values)}" -- "$current"`;

function caseOf({ words, next, values }: Place): string {
  const asked = values.map(wordsOf).join(' ').trim();
  const more = asked === '' ? '' : `\n      [[ $current == -* ]] || next+=" ${asked}"`;
  const files = values.includes('file') ? '\n      files=yes' : '';
  return `    '${words}') next='${next.map(({ word }) => word).join(' ')}'${more}${files} ;;`;
}

function wordsOf(values: Values): string {
  if (values === 'file') return '';
  return typeof values === 'string' ? `$(_teal_${values})` : values.join(' ');
}
