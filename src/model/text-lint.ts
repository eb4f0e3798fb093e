/** Doubts about texts and values that are read by others than resolvers: what was hardly meant as it stands. */
import { TYPE } from '../wire/constants.ts';
import type { ZoneCode } from './zone-code.ts';

interface Doubt {
  readonly code: ZoneCode;
  readonly message: string;
}

/** Types whose strings are one text to those who read them (RFC 7208 §3.3, RFC 6376 §3.6.2.2, RFC 7489 §6.1). */
const textTypes = new Set<number>([TYPE.TXT, TYPE.SPF]);

/** A string of so many bytes may have been cut where it was full, anywhere in a word. */
const FULL_STRING_BYTES = 200;

/** What begins a term of SPF (RFC 7208 §4.6.1). */
const spfTerm = /^[-+?~]?(all|include:|ip4:|ip6:|exists:|ptr|a(?=$|[:/ ])|mx(?=$|[:/ ])|redirect=|exp=)/i;

/** What begins a tag of DKIM, DMARC, MTA-STS, TLSRPT and BIMI, which a semicolon parts from the one before. */
const tags = /^(v|k|p|h|n|s|t|g|sp|np|pct|rua|ruf|adkim|aspf|fo|rf|ri|id|l|a)=[^=]/;

/** Policies that are nothing without a tag behind the version. */
const bareVersion = /^v=(DMARC1|DKIM1|STSv1|TLSRPTv1|BIMI1)\s*$/i;

/** No-break and zero-width characters and the byte order mark, as they are pasted from pages. */
const invisible = /[\u00a0\u200b-\u200d\u2060\ufeff]/;

/** Policies are ASCII: a dash that was made long in a word processor makes another word of its term. */
const policy = /^v=(spf1|DMARC1|DKIM1|STSv1|TLSRPTv1|BIMI1)/i;

/** What is doubtful in the RDATA of one record. `what`: begins the sentence. */
export function doubtsOf(type: number, rdata: Uint8Array, what: string): Doubt[] {
  if (textTypes.has(type)) return textDoubts(stringsIn(rdata), what);
  return type === TYPE.CAA ? caaDoubts(rdata, what) : [];
}

const DOUBLE_QUOTE = 0x22;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const DOT = 0x2e;
const LETTER_V = 0x76;
const SPF_VERSION = Buffer.from('spf1');

/**
 * Whether nothing is doubtful in the text `bytes[start..end)` in wire form, told by its bytes: ASCII that can be printed, no
 * quotes around it, and no policy but one in one string and with more than its version. False says nothing.
 */
export function isPlainText(bytes: Uint8Array, start: number, end: number): boolean {
  const isOneString = start + 1 + bytes[start] === end;
  let hasSemicolon = false;
  for (let at = start; at < end; ) {
    const next = at + 1 + bytes[at];
    if (bytes[at] > 1 && bytes[at + 1] === DOUBLE_QUOTE) return false;
    for (at++; at < next; at++) {
      if (bytes[at] < 0x20 || bytes[at] > 0x7e) return false;
      if (bytes[at] === SEMICOLON) hasSemicolon = true;
    }
  }
  const text = start + 1;
  // The version of a policy may itself be in two strings.
  if (bytes[start] < 2) return isOneString;
  if ((bytes[text] | 0x20) !== LETTER_V || bytes[text + 1] !== EQUALS) return true;
  return isOneString && (hasSemicolon || isSame(bytes, text + 2, SPF_VERSION));
}

const plainTags = ['issue', 'issuewild'].map((tag) => Buffer.from(tag));

/** Whether nothing is doubtful in a CAA record: a tag that is known to name an authority, and a domain. False says nothing. */
export function isPlainAuthority(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== 0 && bytes[start] !== CRITICAL) return false;
  const tagBytes = bytes[start + 1];
  if (!plainTags.some((tag) => tag.length === tagBytes && isSame(bytes, start + 2, tag))) return false;
  let hasDot = false;
  let label = 0;
  for (let at = start + 2 + tagBytes; at < end; at++) {
    const byte = bytes[at];
    if (byte === DOT) {
      if (label === 0) return false;
      hasDot = true;
      label = 0;
    } else {
      const lower = byte | 0x20;
      const isPlain = (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d;
      if (!isPlain) return false;
      label++;
    }
  }
  return hasDot && label > 0;
}

function isSame(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
  return true;
}

/** Names of SPF policies have one, or none of them counts (RFC 7208 §4.5). */
export function isSpf(type: number, rdata: Uint8Array): boolean {
  return textTypes.has(type) && /^v=spf1( |$)/i.test(stringsIn(rdata).join(''));
}

function textDoubts(strings: readonly string[], what: string): Doubt[] {
  const doubts: Doubt[] = [];
  const text = strings.join('');
  const joint = strings.findIndex((right, i) => i > 0 && runsTogether(text, strings[i - 1] ?? '', right));
  if (joint > 0) {
    const message = `${what} has ${strings.length} strings that are read as ${JSON.stringify(text)}: put one pair of quotes around the whole, or a blank at each joint`;
    doubts.push({ code: 'text_joined', message });
  }
  if (bareVersion.test(text)) {
    const message = `${what} is ${JSON.stringify(text)} and nothing more: a ; outside of quotes begins a comment`;
    doubts.push({ code: 'text_cut_off', message });
  }
  if (strings.some((each) => each.length > 1 && each.startsWith('"') && each.endsWith('"'))) {
    doubts.push({ code: 'quotes_within', message: `${what} has quotes as a part of the text: ${text}` });
  }
  const unusual = invisible.exec(text) ?? (policy.test(text) ? /[^\x20-\x7e]/.exec(text) : null);
  if (unusual !== null) {
    const point = unusual[0].codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    const message = `${what} has the character U+${point}, which is no blank, hyphen or quote to those who read it`;
    doubts.push({ code: 'text_unusual', message });
  }
  return doubts;
}

/** Whether two strings of a text were hardly meant to be read without a blank between them. */
function runsTogether(text: string, left: string, right: string): boolean {
  if (/\s$/.test(left) || /^\s/.test(right)) return false;
  if (/^v=spf1/i.test(text)) return left.length < FULL_STRING_BYTES || spfTerm.test(right);
  if (!policy.test(text)) return false;
  return !left.endsWith(';') && !right.startsWith(';') && tags.test(right);
}

function stringsIn(rdata: Uint8Array): string[] {
  const strings: string[] = [];
  for (let at = 0; at < rdata.length; at += 1 + rdata[at]) {
    strings.push(Buffer.from(rdata.subarray(at + 1, at + 1 + rdata[at])).toString('utf8'));
  }
  return strings;
}

/** RFC 8659 §4.1, §7.2; RFC 9495. */
const caaTags = ['issue', 'issuewild', 'issuemail', 'issuevmc', 'iodef', 'contactemail', 'contactphone'];
const CRITICAL = 128;

function caaDoubts(rdata: Uint8Array, what: string): Doubt[] {
  const [flags, tagBytes] = rdata;
  const tag = Buffer.from(rdata.subarray(2, 2 + tagBytes))
    .toString('latin1')
    .toLowerCase();
  const value = Buffer.from(rdata.subarray(2 + tagBytes)).toString('latin1');
  const message = caaMessage({ flags, tag, value });
  return message === undefined ? [] : [{ code: 'caa_unusual', message: `${what} ${message}` }];
}

function caaMessage({ flags, tag, value }: { flags: number; tag: string; value: string }): string | undefined {
  if (flags !== 0 && flags !== CRITICAL) return `has the flags ${flags}: critical is ${CRITICAL} (RFC 8659 §4.1)`;
  if (!caaTags.includes(tag)) return `has the tag ${tag}, which no authority knows; known are ${caaTags.join(', ')}`;
  if (tag === 'iodef' && !/^(mailto:|https?:\/\/)/i.test(value))
    return `has an iodef of ${JSON.stringify(value)}: a mailto: or https: URL was expected (RFC 8659 §4.4)`;
  // Quotes of another kind are told by themselves.
  if (/[^\0-\x7f]/.test(value)) return undefined;
  // The domain of an authority and parameters, or nothing: nobody may issue (§4.2).
  const issuer = value.replace(/^[ \t]+/, '');
  if (tag.startsWith('issue') && !/^([a-z0-9-]+(\.[a-z0-9-]+)+)?[ \t]*(;.*)?$/i.test(issuer))
    return `names the authority ${JSON.stringify(value)}: a domain such as letsencrypt.org was expected (RFC 8659 §4.2)`;
  return undefined;
}
