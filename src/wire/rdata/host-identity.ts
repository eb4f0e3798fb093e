/** The RDATA of HIP: a host's identity tag and key, whose lengths stand first, and its rendezvous servers (RFC 8005 §5). */
import { MAX_NAME_BYTES } from '../constants.ts';
import { Malformed } from '../malformed.ts';
import { formatName, nameLength, readName } from '../name.ts';
import { fromBase64, fromHex } from './binary.ts';
import { type Field, unsignedAt } from './field.ts';
import { readInteger } from './number.ts';

/** Length of the tag, algorithm, length of the key (§5). */
const HEADER_BYTES = 4;
const TAG_BYTES_MAX = 255;
const KEY_BYTES_MAX = 65_535;

/** The algorithm, and around it the two lengths, which the fields behind fill in. */
const algorithm: Field = {
  label: 'algorithm',
  words: 'one',
  parse(words, index, out) {
    const value = readInteger(words.at(index), 255);
    if (value < 0)
      return words.at(index).malformed(`algorithm must be an integer from 0 to 255, not ${words.at(index).shown}`);
    out.unsigned(value, 2);
    out.unsigned(0, 2);
    return undefined;
  },
  measure(rdata, offset) {
    if (rdata.length - offset < HEADER_BYTES) return new Malformed(`the lengths need ${HEADER_BYTES} bytes`);
    const tag = rdata[offset];
    const key = unsignedAt(rdata, offset + 2, offset + HEADER_BYTES);
    if (tag === 0 || key === 0) return new Malformed('the tag and the key must not be empty');
    if (offset + HEADER_BYTES + tag + key > rdata.length) return new Malformed('the tag or the key runs past the end');
    return HEADER_BYTES;
  },
  format: (rdata, start) => String(rdata[start + 1]),
};

const tag: Field = {
  label: 'host identity tag',
  words: 'one',
  parse(words, index, out) {
    const word = words.at(index);
    const bytes = word.quoted ? undefined : fromHex(word.text);
    if (!bytes || bytes.length === 0 || bytes.length > TAG_BYTES_MAX)
      return word.malformed(`host identity tag must be 1 to ${TAG_BYTES_MAX} pairs of hex digits, not ${word.shown}`);
    out.bytes[out.length - HEADER_BYTES] = bytes.length;
    out.append(bytes);
    return undefined;
  },
  measure: (rdata) => rdata[0],
  format: (rdata, start, end) => Buffer.from(rdata.subarray(start, end)).toString('hex'),
};

/** Base64 in one word, since names follow it. */
const publicKey: Field = {
  label: 'public key',
  words: 'one',
  parse(words, index, out) {
    const word = words.at(index);
    const bytes = word.quoted ? undefined : fromBase64(word.text);
    if (!bytes || bytes.length === 0 || bytes.length > KEY_BYTES_MAX)
      return word.malformed(`public key must be base64 without blanks, not ${word.shown}`);
    const tagBytes = words.at(index - 1).text.length / 2;
    const lengthAt = out.length - tagBytes - 2;
    out.bytes[lengthAt] = bytes.length >> 8;
    out.bytes[lengthAt + 1] = bytes.length & 0xff;
    out.append(bytes);
    return undefined;
  },
  measure: (rdata) => unsignedAt(rdata, 2, HEADER_BYTES),
  format: (rdata, start, end) => Buffer.from(rdata.subarray(start, end)).toString('base64'),
};

const servers: Field = {
  label: 'rendezvous servers',
  words: 'any',
  parse(words, index, out, origin) {
    for (let i = index; i < words.count; i++) {
      const word = words.at(i);
      if (word.quoted) return word.malformed(`a rendezvous server must be a name without quotes, not ${word.shown}`);
      out.reserve(MAX_NAME_BYTES);
      const length = readName(word.source, word.start, word.end, origin, out.bytes, out.length);
      if (typeof length !== 'number') return new Malformed(`rendezvous server: ${length.reason}`, length.at);
      out.length += length;
    }
    return undefined;
  },
  measure(rdata, offset) {
    for (let at = offset; at < rdata.length; ) {
      const length = nameLength(rdata, at);
      if (length === 0) return new Malformed('a rendezvous server is not an uncompressed name');
      at += length;
    }
    return rdata.length - offset;
  },
  format: (rdata, start, end) =>
    nameStarts(rdata, start, end)
      .map((at) => formatName(rdata, at))
      .join(' '),
  names: nameStarts,
};

function nameStarts(rdata: Uint8Array, start: number, end: number): number[] {
  const starts: number[] = [];
  for (let at = start; at < end; at += nameLength(rdata, at)) starts.push(at);
  return starts;
}

export const hostIdentity: readonly Field[] = [algorithm, tag, publicKey, servers];
