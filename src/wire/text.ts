/** What all presentation text shares (RFC 1035 §5.1): escapes, words and quoted strings, and quoting in messages. */
import { Malformed } from './malformed.ts';

/** A word of RDATA text, its escapes not yet decoded. */
export interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

/** Longest piece of the user's text that a message repeats: enough to find it, too little to flood a log. */
const QUOTED_PIECE_CHARS = 80;

const BACKSLASH = 0x5c;

const utf8 = new TextEncoder();

/** Narrows a result to the bad case. */
export function isMalformed(value: unknown): value is Malformed {
  return value instanceof Malformed;
}

/** The user's text as a JSON string, shortened, for use in a `Malformed.reason`. */
export function quote(text: string): string {
  return JSON.stringify(text.length > QUOTED_PIECE_CHARS ? `${text.slice(0, QUOTED_PIECE_CHARS)}…` : text);
}

/** The whole character (code point) at `at`. */
export function charAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) as number);
}

/** The byte of `\DDD` (three decimal digits up to 255) or `\X` at `at`, and how many characters it took. */
export function escapedByte(text: string, at: number): { byte: number; chars: number } | Malformed {
  const digits = /^\d{3}/.exec(text.slice(at + 1, at + 4));
  if (digits) {
    const byte = Number(digits[0]);
    return byte <= 255 ? { byte, chars: 4 } : new Malformed(`an escape is at most \\255, not \\${digits[0]}`);
  }
  if (at + 1 >= text.length)
    return new Malformed(`a backslash must be followed by three digits or a character: ${quote(text)}`);
  const code = text.charCodeAt(at + 1);
  if (code >= 0x30 && code <= 0x39) {
    return new Malformed(`an escape with digits has three of them: ${quote(text.slice(at, at + 4))}`);
  }
  if (code < 0x20 || code > 0x7e) {
    return new Malformed(`only a printable ASCII character can follow a backslash, not ${quote(charAt(text, at + 1))}`);
  }
  return { byte: code, chars: 2 };
}

/**
 * The words of one line of RDATA text: bare ones end at a space or tab, quoted ones at `"`. What only a zone file has
 * (comments, parentheses, line ends) is refused, so that text never means something else than what was typed.
 */
export function tokens(text: string): Token[] | Malformed {
  const found: Token[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isBlank(text.charCodeAt(at))) at += 1;
    if (at === text.length) return found;
    const token = text.charAt(at) === '"' ? quotedToken(text, at) : bareToken(text, at);
    if (isMalformed(token)) return token;
    found.push(token.token);
    at = token.end;
    if (at < text.length && !isBlank(text.charCodeAt(at))) {
      return new Malformed(`words are separated by spaces: ${quote(text.slice(Math.max(0, at - 10), at + 10))}`);
    }
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function quotedToken(text: string, start: number): { token: Token; end: number } | Malformed {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === 0x22) return { token: { text: text.slice(start + 1, at), quoted: true }, end: at + 1 };
  }
  return new Malformed(`the string that begins with ${quote(text.slice(start))} has no closing quote`);
}

function bareToken(text: string, start: number): { token: Token; end: number } | Malformed {
  let at = start;
  for (; at < text.length && !isBlank(text.charCodeAt(at)) && text.charAt(at) !== '"'; at++) {
    const char = text.charAt(at);
    if (char === '\\') at += 1;
    else if (char === ';')
      return new Malformed('a ; begins a comment in a zone file: put the string in quotes, or write \\;');
    else if (char === '(' || char === ')')
      return new Malformed(`a ${char} must be in a quoted string or written \\${char}`);
    else if (text.charCodeAt(at) < 0x20)
      return new Malformed('a line end or control character must be written as \\DDD');
  }
  const end = Math.min(at, text.length);
  return { token: { text: text.slice(start, end), quoted: false }, end };
}

/** The bytes of a character-string: escapes decoded, characters beyond ASCII as UTF-8. */
export function decodeString(text: string): Uint8Array | Malformed {
  if (!text.isWellFormed()) return new Malformed(`the string ${quote(text)} is not well-formed Unicode`);
  const bytes: number[] = [];
  for (let at = 0; at < text.length; ) {
    if (text.charCodeAt(at) === BACKSLASH) {
      const escaped = escapedByte(text, at);
      if (isMalformed(escaped)) return escaped;
      bytes.push(escaped.byte);
      at += escaped.chars;
    } else {
      const char = charAt(text, at);
      bytes.push(...utf8.encode(char));
      at += char.length;
    }
  }
  return Uint8Array.from(bytes);
}

/** Bytes as a quoted character-string: `"` and `\` escaped, everything outside printable ASCII as \DDD. */
export function formatString(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes) {
    if (byte === 0x22 || byte === BACKSLASH) text += `\\${String.fromCharCode(byte)}`;
    else if (byte < 0x20 || byte > 0x7e) text += `\\${String(byte).padStart(3, '0')}`;
    else text += String.fromCharCode(byte);
  }
  return `${text}"`;
}
