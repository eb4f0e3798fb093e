/** Quotes of books, which word processors and web pages put where a zone file wants straight ones: they are text. */
import type { Malformed } from '../malformed.ts';
import type { Word, Words } from '../words.ts';

/** “ ” „ ‟ ‘ ’ ‚ ‛ are E2 80 98 to 9F in UTF-8, « and » C2 AB and C2 BB. */
const GENERAL_PUNCTUATION = [0xe2, 0x80];
const FIRST_QUOTE = 0x98;
const LAST_QUOTE = 0x9f;
const FIRST_DOUBLE_QUOTE = 0x9c;
const LATIN = 0xc2;
const GUILLEMETS: readonly number[] = [0xab, 0xbb];

/** The first word of the RDATA that such quotes stand around, or begin, or end. */
export function typographicQuotes(words: Words, first: number): Malformed | undefined {
  for (let index = first; index < words.count; index++) {
    const word = words.at(index);
    // All of them end in a byte, and begin with one, that ASCII does not have: most words are done with here.
    if (word.source[word.start] < 0x80 && word.source[word.end - 1] < 0x80) continue;
    if (!isQuoted(word)) continue;
    return word.malformed(`the quotes of ${word.shown} are typographic and part of the text: use straight ones (")`);
  }
  return undefined;
}

/** A bare word with one at either end; a string in straight quotes with double ones at both, which nobody means. */
function isQuoted({ source, start, end, quoted }: Word): boolean {
  if (end - start < 2) return false;
  const atStart = quoteAt(source, start);
  const atEnd = [3, 2].map((bytes) => (end - bytes > start ? quoteAt(source, end - bytes) : undefined)).find(Boolean);
  return quoted ? atStart === 'double' && atEnd === 'double' : atStart !== undefined || atEnd !== undefined;
}

function quoteAt(source: Uint8Array, at: number): 'double' | 'single' | undefined {
  if (source[at] === LATIN && GUILLEMETS.includes(source[at + 1])) return 'double';
  if (source[at] !== GENERAL_PUNCTUATION[0] || source[at + 1] !== GENERAL_PUNCTUATION[1]) return undefined;
  const last = source[at + 2];
  if (last < FIRST_QUOTE || last > LAST_QUOTE) return undefined;
  return last >= FIRST_DOUBLE_QUOTE ? 'double' : 'single';
}
