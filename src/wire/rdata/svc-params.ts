/** The field of SVCB and HTTPS that holds the service parameters (RFC 9460 §2.1, §2.2). */
import { ByteWriter } from '../byte-writer.ts';
import { Malformed } from '../malformed.ts';
import { appendUnescaped, decodeText, isMalformed } from '../text.ts';
import type { Word } from '../words.ts';
import { type Field, unsignedAt } from './field.ts';
import { formatKey, INVALID_KEY, KEY, keysIn, paramOf, parseKey, parseValue } from './svc-param.ts';

const EQUALS = '='.charCodeAt(0);
/** Key and length stand before each value. */
const HEADER_BYTES = 4;
/** The length has 16 bits. */
const PARAM_BYTES_MAX = 0xffff;

/** Parameters as `key=value` words in any order; on the wire they are sorted by key. */
export const svcParams: Field = {
  label: 'parameters',
  words: 'any',
  parse(words, index, out) {
    const byKey = new Map<number, Uint8Array>();
    for (let i = index; i < words.count; i++) {
      const param = readParam(words.at(i));
      if (isMalformed(param)) return param;
      if (byKey.has(param.key)) return words.at(i).malformed(`the parameter ${formatKey(param.key)} is given twice`);
      byKey.set(param.key, param.value);
    }
    const inconsistent = checkConsistent(byKey);
    if (inconsistent) return words.at(index).malformed(inconsistent.reason);
    for (const [key, value] of [...byKey].sort(([a], [b]) => a - b)) {
      out.unsigned(key, 2);
      out.unsigned(value.length, 2);
      out.append(value);
    }
    return undefined;
  },
  measure(rdata, offset) {
    const byKey = split(rdata, offset, rdata.length);
    if (isMalformed(byKey)) return byKey;
    for (const [key, value] of byKey) {
      const param = paramOf(key);
      if (!param.valid(value)) return new Malformed(`the parameter ${formatKey(key)} must be ${param.form}`);
    }
    return checkConsistent(byKey) ?? rdata.length - offset;
  },
  format(rdata, start, end) {
    const byKey = split(rdata, start, end) as Map<number, Uint8Array>;
    return Array.from(byKey, ([key, value]) => formatKey(key) + paramOf(key).format(value)).join(' ');
  },
};

function readParam(word: Word): { key: number; value: Uint8Array } | Malformed {
  const found = word.source.subarray(word.start, word.end).indexOf(EQUALS);
  const keyEnd = found < 0 ? word.end : word.start + found;
  const keyText = decodeText(word.source, word.start, keyEnd);
  const key = word.quoted ? undefined : parseKey(keyText);
  if (key === undefined) return word.malformed(`a parameter such as alpn=h2 was expected, not ${word.shown}`);
  const text = new ByteWriter();
  const [start, end] = word.quoteAt > 0 ? [word.quoteAt + 1, word.end - 1] : [Math.min(keyEnd + 1, word.end), word.end];
  const bad = appendUnescaped(word.source, start, end, text);
  if (bad) return bad;
  const value = parseValue(key, keyText, text.slice());
  if (value && value.length <= PARAM_BYTES_MAX) return { key, value };
  return word.malformed(`the parameter ${formatKey(key)} must be ${paramOf(key).form}, not ${word.shown}`);
}

/** The parameters by key; keys must grow strictly (RFC 9460 §2.2). */
function split(rdata: Uint8Array, start: number, end: number): Map<number, Uint8Array> | Malformed {
  const byKey = new Map<number, Uint8Array>();
  let lastKey = -1;
  for (let at = start; at < end; ) {
    const valueAt = at + HEADER_BYTES;
    const next = valueAt + unsignedAt(rdata, at + 2, valueAt);
    // A header that is cut short makes this NaN.
    if (!(next <= end)) return new Malformed('a parameter runs past the end');
    const key = unsignedAt(rdata, at, at + 2);
    if (key <= lastKey) return new Malformed('parameters must be in growing order of their keys');
    if (key === INVALID_KEY) return new Malformed(`no parameter may have the key ${INVALID_KEY}`);
    byKey.set(key, rdata.subarray(valueAt, next));
    lastKey = key;
    at = next;
  }
  return byKey;
}

/** What one record's parameters must agree on (RFC 9460 §2.4.3, §7.1.1, §8). */
function checkConsistent(byKey: ReadonlyMap<number, Uint8Array>): Malformed | undefined {
  const missing = keysIn(byKey.get(KEY.MANDATORY) ?? new Uint8Array(0)).find((key) => !byKey.has(key));
  if (missing !== undefined) return new Malformed(`the mandatory parameter ${formatKey(missing)} must be given`);
  if (byKey.has(KEY.NO_DEFAULT_ALPN) && !byKey.has(KEY.ALPN))
    return new Malformed('the parameter no-default-alpn needs alpn beside it');
  return undefined;
}
