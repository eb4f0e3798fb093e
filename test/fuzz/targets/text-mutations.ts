/** Damage to presentation text: pieces that mean something there, put in or put in place of others. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of $GENERATE.
import type { Draw } from '../fuzzer.ts';
import { mutateBytes } from '../mutations.ts';

const pieces = [
  ' ',
  '\t',
  '\n',
  '\r\n',
  '(',
  ')',
  '"',
  ';',
  '@',
  '.',
  '..',
  '\\',
  '\\046',
  '\\256',
  '\\"',
  '*',
  '$',
  '-',
  '=',
  ',',
  '\0',
  '\ufeff',
  'ü',
  '\\#',
  '\\# 4 c0000201',
  '\\# 0',
  '0',
  '1',
  '255',
  '256',
  '65535',
  '65536',
  '4294967295',
  '4294967296',
  '2147483647',
  '1h30m',
  '1w',
  'IN',
  'CH',
  'CLASS1',
  'TYPE65280',
  'TYPE1',
  '192.0.2.1',
  '2001:db8::1',
  '::',
  'ns1.example.',
  'a.b',
  'x'.repeat(63),
  'x'.repeat(64),
  'AQIDBA==',
  'abcd',
  '20380119031407',
  '42 21 54.1 N',
  '-24m',
  '$TTL 5\n',
  '$ORIGIN a.\n',
  '$INCLUDE x\n',
  '$GENERATE 1-3 a$ A 192.0.2.$\n',
  '${1,3,x}',
  'alpn="h2,h3"',
  'mandatory=alpn',
  'port=53',
  'key667="a\\032b"',
  'A',
  'NS',
  'SOA',
  'CNAME',
  'DNAME',
  'MX',
  'TXT',
  'RRSIG',
  'NSEC',
  'NSEC3',
  'SVCB',
  'HTTPS',
  'LOC',
  'CAA',
].map((piece) => Buffer.from(piece));

/** A copy with one to three pieces put in, or with bytes damaged, or both. */
export function mutateText(input: Uint8Array, draw: Draw): Uint8Array {
  if (draw(4) === 0) return mutateBytes(input, draw);
  let text: Uint8Array = input;
  for (let left = 1 + draw(3); left > 0; left--) {
    const at = draw(text.length + 1);
    const replaced = draw(2) === 0 ? 0 : draw(12);
    text = Buffer.concat([text.subarray(0, at), pieces[draw(pieces.length)], text.subarray(at + replaced)]);
  }
  return draw(4) === 0 ? mutateBytes(text, draw) : text;
}
