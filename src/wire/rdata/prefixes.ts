/** The RDATA of APL: a list of address prefixes, each of which may be negated (RFC 3123). */
import { formatIpv4, formatIpv6, IPV4_BYTES, IPV6_BYTES, parseIpv4, parseIpv6 } from '../address.ts';
import { Malformed } from '../malformed.ts';
import { isMalformed } from '../text.ts';
import type { Word } from '../words.ts';
import { type Field, unsignedAt } from './field.ts';

/** Family, prefix length, and a byte of the negation and the length of the address, before each address (§4). */
const HEADER_BYTES = 4;
const NEGATION = 0x80;
const FORM = 'prefixes such as 1:192.0.2.0/24 or !2:2001:db8::/32 (RFC 3123 §5)';

/** Address families (IANA registry "Address Family Numbers"); the others have no text. */
const addressBytes: Readonly<Record<number, number>> = { 1: IPV4_BYTES, 2: IPV6_BYTES };

interface Prefix {
  readonly family: number;
  readonly bits: number;
  readonly negated: boolean;
  /** Without its zero bytes at the end, which are not sent (§4). */
  readonly address: Uint8Array;
}

export const addressPrefixes: Field = {
  label: 'prefixes',
  words: 'any',
  parse(words, index, out) {
    for (let i = index; i < words.count; i++) {
      const prefix = readPrefix(words.at(i));
      if (isMalformed(prefix)) return prefix;
      out.unsigned(prefix.family, 2);
      out.unsigned(prefix.bits, 1);
      out.unsigned((prefix.negated ? NEGATION : 0) | prefix.address.length, 1);
      out.append(prefix.address);
    }
    return undefined;
  },
  measure(rdata, offset) {
    const prefixes = prefixesIn(rdata, offset, rdata.length);
    return isMalformed(prefixes) ? prefixes : rdata.length - offset;
  },
  format: (rdata, start, end) => (prefixesIn(rdata, start, end) as Prefix[]).map(formatPrefix).join(' '),
};

/** Whether all of it can be written: no other families, no zero bytes at the end of an address. */
export function hasPrefixText(rdata: Uint8Array): boolean {
  const prefixes = prefixesIn(rdata, 0, rdata.length);
  return (
    !isMalformed(prefixes) &&
    prefixes.every(({ family, address }) => addressBytes[family] !== undefined && address.at(-1) !== 0)
  );
}

function readPrefix(word: Word): Prefix | Malformed {
  const parts = word.quoted ? null : /^(!?)([12]):([0-9a-f.:]+)\/(\d{1,3})$/i.exec(word.text);
  const family = Number(parts?.[2]);
  const address = parts ? (family === 1 ? parseIpv4 : parseIpv6)(parts[3]) : undefined;
  const bits = Number(parts?.[4]);
  if (parts && address instanceof Uint8Array && bits <= 8 * address.length)
    return { family, bits, negated: parts[1] === '!', address: withoutZeros(address) };
  return word.malformed(`${FORM} were expected, not ${word.shown}`);
}

function withoutZeros(address: Uint8Array): Uint8Array {
  let end = address.length;
  while (end > 0 && address[end - 1] === 0) end -= 1;
  return address.subarray(0, end);
}

function prefixesIn(rdata: Uint8Array, start: number, end: number): Prefix[] | Malformed {
  const prefixes: Prefix[] = [];
  for (let at = start; at < end; ) {
    const length = (rdata[at + 3] ?? 0) & ~NEGATION;
    const next = at + HEADER_BYTES + length;
    if (next > end) return new Malformed('a prefix runs past the end');
    const family = unsignedAt(rdata, at, at + 2);
    const bits = rdata[at + 2];
    const most = addressBytes[family];
    if (most !== undefined && (length > most || bits > 8 * most))
      return new Malformed(`a prefix of the family ${family} has at most ${most} bytes and ${8 * most} bits`);
    const negated = (rdata[at + 3] & NEGATION) !== 0;
    prefixes.push({ family, bits, negated, address: rdata.subarray(at + HEADER_BYTES, next) });
    at = next;
  }
  return prefixes;
}

function formatPrefix({ family, bits, negated, address }: Prefix): string {
  const whole = new Uint8Array(addressBytes[family]);
  whole.set(address);
  return `${negated ? '!' : ''}${family}:${family === 1 ? formatIpv4(whole) : formatIpv6(whole)}/${bits}`;
}
