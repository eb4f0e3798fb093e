/**
 * Which names of a zone file the checks may have something to say of, told while a record is at hand: nearly all of a large
 * zone are told to be harmless by then, and are not gone to again. False alarms cost a look (see zone-harmless.ts), and what
 * the checks say is theirs alone.
 */
import { MAX_NAME_BYTES, TYPE } from '../wire/constants.ts';
import type { PlainRecord } from '../wire/zone-file/plain.ts';
import type { ApexText } from './apex-text.ts';
import { Column } from './column.ts';
import type { ContentColumns } from './content-columns.ts';
import { fitsAnyMessage } from './record-rules.ts';
import { isPlainText } from './text-lint.ts';

/** Something may be said of the name in a zone with delegations, or with services that answer with a CNAME. */
export const DOUBTED_IN_SOME = 1;
/** In any zone. */
export const DOUBTED = 2;

/** What may be said of the data of a type. */
const ANYTHING = 0;
const NOTHING = 1;
const TEXT = 2;
/** Something of the name that it ends with; of some of them at one name, and of any other type beside them. */
const ALIAS = 3;
const NAMES = 4;
/** Something of the name that it ends with. */
const HOST = 5;

const kinds = new Uint8Array(64);
kinds[TYPE.A] = NOTHING;
kinds[TYPE.AAAA] = NOTHING;
kinds[TYPE.TXT] = TEXT;
kinds[TYPE.CNAME] = ALIAS;
kinds[TYPE.PTR] = NAMES;
kinds[TYPE.NS] = NAMES;
kinds[TYPE.MX] = HOST;

/** Before the name of a mail host. */
const PREFERENCE_BYTES = 2;
/** Of those types but TXT: the longest data. */
const DATA_MAX_BYTES = PREFERENCE_BYTES + MAX_NAME_BYTES;
const ZERO = 0x30;
const NINE = 0x39;
/** In which letters of either case differ. */
const CASE = 0x20;

export class Doubts {
  readonly #columns: ContentColumns;
  readonly #apex: ApexText;
  readonly #apexWire: Uint8Array;
  /** Of each name; 0: nothing is said of it. */
  readonly #levels: Column<Uint8Array>;

  /** `apexWire`: lower-case wire form. `expected`: how many names there will be, as far as is known. */
  constructor(columns: ContentColumns, apex: ApexText, apexWire: Uint8Array, expected: number) {
    this.#columns = columns;
    this.#apex = apex;
    this.#apexWire = apexWire;
    this.#levels = new Column(Uint8Array, expected);
  }

  /** For the next name. */
  addName(): void {
    this.#levels.pushZero();
  }

  /** Whatever it has. */
  doubt(name: number): void {
    this.#levels.values[name] = DOUBTED;
  }

  /** The next name from this one on that is doubted so much; -1: there is none. */
  next(name: number, least: number): number {
    const { values, length } = this.#levels;
    for (let next = name; next < length; next++) if (values[next] >= least) return next;
    return -1;
  }

  /** To be called before a record is taken in. `rrset`: that of its type at the name of this number, with 1 added; 0: there is none. */
  note(record: PlainRecord, name: number, rrset: number): void {
    const isOdd = !record.isSameOwner && this.#isOddName(record);
    if (isOdd) this.doubt(name);
    // The address of a host is the most frequent record.
    else if (record.type !== TYPE.A || this.#columns.firstOf.values[name] !== 0) this.#noteData(record, name, rrset);
  }

  #noteData(record: PlainRecord, name: number, rrset: number): void {
    const { values } = this.#levels;
    if (values[name] === DOUBTED) return;
    const level = this.#levelOf(record, name, rrset);
    if (level > values[name]) values[name] = level;
  }

  #isOddName({ owner, ownerLength, hasAsterisk }: PlainRecord): boolean {
    return hasAsterisk || this.#apex.mayBeRepeated(owner, ownerLength);
  }

  #levelOf(record: PlainRecord, name: number, rrset: number): number {
    const { type, rdata } = record;
    const kind = kindOf(type);
    const records = rrset === 0 ? 1 : this.#columns.more.values[rrset - 1] + 2;
    if (kind === ANYTHING || !this.#mayStandThere(kind, type, name)) return DOUBTED;
    if (records > 1 && (kind === TEXT || kind === ALIAS || !fitsAnyMessage(records, records * DATA_MAX_BYTES)))
      return DOUBTED;
    if (kind === NOTHING) return 0;
    if (kind === TEXT) {
      if (!isPlainText(rdata.bytes, 0, rdata.length) || !fitsAnyMessage(1, rdata.length)) return DOUBTED;
    } else if (!this.#isElsewhere(record, kind === HOST ? PREFERENCE_BYTES : 0)) {
      return kind === HOST && this.#isOwnHost(record, name) ? DOUBTED_IN_SOME : DOUBTED;
    }
    return this.#isRightBelowApex(name) ? 0 : DOUBTED_IN_SOME;
  }

  /** Whether nothing is said of the type beside what the name has: that one is of the same kind says it of all of them. */
  #mayStandThere(kind: number, type: number, name: number): boolean {
    const first = this.#columns.firstOf.values[name];
    if (first === 0) return true;
    const other = this.#columns.types.values[first - 1];
    return isAlone(kind) ? other === type : !isAlone(kindOf(other));
  }

  /** Whether the name in the data is of another zone, and does not look like an address. */
  #isElsewhere({ rdata: { bytes, length }, hasPlainName }: PlainRecord, start: number): boolean {
    if (!hasPlainName || (bytes[start + 1] >= ZERO && bytes[start + 1] <= NINE)) return false;
    const apex = this.#apexWire;
    const from = length - apex.length;
    if (from < start) return true;
    for (let i = apex.length - 1; i >= 0; i--) if ((bytes[from + i] | CASE) !== (apex[i] | CASE)) return true;
    return false;
  }

  /** Whether a mail host is the owner itself, which has an address already. */
  #isOwnHost({ rdata, hasPlainName }: PlainRecord, name: number): boolean {
    const { chains, names } = this.#columns;
    if (!hasPlainName || !names.isWire(name, rdata.bytes, PREFERENCE_BYTES)) return false;
    return chains.find(name, TYPE.A) !== 0 || chains.find(name, TYPE.AAAA) !== 0;
  }

  /** No delegation can be in between. */
  #isRightBelowApex(name: number): boolean {
    const { names } = this.#columns;
    const rest = names.length(name) - names.labelLength(name);
    return rest === 0 || rest === 1 + this.#apex.length;
  }
}

function kindOf(type: number): number {
  return type < kinds.length ? kinds[type] : ANYTHING;
}

function isAlone(kind: number): boolean {
  return kind === ALIAS || kind === NAMES;
}
