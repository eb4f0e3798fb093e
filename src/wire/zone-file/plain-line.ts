/** What lines that are written plainly are made of: see plain.ts. */
import { lowerByte } from '../name.ts';

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const SEMICOLON = 0x3b;

/** Where reading goes on, where the line is none for this reader. */
export const NOT_PLAIN = -1;

/** What stands for itself in a name, in lower case; 0: anything else. */
export const nameBytes = new Uint8Array(256);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*') {
  nameBytes[character.charCodeAt(0)] = lowerByte(character.charCodeAt(0));
}

/** Where the next line begins; NOT_PLAIN where something stands in between but blanks and a comment. */
export function endOfLine(bytes: Uint8Array, start: number): number {
  let at = skipBlanks(bytes, start);
  if (at >= bytes.length) return at;
  if (bytes[at] === SEMICOLON) {
    const end = bytes.indexOf(LINE_FEED, at);
    return end < 0 ? bytes.length : end + 1;
  }
  if (bytes[at] === CARRIAGE_RETURN) at++;
  return bytes[at] === LINE_FEED ? at + 1 : NOT_PLAIN;
}

export function skipBlanks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isBlank(bytes[at])) at++;
  return at;
}

export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

/** Whether no word goes on there. */
export function isEndOfWord(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  return at >= bytes.length || isBlank(byte) || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === SEMICOLON;
}
