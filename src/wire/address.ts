/** IP addresses: text to bytes and back. */
import assert from 'node:assert/strict';
import { Malformed } from './malformed.ts';
import { encodeText, isDigit, quote, quoteBytes } from './text.ts';

export const IPV4_BYTES = 4;
export const IPV6_BYTES = 16;

const GROUPS = 8;

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
    if (index > 0 && text[from++] !== 0x2e) return notIpv4(text, start, end);
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
  const groups = ipv6Groups(text);
  if (!groups) return new Malformed(`an IPv6 address such as 2001:db8::1 was expected, not ${quote(text)}`);
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function ipv6Groups(text: string): number[] | undefined {
  const sides = text.split('::');
  if (sides.length > 2) return undefined;
  const head = sideGroups(sides[0], sides.length === 1);
  if (sides.length === 1) return head?.length === GROUPS ? head : undefined;
  const tail = sideGroups(sides[1], true);
  if (!head || !tail) return undefined;
  // RFC 5952 §4.2.2 asks writers not to shorten a single group, but RFC 4291 §2.2 has readers take "one or more".
  const zeros = GROUPS - head.length - tail.length;
  return zeros >= 1 ? [...head, ...new Array<number>(zeros).fill(0), ...tail] : undefined;
}

/** The groups of one side of `::`; an IPv4 address may stand only at the end of the whole address. */
function sideGroups(side: string, atEnd: boolean): number[] | undefined {
  if (side === '') return [];
  const parts = side.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      const embedded = atEnd && index === parts.length - 1 ? parseIpv4(part) : undefined;
      if (!(embedded instanceof Uint8Array)) return undefined;
      groups.push((embedded[0] << 8) | embedded[1], (embedded[2] << 8) | embedded[3]);
    }
  }
  return groups;
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
