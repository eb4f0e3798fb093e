/**
 * Which names of a zone no check can say anything of, told by their bytes: nearly all of a large zone, of which the checks
 * would make texts and objects to find nothing. What the checks say is theirs alone: wherever one of them might speak,
 * the name is theirs to look at.
 */
import { TYPE } from '../wire/constants.ts';
import { MAX_NAME_TEXT_BYTES } from '../wire/name.ts';
import type { ApexText } from './apex-text.ts';
import type { ContentColumns } from './content-columns.ts';
import { atCut, belowDname, besideCname, fitsAnyMessage, glueTypes, singletons } from './record-rules.ts';
import { isPlainAuthority, isPlainText } from './text-lint.ts';

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LABEL_MAX_BYTES = 63;
/** So many labels of digits are an IPv4 address. */
const ADDRESS_LABELS = 4;

/** What may be said of the data of a type. */
const ANYTHING = 0;
const NOTHING = 1;
/** Something of the name in it. */
const NAMES = 2;
/** Something of the host in it as well: whether it has addresses. */
const HOSTS = 3;
const TEXT = 4;
const AUTHORITY = 5;

/** By type: one of those, and where the one name stands in the data. */
const kinds = new Uint8Array(512);
const nameAt = new Uint8Array(512);
const { A, AAAA, DS, CDS, DNSKEY, CDNSKEY, NSEC3, NSEC3PARAM, TLSA, SSHFP } = TYPE;
for (const type of [A, AAAA, DS, CDS, DNSKEY, CDNSKEY, NSEC3, NSEC3PARAM, TLSA, SSHFP]) kinds[type] = NOTHING;
for (const type of [TYPE.CNAME, TYPE.PTR, TYPE.DNAME, TYPE.NSEC]) kinds[type] = NAMES;
for (const [type, at] of [
  [TYPE.SVCB, 2],
  [TYPE.HTTPS, 2],
  [TYPE.RRSIG, 18],
] as const) {
  kinds[type] = NAMES;
  nameAt[type] = at;
}
for (const [type, at] of [
  [TYPE.NS, 0],
  [TYPE.MX, 2],
  [TYPE.SRV, 6],
] as const) {
  kinds[type] = HOSTS;
  nameAt[type] = at;
}
kinds[TYPE.TXT] = TEXT;
kinds[TYPE.CAA] = AUTHORITY;

/** Letters in lower case, digits, hyphens and underscores by themselves, and letters in upper case as those; 0: anything else. */
const plainBytes = new Uint8Array(256);
for (const character of 'abcdefghijklmnopqrstuvwxyz0123456789-_') {
  plainBytes[character.charCodeAt(0)] = character.charCodeAt(0);
  plainBytes[character.toUpperCase().charCodeAt(0)] = character.charCodeAt(0);
}

/** What its names are held against, of the whole zone. */
export interface ZoneTraits {
  /** Services that answer with a CNAME. */
  readonly aliases: ReadonlySet<string>;
  /** It maps addresses back. */
  readonly isReverse: boolean;
  /** There are names with NS below the apex. */
  readonly hasCuts: boolean;
  readonly hasDnames: boolean;
}

export class HarmlessNames {
  readonly #columns: ContentColumns;
  readonly #apex: ApexText;
  readonly #apexName: number;
  readonly #aliases: ReadonlySet<string>;
  readonly #isReverse: boolean;
  readonly #hasBorders: boolean;
  /** All of the zone is. */
  readonly #isBelowDname: boolean;
  readonly #owner = new Uint8Array(MAX_NAME_TEXT_BYTES);
  #ownerLength = 0;
  readonly #target = new Uint8Array(MAX_NAME_TEXT_BYTES);

  /** To be made when all records are in. `apexName`: the number of the zone's own name, -1 where it has no records. */
  constructor(columns: ContentColumns, apex: ApexText, apexName: number, traits: ZoneTraits) {
    this.#columns = columns;
    this.#apex = apex;
    this.#apexName = apexName;
    this.#aliases = traits.aliases;
    this.#isReverse = traits.isReverse;
    this.#hasBorders = traits.hasCuts || traits.hasDnames;
    this.#isBelowDname = apexName >= 0 && this.#holds(apexName, TYPE.DNAME);
  }

  /** Whether no check says anything of the name of this number. False says nothing. */
  has(name: number): boolean {
    // Of the apex everything is checked; and a DNAME there is above all names.
    if (name === this.#apexName || this.#isBelowDname) return false;
    const length = this.#columns.names.write(name, this.#owner, 0);
    this.#ownerLength = length;
    const owner = this.#owner;
    for (let i = 0; i < length; i++) if (owner[i] !== DOT && plainBytes[owner[i]] !== owner[i]) return false;
    if (this.#apex.mayBeRepeated(owner, length)) return false;
    return this.#typesAreHarmless(name, length) && this.#dataIsHarmless(name);
  }

  #typesAreHarmless(name: number, length: number): boolean {
    const { firstOf, next, types, more } = this.#columns;
    const hasCname = this.#holds(name, TYPE.CNAME);
    const hasNs = this.#holds(name, TYPE.NS);
    const border = this.#hasBorders ? this.#borderAbove(length) : 0;
    for (let rrset = firstOf.values[name]; rrset !== 0; rrset = next.values[rrset - 1]) {
      const type = types.values[rrset - 1];
      if (singletons.has(type) && more.values[rrset - 1] > 0) return false;
      if (hasCname && !besideCname.has(type)) return false;
      if (hasNs ? !atCut.has(type) || type === TYPE.DNAME : type === TYPE.DS) return false;
      if (border === TYPE.DNAME && !belowDname.has(type)) return false;
      if (border === TYPE.NS && !glueTypes.has(type)) return false;
    }
    return true;
  }

  /** NS or DNAME: what the closest name above the owner, of so many bytes, and below the apex has; 0: there is none. */
  #borderAbove(length: number): number {
    const owner = this.#owner;
    for (let at = 0; at < length; at++) {
      if (owner[at] !== DOT) continue;
      if (length - at - 1 <= this.#apex.length) return 0;
      const above = this.#columns.names.findBytes(owner, at + 1, length);
      if (above < 0) continue;
      if (this.#holds(above, TYPE.DNAME)) return TYPE.DNAME;
      if (this.#holds(above, TYPE.NS)) return TYPE.NS;
    }
    return 0;
  }

  #dataIsHarmless(name: number): boolean {
    const { firstOf, next, types, firstRecords, nextRecords, starts } = this.#columns;
    for (let rrset = firstOf.values[name]; rrset !== 0; rrset = next.values[rrset - 1]) {
      const type = types.values[rrset - 1];
      const kind = type < kinds.length ? kinds[type] : ANYTHING;
      let bytes = 0;
      let records = 0;
      for (let at = firstRecords.values[rrset - 1] + 1; at !== 0; at = nextRecords.values[at - 1]) {
        const start = starts.values[at - 1];
        const end = starts.values[at];
        bytes += end - start;
        records++;
        if (!this.#isHarmless(kind, type, start, end)) return false;
      }
      // Several policies in one text are for the checks to count.
      if (!fitsAnyMessage(records, bytes) || (kind === TEXT && records > 1)) return false;
    }
    return true;
  }

  #isHarmless(kind: number, type: number, start: number, end: number): boolean {
    switch (kind) {
      case NOTHING:
        return true;
      case NAMES:
      case HOSTS:
        return this.#isHarmlessName(kind, type, start + nameAt[type]);
      case TEXT:
        return isPlainText(this.#columns.bytes.values, start, end);
      case AUTHORITY:
        return isPlainAuthority(this.#columns.bytes.values, start, end);
      default:
        return false;
    }
  }

  /** Of the name that begins in the data at `start`. */
  #isHarmlessName(kind: number, type: number, start: number): boolean {
    const length = this.#readTarget(start);
    if (length < 0) return false;
    const target = this.#target;
    if (length === 0) return true;
    if (!this.#apex.holds(target, length)) return true;
    if ((this.#isReverse && type === TYPE.PTR) || this.#apex.mayBeRepeated(target, length)) return false;
    if (kind === NAMES) return type !== TYPE.CNAME || !this.#isOwner(length);
    const name = this.#columns.names.findBytes(target, 0, length);
    if (name < 0 || this.#holds(name, TYPE.CNAME) || !(this.#holds(name, A) || this.#holds(name, AAAA))) return false;
    return this.#aliases.size === 0 || !this.#aliases.has(this.#columns.names.text(name));
  }

  /** Whether the target, of so many bytes, is the owner itself. */
  #isOwner(length: number): boolean {
    if (length !== this.#ownerLength) return false;
    for (let i = 0; i < length; i++) if (this.#target[i] !== this.#owner[i]) return false;
    return true;
  }

  /** The text of a name in the data, without escapes, and how long it is; -1: it is another one, or looks like an address. */
  #readTarget(start: number): number {
    const bytes = this.#columns.bytes.values;
    const target = this.#target;
    let to = 0;
    let at = start;
    let numbers = 0;
    for (let label = bytes[at++]; label > 0; label = bytes[at++]) {
      if (label > LABEL_MAX_BYTES) return -1;
      if (to > 0) target[to++] = DOT;
      let isNumber = numbers >= 0;
      for (const end = at + label; at < end; at++) {
        const plain = plainBytes[bytes[at]];
        if (plain === 0) return -1;
        if (plain < ZERO || plain > NINE) isNumber = false;
        target[to++] = plain;
      }
      numbers = isNumber ? numbers + 1 : -ADDRESS_LABELS;
      if (numbers === ADDRESS_LABELS) return -1;
    }
    return to;
  }

  #holds(name: number, type: number): boolean {
    return this.#columns.chains.find(name, type) !== 0;
  }
}
