/**
 * RDATA as people type it for one record, outside of a zone file. There a text in bare words is several strings, and a
 * name without its final dot belongs to an origin (RFC 1035 §5.1); here nobody means the former, and what is not said
 * cannot be guessed. So what would silently be another thing is refused, with what would be right.
 */
import { MAX_CHARACTER_STRING_BYTES } from './constants.ts';
import { Malformed } from './malformed.ts';
import { formatName } from './name.ts';
import { formatOf } from './rdata/registry.ts';
import { formatType } from './rdata/type.ts';
import { hasNames, parseRdata, parseRdataWithin, rdataNames } from './rdata.ts';
import { encodeText, formatString, isMalformed, quote } from './text.ts';
import { wordsOfLine } from './words.ts';

/** A name that was typed without its final dot. */
interface UndottedName {
  /** As it was taken, with the final dot. */
  readonly taken: string;
  /** What it would be in the zone's file. */
  readonly within: string;
}

/** The RDATA that a text stands for. `zone`: wire name of the zone that it is for. */
export function parseTypedRdata(type: number, text: string, zone: Uint8Array): Uint8Array | Malformed {
  const rdata = parseRdata(type, text);
  const blanks = splitText(type, text, rdata);
  if (blanks !== undefined) return blanks;
  if (isMalformed(rdata)) return withOrigin(type, text, zone) ?? rdata;
  return refuseUndotted(type, text, zone) ?? rdata;
}

/** The names in a text that were typed without their final dot, but for those in the zone, which are plainly in full. */
export function undottedNames(type: number, text: string, zone: Uint8Array): UndottedName[] {
  if (!hasNames(type)) return [];
  const taken = namesOf(type, parseRdata(type, text));
  const within = namesOf(type, parseRdataWithin(type, text, zone));
  const suffix = zone.length === 1 ? '' : formatName(zone).toLowerCase();
  const isIn = (name: string): boolean => `.${name.toLowerCase()}`.endsWith(`.${suffix}`);
  return taken.flatMap((name, i) => {
    const other = within[i];
    return other === undefined || other === name || isIn(name) ? [] : [{ taken: name, within: other }];
  });
}

function namesOf(type: number, rdata: Uint8Array | Malformed): string[] {
  return isMalformed(rdata) ? [] : rdataNames(type, rdata).map((offset) => formatName(rdata, offset));
}

/** A name of one label is hardly ever meant for the top of all names. */
function refuseUndotted(type: number, text: string, zone: Uint8Array): Malformed | undefined {
  for (const { taken, within } of undottedNames(type, text, zone)) {
    const bare = taken.slice(0, -1);
    if (isAddress(bare)) {
      return new Malformed(`${bare} is an address, and ${formatType(type)} has the name of a host, with its final dot`);
    }
    if (bare.includes('://') || /:\d+$/.test(bare)) {
      return new Malformed(`${quote(bare)} is no name: a name has no scheme, port or path`);
    }
    if (/(?<!\\)\./.test(bare)) continue;
    return new Malformed(
      `${quote(bare)} without a final dot would be ${taken} at the top of all names: write names in full, ${within} or, if it is meant, ${taken}`,
    );
  }
  return undefined;
}

function isAddress(name: string): boolean {
  return /^\d+(\.\d+){3}$/.test(name) || /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*$/i.test(name);
}

/** `@` stands for the origin in a zone file, and for nothing here. */
function withOrigin(type: number, text: string, zone: Uint8Array): Malformed | undefined {
  if (!/(^|\s)@(\s|$)/.test(text) || isMalformed(parseRdataWithin(type, text, zone))) return undefined;
  return new Malformed(`@ stands for the zone's name in a zone file only: write ${formatName(zone)}`);
}

/** A text in several bare words: each would be a string, and those who read them join them without a blank. */
function splitText(type: number, text: string, rdata: Uint8Array | Malformed): Malformed | undefined {
  const fields = formatOf(type)?.fields ?? [];
  if (!fields.some(({ isText }) => isText)) return undefined;
  const words = wordsOfLine(encodeText(text));
  // A ; or a parenthesis outside of quotes, which a zone file would take for something else.
  if (isMalformed(words)) return isMalformed(rdata) && !text.includes('"') ? told(words.reason, text) : undefined;
  const bare = Array.from({ length: words.count }, (_, i) => words.at(i)).filter(({ quoted }) => !quoted);
  if (words.count < 2 || bare.length === 0 || words.at(0).is('\\#')) return undefined;
  const reason = `a text with blanks stands in quotes; without them it is ${words.count} strings, which are joined without a blank`;
  if (bare.length === words.count) return told(reason, text);
  const each = Array.from({ length: words.count }, (_, i) => `"${words.at(i).text}"`).join(' ');
  return new Malformed(`${reason}: ${each} if that is meant`);
}

/** Quotes of another kind that somebody put around it. The look behind keeps a run of them from being tried at each of its places. */
const aroundText = /^[\u2018-\u201f\u00ab\u00bb']+|(?<![\u2018-\u201f\u00ab\u00bb'])[\u2018-\u201f\u00ab\u00bb']+$/g;

/** With the text in quotes, in as many strings as it needs. */
function told(reason: string, text: string): Malformed {
  const bytes = encodeText(
    text
      .trim()
      .replace(/\\(?=[";()])/g, '')
      .replace(aroundText, ''),
  );
  const strings: string[] = [];
  for (let at = 0; at < bytes.length; at += MAX_CHARACTER_STRING_BYTES) {
    strings.push(formatString(bytes, at, Math.min(bytes.length, at + MAX_CHARACTER_STRING_BYTES)));
  }
  return new Malformed(`${reason}: write ${strings.join(' ')}`);
}
