/** The words that presentation text is made of (RFC 1035 §5.1): bare, quoted, or a bare key with a quoted value. */
import { Malformed } from './malformed.ts';
import { BACKSLASH, DOUBLE_QUOTE, decodeText, quoteBytes } from './text.ts';

const DOLLAR = 0x24;
const EQUALS = 0x3d;
const LINE_FEED = 0x0a;
const NO_BYTES = new Uint8Array(0);

/** What a byte does to a bare word that it stands in. */
const PART = 0;
const ENDS = 1;
const ESCAPES = 2;
const FORBIDDEN = 3;

const bareByte = new Uint8Array(256);
bareByte.fill(FORBIDDEN, 0, 0x21);
bareByte[0x7f] = FORBIDDEN;
for (const character of ' \t\r\n;()"') bareByte[character.charCodeAt(0)] = ENDS;
bareByte[BACKSLASH] = ESCAPES;

/** A word: where it stands in its source, escapes not yet decoded. */
export class Word {
  source: Uint8Array = NO_BYTES;
  /** The first byte, behind the opening quote of a quoted word. */
  start = 0;
  /** Behind the last byte; the closing quote is not part of it. */
  end = 0;
  quoted = false;
  /** In `key="value"` (RFC 9460 §2.1), where the opening quote stands; the closing one is then the last byte. */
  quoteAt = 0;

  get text(): string {
    return decodeText(this.source, this.start, this.end);
  }

  /** The word for use in a message, with its quotes. */
  get shown(): string {
    const quotes = this.quoted ? 1 : 0;
    return quoteBytes(this.source, this.start - quotes, this.end + quotes);
  }

  /** True for the bare word `text`. */
  is(text: string): boolean {
    if (this.quoted || this.end - this.start !== text.length) return false;
    for (let i = 0; i < text.length; i++) if (this.source[this.start + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  /** True where it begins with the dollar sign of `$ORIGIN` and its kind (RFC 1035 §5.1). */
  get isDirective(): boolean {
    return !this.quoted && this.source[this.start] === DOLLAR;
  }

  malformed(reason: string): Malformed {
    return new Malformed(reason, this.quoted ? this.start - 1 : this.start);
  }
}

/** A list of words that is filled again and again: reading a million records makes no garbage of them. */
export class Words {
  readonly #list: Word[] = [];
  count = 0;
  /** The first word of the form `key="value"`, -1 for none. */
  firstPair = -1;

  clear(): void {
    this.count = 0;
    this.firstPair = -1;
  }

  at(index: number): Word {
    return this.#list[index];
  }

  /**
   * Adds the word that begins at `start`, which must not be a blank or another byte that ends a word, and returns the
   * byte behind it.
   */
  read(source: Uint8Array, start: number, end: number): number | Malformed {
    if (source[start] === DOUBLE_QUOTE) {
      const close = closingQuote(source, start, end);
      if (typeof close !== 'number') return close;
      this.#add(source, start + 1, close, true, 0);
      return close + 1;
    }
    const stop = bareEnd(source, start, end);
    if (typeof stop !== 'number') return stop;
    if (stop === end || source[stop] !== DOUBLE_QUOTE) {
      this.#add(source, start, stop, false, 0);
      return stop;
    }
    if (source[stop - 1] !== EQUALS) {
      const found = quoteBytes(source, start, Math.min(end, stop + 10));
      return new Malformed(`a quoted string begins after a space: ${found}`, stop);
    }
    const close = closingQuote(source, stop, end);
    if (typeof close !== 'number') return close;
    if (this.firstPair < 0) this.firstPair = this.count;
    this.#add(source, start, close + 1, false, stop);
    return close + 1;
  }

  #add(source: Uint8Array, start: number, end: number, quoted: boolean, quoteAt: number): void {
    if (this.count === this.#list.length) this.#list.push(new Word());
    const word = this.#list[this.count++];
    word.source = source;
    word.start = start;
    word.end = end;
    word.quoted = quoted;
    word.quoteAt = quoteAt;
  }
}

function bareEnd(source: Uint8Array, start: number, end: number): number | Malformed {
  let at = start;
  for (; at < end; at++) {
    const kind = bareByte[source[at]];
    if (kind === PART) continue;
    if (kind === ENDS) break;
    if (kind === FORBIDDEN) return new Malformed('a control character must be written as \\DDD', at);
    if (at + 1 < end && source[at + 1] !== LINE_FEED) at += 1;
  }
  return at;
}

function closingQuote(source: Uint8Array, start: number, end: number): number | Malformed {
  for (let at = start + 1; at < end; at++) {
    const byte = source[at];
    if (byte === DOUBLE_QUOTE) return at;
    if (byte === LINE_FEED) {
      const found = quoteBytes(source, start, at);
      return new Malformed(`a closing quote was expected before the end of the line: ${found}`, start);
    }
    if (byte === BACKSLASH && source[at + 1] !== LINE_FEED) at += 1;
  }
  return new Malformed(`a closing quote was expected: ${quoteBytes(source, start, end)}`, start);
}

/**
 * The words of one line that holds nothing else. What only a zone file has (comments, parentheses, line ends) is
 * refused, so that text never means something else than what was typed.
 */
export function wordsOfLine(source: Uint8Array): Words | Malformed {
  const words = new Words();
  for (let at = 0; at < source.length; ) {
    const byte = source[at];
    if (byte === 0x20 || byte === 0x09) {
      at += 1;
      continue;
    }
    const bad = onlyInZoneFile(source, at);
    if (bad) return bad;
    const next = words.read(source, at, source.length);
    if (typeof next !== 'number') return next;
    at = next;
  }
  return words;
}

function onlyInZoneFile(source: Uint8Array, at: number): Malformed | undefined {
  const character = String.fromCharCode(source[at]);
  if (character === ';')
    return new Malformed('a ; begins a comment in a zone file: put the string in quotes, or write \\;', at);
  if (character === '(' || character === ')')
    return new Malformed(`a ${character} must be in a quoted string or written \\${character}`, at);
  if (character === '\n' || character === '\r')
    return new Malformed('a line end or control character must be written as \\DDD', at);
  return undefined;
}
