/** Fields whose form the byte before says: the gateway of IPSECKEY (RFC 4025 §2.5) and the relay of AMTRELAY (RFC 8777 §4.2). */
import type { Malformed } from '../malformed.ts';
import { domainName, ipv4, ipv6 } from './basic.ts';
import { type Field, fixed, remainingOrNone } from './field.ts';
import { readInteger } from './number.ts';

/** What a gateway or relay is, by the number of its kind (RFC 4025 §2.3, RFC 8777 §4.2.3). */
const NONE = 0;
const NAME = 3;

/** A gateway whose kind stands `kindBack` bytes before it, below `kindMask`. */
export function gateway(label: string, kindBack: number, kindMask: number): Field {
  const none: Field = {
    label,
    words: 'one',
    parse: (words, index) =>
      words.at(index).is('.')
        ? undefined
        : words.at(index).malformed(`${label} of the kind 0 must be . and not ${words.at(index).shown}`),
    measure: () => 0,
    format: () => '.',
  };
  const kinds: readonly Field[] = [none, ipv4(label), ipv6(label), domainName(label)];
  const kindAt = (rdata: Uint8Array, offset: number): number => rdata[offset - kindBack] & kindMask;
  return {
    label,
    words: 'one',
    parse(words, index, out, origin) {
      const kind = kinds[kindAt(out.bytes, out.length)];
      if (kind) return kind.parse(words, index, out, origin);
      const reason = `a ${label} can be written for the kinds 0 (none), 1 (IPv4), 2 (IPv6) and 3 (a name) only`;
      return words.at(index).malformed(reason);
    },
    // A kind of the future may look like anything: it takes all that is left.
    measure: (rdata, offset) => kinds[kindAt(rdata, offset)]?.measure(rdata, offset) ?? remainingOrNone(rdata, offset),
    format: (rdata, start, end) => kinds[kindAt(rdata, start)]?.format(rdata, start, end) ?? '',
    names: (rdata, start) => (kindAt(rdata, start) === NAME ? [start] : []),
  };
}

/** True where the kind in the byte at `at`, below `mask`, is one that has a text. */
export function hasKnownGateway(at: number, mask: number): (rdata: Uint8Array) => boolean {
  return (rdata) => (rdata[at] & mask) >= NONE && (rdata[at] & mask) <= NAME;
}

/** The upper bit of the byte of a relay's kind: whether discovery is optional (RFC 8777 §4.2.2). */
const DISCOVERY_BIT = 0x80;
export const RELAY_KIND_MASK = 0x7f;

/** `0` or `1`; the field behind it puts the kind into the same byte. */
export const discoveryOptional: Field = {
  label: 'discovery optional',
  words: 'one',
  parse(words, index, out) {
    const value = readInteger(words.at(index), 1);
    if (value < 0) return words.at(index).malformed(`discovery optional must be 0 or 1, not ${words.at(index).shown}`);
    out.unsigned(value * DISCOVERY_BIT, 1);
    return undefined;
  },
  measure: fixed('discovery optional and type', 1),
  format: (rdata, start) => String(rdata[start] >> 7),
};

/** The kind of a relay, in the lower bits of the byte that was written before. */
export const relayType: Field = {
  label: 'type',
  words: 'one',
  parse(words, index, out): Malformed | undefined {
    const value = readInteger(words.at(index), NAME);
    if (value < 0)
      return words.at(index).malformed(`type must be an integer from 0 to ${NAME}, not ${words.at(index).shown}`);
    out.bytes[out.length - 1] |= value;
    return undefined;
  },
  measure: () => 0,
  format: (rdata, start) => String(rdata[start - 1] & RELAY_KIND_MASK),
};
