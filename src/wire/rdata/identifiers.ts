/** Fields that are identifiers of 64 bits: in groups of hex digits (ILNP, RFC 6742) or as a decimal number. */
import type { Field } from './field.ts';
import { fixed, unsignedAt } from './field.ts';

const BYTES = 8;
const GROUP_BYTES = 2;

/** Four groups of hex digits with colons between them, none left out (RFC 6742 §2.1.2, §2.3.2). */
export function hexGroups(label: string): Field {
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      if (word.quoted || !/^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}$/i.test(word.text))
        return word.malformed(`${label} must be four groups of hex digits such as 2001:db8:0:1, not ${word.shown}`);
      for (const group of word.text.split(':')) out.unsigned(Number.parseInt(group, 16), GROUP_BYTES);
      return undefined;
    },
    measure: fixed(label, BYTES),
    // Each with four digits: Knot DNS takes no other.
    format: (rdata, start) =>
      [0, 2, 4, 6]
        .map((at) => unsignedAt(rdata, start + at, start + at + GROUP_BYTES))
        .map((group) => group.toString(16).padStart(4, '0'))
        .join(':'),
  };
}

const UINT64_MAX = 2n ** 64n - 1n;

/** An unsigned integer of 64 bits in decimal. */
export function uint64(label: string): Field {
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      const value = !word.quoted && /^\d{1,20}$/.test(word.text) ? BigInt(word.text) : -1n;
      if (value < 0n || value > UINT64_MAX)
        return word.malformed(`${label} must be an integer from 0 to ${UINT64_MAX}, not ${word.shown}`);
      out.unsigned(Number(value >> 32n), 4);
      out.unsigned(Number(value & 0xffffffffn), 4);
      return undefined;
    },
    measure: fixed(label, BYTES),
    format: (rdata, start) =>
      Buffer.from(rdata.buffer, rdata.byteOffset, rdata.length).readBigUInt64BE(start).toString(),
  };
}
