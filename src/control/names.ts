/** Names as people write them, in replies and sentences. */
import { shown } from '../shown.ts';
import { formatType } from '../wire/rdata.ts';

/** `a, b and 3 more`: the first `most` of a list that may be long. */
export function firstOf(words: readonly string[], most: number): string {
  const more = words.length - most;
  return `${words.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** `www.example.com/A`: how an RRset is named in the log. */
export function rrsetName(name: string, type: number): string {
  return `${shown(name)}/${formatType(type)}`;
}
