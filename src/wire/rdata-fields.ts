/** The fields that RDATA is made of: each knows its text, its bytes, and where a name in it stands. */
import { formatIpv4, formatIpv6, IPV4_BYTES, IPV6_BYTES, parseIpv4, parseIpv6 } from './address.ts';
import { MAX_CHARACTER_STRING_BYTES } from './constants.ts';
import { Malformed } from './malformed.ts';
import { formatName, nameLength, parseName } from './name.ts';
import { decodeString, formatString, isMalformed, quote, type Token } from './text.ts';

/** One field of an RDATA format, in the order of the wire. */
export interface Field {
  /** What the RFC calls it, for messages. */
  readonly label: string;
  /** True where the field is one uncompressed name. */
  readonly isName: boolean;
  /** True where the field takes all words that are left, at least one; it is then the last. */
  readonly takesRest: boolean;
  /** The bytes of one word. */
  readonly parse: (token: Token) => Uint8Array | Malformed;
  /** How many bytes the field takes at `offset`; Malformed where it does not fit before the end. */
  readonly measure: (rdata: Uint8Array, offset: number) => number | Malformed;
  /** Text of the field's bytes, which were measured before. */
  readonly format: (bytes: Uint8Array) => string;
}

/** An unsigned integer in decimal, `bytes` long, big-endian. */
function unsigned(label: string, bytes: 1 | 2 | 4): Field {
  const max = 2 ** (8 * bytes) - 1;
  return {
    label,
    isName: false,
    takesRest: false,
    parse({ text, quoted }) {
      const value = Number(text);
      if (quoted || !/^\d+$/.test(text) || value > max) {
        return new Malformed(`${label} must be an integer from 0 to ${max}, not ${quote(text)}`);
      }
      return Uint8Array.from(
        { length: bytes },
        (_, index) => Math.floor(value / 2 ** (8 * (bytes - 1 - index))) & 0xff,
      );
    },
    measure: fixed(label, bytes),
    format: (field) => String(field.reduce((value, byte) => value * 256 + byte, 0)),
  };
}

export const uint16 = (label: string): Field => unsigned(label, 2);
export const uint32 = (label: string): Field => unsigned(label, 4);

/** A domain name, uncompressed (RFC 1035 §3.3). */
export function domainName(label: string): Field {
  return {
    label,
    isName: true,
    takesRest: false,
    parse({ text, quoted }) {
      if (quoted || text === '')
        return new Malformed(`${label} must be a name without quotes, not ${quote(`"${text}"`)}`);
      const wire = parseName(text);
      return isMalformed(wire) ? new Malformed(`${label}: ${wire.reason}`) : wire;
    },
    measure(rdata, offset) {
      return nameLength(rdata, offset) || new Malformed(`${label} is not an uncompressed name`);
    },
    format: (field) => formatName(field),
  };
}

export function ipv4(label: string): Field {
  const parse = ({ text }: Token): Uint8Array | Malformed => parseIpv4(text);
  return {
    label,
    isName: false,
    takesRest: false,
    parse,
    measure: fixed(label, IPV4_BYTES),
    format: (field) => formatIpv4(field),
  };
}

export function ipv6(label: string): Field {
  const parse = ({ text }: Token): Uint8Array | Malformed => parseIpv6(text);
  return {
    label,
    isName: false,
    takesRest: false,
    parse,
    measure: fixed(label, IPV6_BYTES),
    format: (field) => formatIpv6(field),
  };
}

/** One or more <character-string>s up to the end (RFC 1035 §3.3.14). */
export function characterStrings(label: string): Field {
  return {
    label,
    isName: false,
    takesRest: true,
    parse({ text }) {
      const bytes = decodeString(text);
      if (isMalformed(bytes)) return bytes;
      if (bytes.length > MAX_CHARACTER_STRING_BYTES) {
        const hint = 'split it into several quoted strings';
        return new Malformed(
          `a string of ${label} has at most ${MAX_CHARACTER_STRING_BYTES} bytes, ${quote(text)} has ${bytes.length}: ${hint}`,
        );
      }
      return Uint8Array.of(bytes.length, ...bytes);
    },
    measure(rdata, offset) {
      let at = offset;
      while (at < rdata.length) at += 1 + rdata[at];
      if (at > rdata.length) return new Malformed(`a string of ${label} runs past the end`);
      return at === offset ? new Malformed(`${label} needs at least one string`) : at - offset;
    },
    format(field) {
      const strings: string[] = [];
      for (let at = 0; at < field.length; at += 1 + field[at]) {
        strings.push(formatString(field.subarray(at + 1, at + 1 + field[at])));
      }
      return strings.join(' ');
    },
  };
}

function fixed(label: string, bytes: number): Field['measure'] {
  return (rdata, offset) =>
    rdata.length - offset >= bytes
      ? bytes
      : new Malformed(`${label} needs ${bytes} bytes, ${Math.max(0, rdata.length - offset)} are left`);
}
