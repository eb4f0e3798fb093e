/** The entries of a zone file (RFC 1035 §5.1): the words of one line, or of several that parentheses join. */
import { Malformed } from '../malformed.ts';
import { decodeText } from '../text.ts';
import { Words } from '../words.ts';

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const OPEN = 0x28;
const CLOSE = 0x29;
const SEMICOLON = 0x3b;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** No record needs more words: RDATA has at most 65,535 bytes, and each takes at most two hex digits, a word each. */
const ENTRY_WORDS_MAX = 2 * 65_535 + 16;

/** Reads one entry after another from a file's bytes; nothing is copied. */
export class Entries {
  readonly words = new Words();
  /** Of the entry that was read last: the line that it begins on, counted from 1. */
  line = 0;
  /** Whether it begins with a blank, so that its owner is the one before (RFC 1035 §5.1). */
  blank = false;
  /** What is wrong with it; then its words are not complete. */
  malformed: Malformed | undefined;
  readonly #bytes: Uint8Array;
  #at: number;
  #start = 0;
  #nextLine = 1;
  #depth = 0;
  #opened = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    // Editors of some systems put the mark there; it has no meaning in UTF-8.
    this.#at = BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte) ? BYTE_ORDER_MARK.length : 0;
  }

  /** Reads the next entry that is not empty; false at the end of the file. */
  next(): boolean {
    do {
      if (this.#at >= this.#bytes.length) return false;
      this.#read();
    } while (this.words.count === 0 && !this.malformed);
    return true;
  }

  /** Where the next entry begins. */
  get at(): number {
    return this.#at;
  }

  /** Goes on behind so many lines that somebody else has read. */
  moveTo(at: number, lines: number): void {
    this.#at = at;
    this.#nextLine += lines;
  }

  /** The line at `at`. */
  get nextLine(): number {
    return this.#nextLine;
  }

  /** Line and column of the byte at `offset`, which the last entry holds. */
  locate(offset: number): { line: number; column: number } {
    let line = this.line;
    let lineStart = this.#start;
    for (let at = this.#start; at < offset; at++) {
      if (this.#bytes[at] !== LINE_FEED) continue;
      line += 1;
      lineStart = at + 1;
    }
    return { line, column: [...decodeText(this.#bytes, lineStart, offset)].length + 1 };
  }

  #read(): void {
    const bytes = this.#bytes;
    this.words.clear();
    this.malformed = undefined;
    this.line = this.#nextLine;
    this.#start = this.#at;
    this.#depth = 0;
    this.blank = isBlank(bytes[this.#at]);
    while (this.#at < bytes.length) {
      const byte = bytes[this.#at];
      if (isBlank(byte)) {
        this.#at += 1;
      } else if (byte === LINE_FEED) {
        this.#at += 1;
        this.#nextLine += 1;
        if (this.#depth === 0) return;
      } else if (byte === SEMICOLON || (byte === CARRIAGE_RETURN && bytes[this.#at + 1] === LINE_FEED)) {
        this.#skipLine();
      } else {
        const bad = byte === OPEN || byte === CLOSE ? this.#parenthesis(byte) : this.#word();
        if (bad) this.#fail(bad);
      }
    }
    if (this.#depth > 0) this.#fail(new Malformed('a ) was expected before the end of the file', this.#opened));
  }

  #word(): Malformed | undefined {
    if (this.words.count === ENTRY_WORDS_MAX)
      return new Malformed(`an entry has at most ${ENTRY_WORDS_MAX} words: is a ) missing?`, this.#opened);
    const next = this.words.read(this.#bytes, this.#at, this.#bytes.length);
    if (typeof next !== 'number') return next;
    // Only a lone carriage return stops a word without making one.
    if (next === this.#at) return new Malformed('a carriage return was expected at the end of a line only', next);
    this.#at = next;
    return undefined;
  }

  #parenthesis(byte: number): Malformed | undefined {
    if (byte === CLOSE) {
      if (this.#depth === 0) return new Malformed('a ) was found without its ( before', this.#at);
      this.#depth -= 1;
    } else {
      if (this.words.count === 0 && !this.blank)
        return new Malformed(
          'an owner name, a blank or a directive was expected at the start of an entry, not (',
          this.#at,
        );
      if (this.#depth === 0) this.#opened = this.#at;
      this.#depth += 1;
    }
    this.#at += 1;
    return undefined;
  }

  /** Keeps the first mistake of an entry and goes on behind its line; what parentheses still hold is passed over. */
  #fail(bad: Malformed): void {
    this.malformed ??= bad;
    this.words.clear();
    this.#skipLine();
  }

  #skipLine(): void {
    const end = this.#bytes.indexOf(LINE_FEED, this.#at);
    this.#at = end < 0 ? this.#bytes.length : end;
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
