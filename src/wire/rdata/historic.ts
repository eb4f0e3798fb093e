/** Fields of types that hardly anybody makes any more, and that old zones still have. */
import { formatIpv6, IPV6_BYTES, parseIpv6 } from '../address.ts';
import { Malformed } from '../malformed.ts';
import { isMalformed } from '../text.ts';
import type { Words } from '../words.ts';
import { domainName } from './basic.ts';
import { fromHex } from './binary.ts';
import { type Field, remaining, remainingOrNone } from './field.ts';
import { readInteger } from './number.ts';
import { formatType, parseType } from './type.ts';

/** Bits of a map that say which of `numbers` are in it, the first bit 0; no zero byte at its end. */
function toBitmap(numbers: readonly number[]): Uint8Array {
  const bitmap = new Uint8Array(numbers.length === 0 ? 0 : (Math.max(...numbers) >> 3) + 1);
  for (const number of numbers) bitmap[number >> 3] |= 0x80 >> (number & 7);
  return bitmap;
}

function inBitmap(bitmap: Uint8Array): number[] {
  return [...bitmap].flatMap((byte, at) =>
    Array.from({ length: 8 }, (_, bit) => bit)
      .filter((bit) => byte & (0x80 >> bit))
      .map((bit) => 8 * at + bit),
  );
}

/** Ports by the names that RFC 1010 and the files of services give the usual ones. */
const ports: Readonly<Record<string, number>> = {
  echo: 7,
  discard: 9,
  daytime: 13,
  'ftp-data': 20,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  time: 37,
  nameserver: 42,
  domain: 53,
  tftp: 69,
  gopher: 70,
  finger: 79,
  http: 80,
  pop3: 110,
  sunrpc: 111,
  nntp: 119,
  ntp: 123,
  imap2: 143,
  imap: 143,
  snmp: 161,
  irc: 194,
  ldap: 389,
  https: 443,
  imaps: 993,
  pop3s: 995,
};

/** The services of WKS: ports by number or by a usual name (RFC 1035 §3.4.2). */
export const services: Field = {
  label: 'services',
  words: 'any',
  parse(words, index, out) {
    const numbers: number[] = [];
    for (let i = index; i < words.count; i++) {
      const word = words.at(i);
      const port = word.quoted ? undefined : ports[word.text.toLowerCase()];
      const number = port ?? readInteger(word, 0xffff);
      if (number < 0) return word.malformed(`services must be ports from 0 to 65535 such as 25, not ${word.shown}`);
      numbers.push(number);
    }
    out.append(toBitmap(numbers));
    return undefined;
  },
  measure: (rdata, offset) =>
    rdata.length - offset <= 8192 ? remainingOrNone(rdata, offset) : new Malformed('there are 65536 ports only'),
  format: (rdata, start, end) => inBitmap(rdata.subarray(start, end)).join(' '),
};

/** Up to here a type has a bit in NXT (RFC 2535 §5.2). */
const NXT_TYPE_MAX = 127;

/** The types of NXT, as one short map (RFC 2535 §5.2). */
export const nextTypes: Field = {
  label: 'types',
  words: 'any',
  parse(words, index, out) {
    const types: number[] = [];
    for (let i = index; i < words.count; i++) {
      const type = words.at(i).quoted ? undefined : parseType(words.at(i).text);
      if (typeof type !== 'number' || type === 0 || type > NXT_TYPE_MAX)
        return words.at(i).malformed(`types must be record types from 1 to 127, not ${words.at(i).shown}`);
      types.push(type);
    }
    out.append(toBitmap(types));
    return undefined;
  },
  measure(rdata, offset) {
    if (rdata.length - offset > (NXT_TYPE_MAX + 1) / 8) return new Malformed('types has at most 16 bytes');
    return offset < rdata.length && rdata[offset] & 0x80
      ? new Malformed('types must not have its first bit set')
      : remainingOrNone(rdata, offset);
  },
  format: (rdata, start, end) => inBitmap(rdata.subarray(start, end)).map(formatType).join(' '),
};

/** False where a map ends in zero bytes, which text cannot say. */
export function hasShortMap(rdata: Uint8Array): boolean {
  return rdata.at(-1) !== 0;
}

/** An OSI address: `0x` and pairs of hex digits, dots wherever somebody likes them (RFC 1706 §7). */
export const nsap: Field = {
  label: 'address',
  words: 'one',
  parse(words, index, out) {
    const word = words.at(index);
    const bytes = !word.quoted && /^0x/i.test(word.text) ? fromHex(word.text.slice(2).replaceAll('.', '')) : undefined;
    if (!bytes || bytes.length === 0)
      return word.malformed(`address must be 0x and pairs of hex digits, not ${word.shown}`);
    out.append(bytes);
    return undefined;
  },
  measure: remaining('address'),
  format: (rdata, start, end) => `0x${Buffer.from(rdata.subarray(start, end)).toString('hex')}`,
};

/** The formats of an ATM address (af-dans-0152.000 §2.1). */
const ATM_END_SYSTEM = 0;
const ATM_PHONE = 1;

/** An ATM address: hex digits, or `+` and a telephone number; dots are passed over. */
export const atm: Field = {
  label: 'address',
  words: 'one',
  parse(words, index, out) {
    const word = words.at(index);
    const text = word.quoted ? '' : word.text.replaceAll('.', '');
    const isPhone = /^\+\d+$/.test(text);
    const bytes = isPhone ? Buffer.from(text.slice(1)) : fromHex(text);
    if (!bytes || bytes.length === 0)
      return word.malformed(`address must be pairs of hex digits or + and digits, not ${word.shown}`);
    out.unsigned(isPhone ? ATM_PHONE : ATM_END_SYSTEM, 1);
    out.append(bytes);
    return undefined;
  },
  measure: (rdata, offset) =>
    rdata.length - offset >= 2 ? rdata.length - offset : new Malformed('address needs a format and at least one byte'),
  format(rdata, start, end) {
    const address = Buffer.from(rdata.subarray(start + 1, end));
    return rdata[start] === ATM_PHONE ? `+${address.toString('latin1')}` : address.toString('hex');
  },
};

/** False for formats of the future, and for telephone numbers that are none. */
export function hasAtmText(rdata: Uint8Array): boolean {
  if (rdata[0] === ATM_END_SYSTEM) return true;
  return rdata[0] === ATM_PHONE && rdata.subarray(1).every((byte) => byte >= 0x30 && byte <= 0x39);
}

const PREFIX_BITS_MAX = 128;
const prefixName = domainName('prefix name');

/** How many bytes of the address stand behind a prefix of so many bits (RFC 2874 §3.1). */
const suffixBytes = (prefixBits: number): number => IPV6_BYTES - (prefixBits >> 3);

/** A6: bits of the prefix, the rest of the address where there is one, and whose address has the prefix, where it has bits. */
export const chainedAddress: Field = {
  label: 'prefix length, address suffix and prefix name',
  words: 'some',
  parse(words, index, out, origin) {
    const bits = readInteger(words.at(index), PREFIX_BITS_MAX);
    if (bits < 0) return words.at(index).malformed(`prefix length must be 0 to 128, not ${words.at(index).shown}`);
    const wanted = 1 + (bits < PREFIX_BITS_MAX ? 1 : 0) + (bits > 0 ? 1 : 0);
    if (words.count - index !== wanted)
      return words.at(index).malformed(`A6 with a prefix of ${bits} bits has ${wanted} words: ${this.label}`);
    out.unsigned(bits, 1);
    const bad = bits < PREFIX_BITS_MAX ? appendSuffix(words, index + 1, bits, out) : undefined;
    return bad ?? (bits > 0 ? prefixName.parse(words, words.count - 1, out, origin) : undefined);
  },
  measure(rdata, offset) {
    const bits = rdata[offset];
    if (bits === undefined || bits > PREFIX_BITS_MAX) return new Malformed('a prefix length is at most 128');
    const nameAt = offset + 1 + suffixBytes(bits);
    if (nameAt > rdata.length) return new Malformed('the address suffix runs past the end');
    if (bits < PREFIX_BITS_MAX && rdata[offset + 1] >> (8 - (bits & 7)) !== 0)
      return new Malformed('an address suffix must be zero within the prefix');
    const name = bits > 0 ? prefixName.measure(rdata, nameAt) : 0;
    return typeof name === 'number' ? nameAt + name - offset : name;
  },
  format(rdata, start) {
    const bits = rdata[start];
    const address = new Uint8Array(IPV6_BYTES);
    const bytes = suffixBytes(bits);
    address.set(rdata.subarray(start + 1, start + 1 + bytes), IPV6_BYTES - bytes);
    const suffix = bits < PREFIX_BITS_MAX ? [formatIpv6(address)] : [];
    const name = bits > 0 ? [prefixName.format(rdata, start + 1 + bytes, rdata.length)] : [];
    return [bits, ...suffix, ...name].join(' ');
  },
  names: (rdata, start) => (rdata[start] > 0 ? [start + 1 + suffixBytes(rdata[start])] : []),
};

function appendSuffix(
  words: Words,
  index: number,
  bits: number,
  out: Parameters<Field['parse']>[2],
): Malformed | undefined {
  const word = words.at(index);
  const address = word.quoted ? word.malformed(`an address has no quotes: ${word.shown}`) : parseIpv6(word.text);
  if (isMalformed(address)) return word.malformed(address.reason);
  const suffix = address.slice(bits >> 3);
  // Bits within the prefix are not part of the suffix (RFC 2874 §3.1).
  suffix[0] = suffix[0] & (0xff >> (bits & 7));
  out.append(suffix);
  return undefined;
}
