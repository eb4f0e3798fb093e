/** `$GENERATE`: one line that stands for many records, with the meaning that BIND gave it (BIND 9 ARM, chapter 4). */
import { Malformed } from '../malformed.ts';
import { type Word, type Words, wordsOfLine } from '../words.ts';
import { Fault, LeftOut } from './finding.ts';
import { type Header, readHeader } from './header.ts';

/** Largest number that a range may hold, as in BIND. */
const NUMBER_MAX = 0x7fffffff;
/** A modifier may pad up to a whole label or string, and no wider. */
const WIDTH_MAX = 255;

/** What a directive says. */
export interface Generation {
  readonly range: Range;
  readonly owner: Template;
  readonly header: Header;
  readonly rdata: Template;
}

interface Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

/** `$GENERATE range owner [TTL] [class] type rdata`, the RDATA in one word or in quotes. */
export function parseGeneration(words: Words): Generation | Fault {
  if (words.count < 5) {
    const form = '$GENERATE range owner [TTL] [class] type rdata';
    return new Fault('generate_invalid', words.at(0).malformed(`${form} was expected, some of it is missing`));
  }
  const header = readHeader(words, 3);
  if (header instanceof Fault) return header;
  if (header instanceof LeftOut) return new Fault('generate_invalid', header.malformed);
  if (header.next !== words.count - 1) {
    const word = words.at(Math.min(header.next + 1, words.count - 1));
    return new Fault(
      'generate_invalid',
      word.malformed(`RDATA in one word or in quotes was expected, not ${word.shown}`),
    );
  }
  const range = parseRange(words.at(1));
  const owner = parseTemplate(words.at(2));
  const rdata = parseTemplate(words.at(header.next));
  for (const part of [range, owner, rdata]) {
    if (part instanceof Malformed) return new Fault('generate_invalid', part);
  }
  return { range, owner, header, rdata } as Generation;
}

/** `start-stop` or `start-stop/step`. */
function parseRange(word: Word): Range | Malformed {
  const parts = word.quoted ? null : /^(\d{1,10})-(\d{1,10})(?:\/(\d{1,10}))?$/.exec(word.text);
  const [start, stop, step] = parts ? [Number(parts[1]), Number(parts[2]), Number(parts[3] ?? 1)] : [0, 0, 0];
  if (step > 0 && start <= stop && stop <= NUMBER_MAX && step <= NUMBER_MAX) return { start, stop, step };
  return word.malformed(`a range such as 1-20 or 1-20/2 was expected, not ${word.shown}`);
}

/** How many records a range makes. */
export function rangeCount(range: Range): number {
  return Math.floor((range.stop - range.start) / range.step) + 1;
}

/** Text with blanks for the number: pieces of plain text, and what stands between them. */
type Template = readonly (string | Blank)[];

const BLANK_FORM = '$' + '{offset,width,base} with a base of d, o, x, X, n or N';

/** `${offset,width,base}`. */
interface Blank {
  readonly offset: number;
  readonly width: number;
  readonly base: string;
}

/** The template that a word is: `$` the number, `${…}` the number changed, `$$` and `\$` a dollar sign. */
function parseTemplate(word: Word): Template | Malformed {
  const text = latin1(word);
  const pieces: (string | Blank)[] = [];
  let plain = '';
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    if (character === '\\') {
      plain += text.slice(at, at + 2);
      at += 2;
    } else if (character !== '$') {
      plain += character;
      at += 1;
    } else if (text.charAt(at + 1) === '$') {
      plain += '$';
      at += 2;
    } else {
      const blank = parseBlank(text.slice(at + 1));
      if (!blank) {
        return word.malformed(`${BLANK_FORM} was expected, not ${word.shown}`);
      }
      pieces.push(plain, blank.blank);
      plain = '';
      at += 1 + blank.characters;
    }
  }
  return [...pieces, plain];
}

/** The word's bytes as characters, one each: what is not ASCII comes out as it went in. */
function latin1(word: Word): string {
  const text = Buffer.from(word.source.subarray(word.start, word.end)).toString('latin1');
  // Quoted text is read as words once more when it is expanded, where the quotes within count.
  return word.quoted ? text.replaceAll('\\"', '"') : text;
}

function parseBlank(text: string): { blank: Blank; characters: number } | undefined {
  if (!text.startsWith('{')) return { blank: { offset: 0, width: 0, base: 'd' }, characters: 0 };
  const parts = /^\{([-+]?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?\}/.exec(text);
  if (!parts) return undefined;
  const blank = { offset: Number(parts[1]), width: Number(parts[2] ?? 0), base: parts[3] ?? 'd' };
  if (Math.abs(blank.offset) > NUMBER_MAX || blank.width > WIDTH_MAX) return undefined;
  return { blank, characters: parts[0].length };
}

/** The words of the template's text for one number. */
export function expandWords(template: Template, number: number): Words | Malformed {
  let text = '';
  for (const piece of template) {
    if (typeof piece === 'string') {
      text += piece;
      continue;
    }
    const value = number + piece.offset;
    if (value < 0 || value > NUMBER_MAX)
      return new Malformed(`an offset must leave a number from 0 to ${NUMBER_MAX}, not ${value}`);
    text += formatNumber(value, piece.width, piece.base);
  }
  return wordsOfLine(Buffer.from(text, 'latin1'));
}

function formatNumber(value: number, width: number, base: string): string {
  if (base === 'n' || base === 'N') return formatNibbles(value, width, base);
  const radix = base === 'd' ? 10 : base === 'o' ? 8 : 16;
  const digits = value.toString(radix).padStart(width, '0');
  return base === 'X' ? digits.toUpperCase() : digits;
}

/** Hex digits in reverse with dots between them, for ip6.arpa; the width counts the dots, one at the end too. */
function formatNibbles(value: number, width: number, base: string): string {
  const digits = [...value.toString(16).padStart(Math.ceil(width / 2), '0')].reverse().join('.');
  const padded = digits.length < width ? `${digits}.` : digits;
  return base === 'N' ? padded.toUpperCase() : padded;
}
