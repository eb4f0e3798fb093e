/** IP addresses: text to bytes and back. */
import assert from 'node:assert/strict';
import { Malformed } from './malformed.ts';
import { encodeText, hexDigits, isDigit, quoteBytes } from './text.ts';

export const IPV4_BYTES = 4;
export const IPV6_BYTES = 16;

const GROUPS = 8;
const DOT = 0x2e;
const COLON = 0x3a;

/** Four decimal numbers up to 255; leading zeros are refused, since some read them as octal (RFC 6943 §3.1.1). */
export function parseIpv4(text: string): Uint8Array | Malformed {
  const bytes = new Uint8Array(IPV4_BYTES);
  const source = encodeText(text);
  return readIpv4(source, 0, source.length, bytes, 0) ?? bytes;
}

/** Reads the IPv4 address that the text `[start, end)` stands for into the four bytes of `out` at `at`. */
export function readIpv4(
  text: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): Malformed | undefined {
  let from = start;
  for (let index = 0; index < IPV4_BYTES; index++) {
    if (index > 0 && text[from++] !== DOT) return notIpv4(text, start, end);
    const first = from;
    let value = 0;
    while (from < end && isDigit(text[from])) value = 10 * value + text[from++] - 0x30;
    const digits = from - first;
    if (digits === 0 || digits > 3 || value > 255 || (digits > 1 && text[first] === 0x30))
      return notIpv4(text, start, end);
    out[at + index] = value;
  }
  return from === end ? undefined : notIpv4(text, start, end);
}

function notIpv4(text: Uint8Array, start: number, end: number): Malformed {
  return new Malformed(`an IPv4 address such as 192.0.2.1 was expected, not ${quoteBytes(text, start, end)}`, start);
}

/** Every form of RFC 4291 §2.2: eight groups, `::` once, an IPv4 address as the last two groups. No zone identifiers. */
export function parseIpv6(text: string): Uint8Array | Malformed {
  const bytes = new Uint8Array(IPV6_BYTES);
  const source = encodeText(text);
  return readIpv6(source, 0, source.length, bytes, 0) ?? bytes;
}

/** Reads the IPv6 address that the text `[start, end)` stands for into the sixteen bytes of `out` at `at`. */
export function readIpv6(
  text: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): Malformed | undefined {
  let from = start;
  let groups = 0;
  /** How many groups stand before the `::`, -1 where there is none. */
  let gap = -1;
  if (end - start >= 2 && text[from] === COLON && text[from + 1] === COLON) {
    gap = 0;
    from += 2;
  }
  while (from < end) {
    const first = from;
    let value = 0;
    while (from < end && hexDigits[text[from]] >= 0) value = (value << 4) | hexDigits[text[from++]];
    if (from < end && text[from] === DOT) {
      // It can only be the end of the whole address.
      if (groups > GROUPS - 2 || readIpv4(text, first, end, out, at + 2 * groups)) return notIpv6(text, start, end);
      groups += 2;
      break;
    }
    if (from === first || from - first > 4 || groups === GROUPS) return notIpv6(text, start, end);
    out[at + 2 * groups] = value >> 8;
    out[at + 2 * groups + 1] = value;
    groups++;
    if (from === end) break;
    if (text[from++] !== COLON || from === end) return notIpv6(text, start, end);
    if (text[from] === COLON) {
      if (gap >= 0) return notIpv6(text, start, end);
      gap = groups;
      from++;
    }
  }
  // RFC 5952 §4.2.2 asks writers not to shorten a single group, but RFC 4291 §2.2 has readers take "one or more".
  if (gap < 0 ? groups !== GROUPS : groups === GROUPS) return notIpv6(text, start, end);
  if (gap >= 0) {
    const tail = at + IPV6_BYTES - 2 * (groups - gap);
    out.copyWithin(tail, at + 2 * gap, at + 2 * groups);
    out.fill(0, at + 2 * gap, tail);
  }
  return undefined;
}

function notIpv6(text: Uint8Array, start: number, end: number): Malformed {
  return new Malformed(`an IPv6 address such as 2001:db8::1 was expected, not ${quoteBytes(text, start, end)}`, start);
}

/** Dotted decimal text of the four bytes at `offset`. */
export function formatIpv4(bytes: Uint8Array, offset = 0): string {
  assert(bytes.length >= offset + IPV4_BYTES, 'an IPv4 address has 4 bytes');
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/** The recommended text of the sixteen bytes at `offset` (RFC 5952 §4; IPv4-mapped ones in mixed form, §5). */
export function formatIpv6(bytes: Uint8Array, offset = 0): string {
  assert(bytes.length >= offset + IPV6_BYTES, 'an IPv6 address has 16 bytes');
  const groups = Array.from(
    { length: GROUPS },
    (_, index) => (bytes[offset + 2 * index] << 8) | bytes[offset + 2 * index + 1],
  );
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (mapped) return `::ffff:${formatIpv4(bytes, offset + IPV6_BYTES - IPV4_BYTES)}`;
  const zeros = longestZeros(groups);
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (zeros.length < 2) return hex(groups);
  return `${hex(groups.slice(0, zeros.start))}::${hex(groups.slice(zeros.start + zeros.length))}`;
}

/** The longest run of zero groups, the first of equals (RFC 5952 §4.2.3). */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (end < groups.length && groups[end] === 0) end += 1;
    if (end - start > longest.length) longest = { start, length: end - start };
  }
  return longest;
}
