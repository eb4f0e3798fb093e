/** What stands between the owner and the RDATA of a record: `[TTL] [class] type`, the first two in either order. */
import { CLASS, MAX_TTL_SECONDS, TYPE } from '../constants.ts';
import { Malformed } from '../malformed.ts';
import { DURATION_FORM, readSeconds } from '../rdata/number.ts';
import { isMetaType, parseType, whyNotStored } from '../rdata.ts';
import { isDigit } from '../text.ts';
import type { Word, Words } from '../words.ts';
import { Fault, LeftOut } from './finding.ts';

export interface Header {
  readonly ttlSeconds: number | undefined;
  readonly type: number;
  /** Index of the word behind the type. */
  readonly next: number;
}

/** Classes that a record may have, by mnemonic (RFC 1035 §3.2.4); others are `CLASSnnn` (RFC 3597 §5). */
const classes = new Map<string, number>([
  ['IN', CLASS.IN],
  ['CS', 2],
  ['CH', CLASS.CH],
  ['HS', 4],
]);

/**
 * Types of records that a message carries about itself (RFC 6895 §3.1: Meta-TYPEs). `dig` prints them among those of a
 * transfer, so that what it wrote has a TSIG at its end, and between its messages.
 */
const messageTypes = new Set<number>([TYPE.OPT, TYPE.TKEY, TYPE.TSIG]);

/** Reads the header from the word at `first` on. */
export function readHeader(words: Words, first: number): Header | Fault | LeftOut {
  let ttlSeconds: number | undefined;
  let classSeen = false;
  for (let index = first; index < words.count; index++) {
    const word = words.at(index);
    if (ttlSeconds === undefined && isDigit(word.source[word.start]) && !word.quoted) {
      const ttl = parseTtl(word);
      if (typeof ttl !== 'number') return new Fault('ttl_invalid', ttl);
      ttlSeconds = ttl;
      continue;
    }
    const text = word.text;
    if (text.length === 3 && text.toUpperCase() === 'ANY' && index + 1 < words.count) {
      // The class of a TSIG and of a SIG(0) (RFC 8945 §4.2, RFC 2931 §3); a record of a zone never has it.
      const next = words.at(index + 1);
      const type = next.quoted ? undefined : parseType(next.text);
      if (typeof type === 'number' && (messageTypes.has(type) || type === TYPE.SIG)) return leftOut(next);
    }
    const dnsClass = classSeen || word.quoted ? undefined : parseClass(text);
    if (dnsClass === undefined) return readType(word, text, ttlSeconds, index + 1);
    if (dnsClass !== CLASS.IN)
      return new Fault('class_unsupported', word.malformed(`class IN was expected, not ${word.shown}`));
    classSeen = true;
  }
  const last = words.at(words.count - 1);
  const reason = `a record type was expected behind ${last.shown}, not the end of the entry`;
  return new Fault('type_unknown', new Malformed(reason, last.end));
}

function leftOut(type: Word): LeftOut {
  return new LeftOut(
    type.malformed(`${type.shown} belongs to a message and not to a zone: it is left out, and so are others like it`),
  );
}

function readType(word: Word, text: string, ttlSeconds: number | undefined, next: number): Header | Fault | LeftOut {
  const type = word.quoted ? word.malformed(`a record type was expected, not ${word.shown}`) : parseType(text);
  if (typeof type !== 'number') return new Fault('type_unknown', word.malformed(type.reason));
  if (messageTypes.has(type)) return leftOut(word);
  if (isMetaType(type)) {
    const reason = `a type that can be stored was expected: ${word.shown} ${whyNotStored(type)}`;
    return new Fault('type_unknown', word.malformed(reason));
  }
  return { ttlSeconds, type, next };
}

function parseClass(text: string): number | undefined {
  const known = classes.get(text) ?? classes.get(text.toUpperCase());
  if (known !== undefined) return known;
  const generic = /^CLASS(\d{1,5})$/i.exec(text);
  return generic ? Number(generic[1]) : undefined;
}

/** A TTL in seconds or with units; at most 31 bits (RFC 2181 §8). */
export function parseTtl(word: Word): number | Malformed {
  const ttlSeconds = readSeconds(word);
  if (ttlSeconds >= 0 && ttlSeconds <= MAX_TTL_SECONDS) return ttlSeconds;
  return word.malformed(`a TTL must be ${DURATION_FORM}, of at most ${MAX_TTL_SECONDS} seconds, not ${word.shown}`);
}
