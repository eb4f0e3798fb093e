/** Fields of RFC 1035 that most types are made of: names, addresses, and character-strings. */
import { formatIpv4, formatIpv6, IPV4_BYTES, IPV6_BYTES, readIpv4, readIpv6 } from '../address.ts';
import { MAX_NAME_BYTES } from '../constants.ts';
import { Malformed } from '../malformed.ts';
import { formatName, nameLength, readName } from '../name.ts';
import { appendCharacterString, appendUnescaped, formatString } from '../text.ts';
import type { Word } from '../words.ts';
import { counted, type Field, fixed, remaining } from './field.ts';

/** A domain name, uncompressed (RFC 1035 §3.3). */
export function domainName(label: string): Field {
  return {
    label,
    words: 'one',
    name: 'other',
    parse(words, index, out, origin) {
      const word = words.at(index);
      if (word.quoted) return word.malformed(`${label} must be a name without quotes, not ${word.shown}`);
      out.reserve(MAX_NAME_BYTES);
      const length = readName(word.source, word.start, word.end, origin, out.bytes, out.length);
      if (typeof length !== 'number') return new Malformed(`${label}: ${length.reason}`, length.at);
      out.length += length;
      return undefined;
    },
    measure(rdata, offset) {
      return nameLength(rdata, offset) || new Malformed(`${label} is not an uncompressed name`);
    },
    format: (rdata, start) => formatName(rdata, start),
  };
}

/** The name of a host that whoever gets the record asks for next: an answer may add its addresses. */
export function hostName(label: string): Field {
  return { ...domainName(label), name: 'host' };
}

export function ipv4(label: string): Field {
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      if (word.quoted) return word.malformed(`${label} must be an IPv4 address without quotes, not ${word.shown}`);
      out.reserve(IPV4_BYTES);
      const bad = readIpv4(word.source, word.start, word.end, out.bytes, out.length);
      if (!bad) out.length += IPV4_BYTES;
      return bad;
    },
    measure: fixed(label, IPV4_BYTES),
    format: (rdata, start) => formatIpv4(rdata, start),
  };
}

export function ipv6(label: string): Field {
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      if (word.quoted) return word.malformed(`${label} must be an IPv6 address without quotes, not ${word.shown}`);
      out.reserve(IPV6_BYTES);
      const bad = readIpv6(word.source, word.start, word.end, out.bytes, out.length);
      if (!bad) out.length += IPV6_BYTES;
      return bad;
    },
    measure: fixed(label, IPV6_BYTES),
    format: (rdata, start) => formatIpv6(rdata, start),
  };
}

/** One <character-string> (RFC 1035 §3.3). */
export function characterString(label: string): Field {
  return {
    label,
    words: 'one',
    parse: (words, index, out) => {
      const word = words.at(index);
      return named(label, appendCharacterString(word.source, word.start, word.end, out));
    },
    measure: counted(label, 0),
    format: (rdata, start, end) => formatString(rdata, start + 1, end),
  };
}

/** One or more <character-string>s up to the end (RFC 1035 §3.3.14); `isText`: those of one text. */
export function characterStrings(label: string, isText = true): Field {
  return {
    label,
    words: 'some',
    ...(isText && { isText }),
    parse(words, index, out) {
      for (let i = index; i < words.count; i++) {
        const word = words.at(i);
        const bad = appendCharacterString(word.source, word.start, word.end, out);
        if (bad) return named(label, bad, 'several quoted strings make one long text');
      }
      return undefined;
    },
    measure(rdata, offset) {
      let at = offset;
      while (at < rdata.length) at += 1 + rdata[at];
      if (at > rdata.length) return new Malformed(`a string of ${label} runs past the end`);
      return at === offset ? new Malformed(`${label} needs at least one string`) : at - offset;
    },
    format(rdata, start, end) {
      const strings: string[] = [];
      for (let at = start; at < end; at += 1 + rdata[at]) strings.push(formatString(rdata, at + 1, at + 1 + rdata[at]));
      return strings.join(' ');
    },
  };
}

/** One string without a length byte that takes the rest of the RDATA and may be longer than 255 bytes. */
export function longString(label: string, leastBytes: 0 | 1): Field {
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      if (word.end - word.start < leastBytes) return word.malformed(`${label} must not be empty`);
      return named(label, appendUnescaped(word.source, word.start, word.end, out));
    },
    measure: leastBytes === 0 ? (rdata, offset) => rdata.length - offset : remaining(label),
    format: (rdata, start, end) => formatString(rdata, start, end),
  };
}

/** A short tag of letters and digits behind a length byte, written bare (the property of CAA, RFC 8659 §4.1). */
export function tag(label: string): Field {
  const length = counted(label, 1);
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      if (word.quoted || word.end - word.start > 255 || !isTag(word.source, word.start, word.end)) return notTag(word);
      return appendCharacterString(word.source, word.start, word.end, out);
    },
    measure(rdata, offset) {
      const bytes = length(rdata, offset);
      if (typeof bytes !== 'number' || isTag(rdata, offset + 1, offset + bytes)) return bytes;
      return new Malformed(`${label} must be ASCII letters and digits`);
    },
    format: (rdata, start, end) => String.fromCharCode(...rdata.subarray(start + 1, end)),
  };

  function notTag(word: Word): Malformed {
    return word.malformed(`${label} must be 1 to 255 ASCII letters and digits, not ${word.shown}`);
  }
}

function isTag(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const letter = bytes[at] | 0x20;
    const alphanumeric = (letter >= 0x61 && letter <= 0x7a) || (bytes[at] >= 0x30 && bytes[at] <= 0x39);
    if (!alphanumeric) return false;
  }
  return true;
}

function named(label: string, bad: Malformed | undefined, hint = ''): Malformed | undefined {
  return bad && new Malformed(`${label}: ${bad.reason}${hint && `; ${hint}`}`, bad.at);
}
