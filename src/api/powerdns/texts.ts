/** Text of records as clients of PowerDNS write it: quoted strings of any length. */
import { MAX_CHARACTER_STRING_BYTES } from '../../wire/constants.ts';

const QUOTED_STRINGS = /^\s*(?:"(?:[^"\\]|\\[\s\S])*"\s*)+$/;
const QUOTED_STRING = /"((?:[^"\\]|\\[\s\S])*)"/g;
/** A byte or a character: `\DDD`, `\X`, or itself. */
const UNIT = /\\\d{3}|\\[\s\S]|[^\\]/gu;

/** The same text in strings that a record can have, of 255 bytes (RFC 1035 §3.3); undefined: it is not in quotes. */
export function splitStrings(content: string): string | undefined {
  if (!QUOTED_STRINGS.test(content)) return undefined;
  const strings: string[] = [];
  for (const [, text = ''] of content.matchAll(QUOTED_STRING)) {
    let [part, bytes] = ['', 0];
    for (const [unit] of text.matchAll(UNIT)) {
      const more = unit.startsWith('\\') ? 1 : Buffer.byteLength(unit);
      if (bytes + more > MAX_CHARACTER_STRING_BYTES) {
        strings.push(part);
        [part, bytes] = ['', 0];
      }
      part += unit;
      bytes += more;
    }
    strings.push(part);
  }
  return strings.map((string) => `"${string}"`).join(' ');
}
