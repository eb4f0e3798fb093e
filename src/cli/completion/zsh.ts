/** The words of each place, as a script for zsh. */
import type { Place, Values } from './places.ts';
import { quote } from './quote.ts';

/** The script for zsh. `_teal_KIND` prints the words of a kind, and nothing where there is no server. */
export const zshScript = (places: readonly Place[]): string => `#compdef teal
# Completion of teal for zsh.
_teal_service() { teal service list --quiet 2>/dev/null }
_teal_zone() { teal zone list --quiet 2>/dev/null }
_teal_pool() { [[ -z $service ]] || teal service show $service --quiet 2>/dev/null }
_teal_weight() { _teal_pool | sed 's/$/=/' }
_teal() {
  local words_before='' service='' files='' word
  local -a next weights
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case " \${words_before:+$words_before }$word " in
${places
  .filter(({ words }) => words !== '')
  .map(({ words }) => `      " ${words} ") words_before='${words}' ;;`)
  .join('\n')}
      *) [[ $word != *.* || $word == *=* ]] || service=$word ;;
    esac
  done
  case "$words_before $words[CURRENT-1]" in
${places.flatMap(({ words, flags }) => flags.map((flag) => valueCase(words, flag))).join('\n')}
  esac
  case "$words_before" in
${places.map(caseOf).join('\n')}
  esac
  # The number comes right behind it.
  (( $#weights )) && compadd -S '' -a weights
  [[ -z $files || $PREFIX == -* ]] || _files
  _describe teal next || [[ -n $files ]] || _files
}
if [[ $funcstack[1] == _teal ]]; then _teal "$@"; else compdef _teal teal; fi
`;

function valueCase(words: string, { flag, short, values }: Place['flags'][number]): string {
  const at = [flag, short ?? []].flat().map((each) => `'${words} ${each}'`);
  const offered = values === 'file' ? '_files' : `next=(${wordsOf(values)}); _describe value next`;
  return `    ${at.join(' | ')}) ${offered}; return ;;`;
}

function caseOf({ words, next, values }: Place): string {
  const listed = next.map(({ word, what }) => quote(`${word}:${what.replaceAll(':', '\\:')}`)).join(' ');
  const more = values.map((each) => {
    if (each === 'file') return '\n      files=yes';
    return each === 'weight' ? `\n      weights=(${wordsOf(each)})` : `\n      next+=(${wordsOf(each)})`;
  });
  return `    '${words}')\n      next=(${listed})${more.join('')} ;;`;
}

function wordsOf(values: Values): string {
  return typeof values === 'string' ? `\${(f)"$(_teal_${values})"}` : values.map(quote).join(' ');
}
