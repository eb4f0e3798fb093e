/** What a zone file holds: its records as RRsets by name, out of any order, each once. */
import { TYPE } from '../wire/constants.ts';
import { isWireAtOrBelow, MAX_NAME_TEXT_BYTES, writeLowerLabels } from '../wire/name.ts';
import { formatRdata, formatType } from '../wire/rdata.ts';
import type { Finding, Findings } from '../wire/zone-file/finding.ts';
import type { PlainRecord } from '../wire/zone-file/plain.ts';
import type { ZoneRecord } from '../wire/zone-file/reader.ts';
import { ApexText } from './apex-text.ts';
import { ContentColumns, countColumns, type IsLeftOut, packColumns } from './content-columns.ts';
import { ContentNames } from './content-names.ts';
import { DOUBTED, DOUBTED_IN_SOME, Doubts } from './doubts.ts';
import { nameToWire, wireToName } from './name.ts';
import { PendingRecords } from './pending-records.ts';
import { isNearlySame, RecordKeys, sameRdata } from './record-keys.ts';
import { RECORDS_MAX } from './record-rules.ts';
import type { ZoneCode } from './zone-code.ts';
import { HarmlessNames, type ZoneTraits } from './zone-harmless.ts';

/** Up to here, comparing records one by one beats keeping a set of them. */
const COMPARED_RECORDS_MAX = 8;

/** An RRset as it stands in a file. */
export interface ContentRRset {
  /** Canonical text, full. */
  readonly name: string;
  readonly type: number;
  /** The lowest where they differ. */
  readonly ttlSeconds: number;
  /** In the order of the file. */
  readonly rdata: readonly Uint8Array[];
  /** The TTL of each record, where they differ: signatures have those of what they sign (RFC 4034 §3). */
  readonly recordTtlSeconds?: readonly number[];
  /** Where its first record stands. */
  readonly file: string;
  readonly line: number;
}

/** What a record is besides its name and its data. */
type Placed = Pick<ZoneRecord, 'type' | 'ttlSeconds' | 'file' | 'line'>;

/**
 * The RRsets of a zone by name, in packed form: columns of numbers and one list of bytes, since a million RRsets as
 * objects would be hundreds of megabytes. Who asks for one gets an object that is made then.
 */
export class ZoneContent {
  /** Canonical name of the zone. */
  readonly zone: string;
  readonly names = new ContentNames<ContentRRset>(this);
  rrsetCount = 0;
  readonly #zoneWire: Uint8Array;
  readonly #findings: Findings;
  #owner: Uint8Array | undefined;
  /** Number of the last owner's name, -1 where it is not in the zone. */
  #name = -1;
  readonly #columns: ContentColumns;
  readonly #pending: PendingRecords;
  readonly #text = new Uint8Array(MAX_NAME_TEXT_BYTES);
  readonly #apex: ApexText;
  readonly #doubts: Doubts;
  readonly #fileNames: string[] = [];
  /** What tells the records of a large RRset apart. */
  readonly #keys: RecordKeys;

  /** `expected`: how many records there will be, as far as is known, and `textBytes`, of what text. `seed`: see seeded-hash.ts. */
  constructor(zone: string, findings: Findings, expected = 0, seed = 0, textBytes = 0) {
    this.#columns = new ContentColumns(expected, textBytes, seed);
    this.#keys = new RecordKeys((record) => this.#rdataOf(record), seed);
    this.#pending = new PendingRecords(this.#columns.names, (record, hash) => this.#settle(record, hash));
    this.zone = zone;
    this.#zoneWire = nameToWire(zone);
    this.#apex = new ApexText(this.#zoneWire);
    this.#doubts = new Doubts(this.#columns, this.#apex, this.#zoneWire, expected);
    this.#findings = findings;
  }

  rrsets(name: string): ContentRRset[] {
    const number = this.#columns.names.find(name);
    return number < 0 ? [] : this.#rrsetsOf(number);
  }

  rrset(name: string, type: number): ContentRRset | undefined {
    const number = this.#columns.names.find(name);
    const rrset = number < 0 ? 0 : this.#columns.chains.find(number, type);
    return rrset === 0 ? undefined : this.#make(rrset - 1, name);
  }

  has(name: string): boolean {
    return this.#columns.names.find(name) >= 0;
  }

  /** Whether a name has records of the type. */
  holds(name: string, type: number): boolean {
    return this.holdsAt(this.numberOf(name), type);
  }

  /** For `holdsAt`: who asks several things of a name has it looked for once. -1: it has no records. */
  numberOf(name: string): number {
    return this.#columns.names.find(name);
  }

  /** Whether the name of this number has records of the type. */
  holdsAt(number: number, type: number): boolean {
    return number >= 0 && this.#columns.chains.find(number, type) !== 0;
  }

  /** The line of a name's first record of the type; undefined: it has none. */
  lineOf(name: string, type: number): number | undefined {
    const number = this.#columns.names.find(name);
    const rrset = number < 0 ? 0 : this.#columns.chains.find(number, type);
    return rrset === 0 ? undefined : this.#columns.lines.values[rrset - 1];
  }

  /** How many RRsets there are of the type, as far as `most`. */
  countType(type: number, most: number): number {
    const { values, length } = this.#columns.types;
    let count = 0;
    for (let at = values.indexOf(type); at >= 0 && at < length && count < most; at = values.indexOf(type, at + 1))
      count++;
    return count;
  }

  /** Names with their RRsets, in the order of the file. */
  *entries(): Generator<[string, ContentRRset[]]> {
    for (let number = 0; number < this.#columns.names.count; number++) {
      yield [this.#columns.names.text(number), this.#rrsetsOf(number)];
    }
  }

  /** The same but for those of which no check says anything: see `HarmlessNames`. */
  *doubtful(traits: ZoneTraits): Generator<[string, ContentRRset[]]> {
    const { names } = this.#columns;
    const harmless = new HarmlessNames(this.#columns, this.#apex, names.find(this.zone), traits);
    const least = traits.hasCuts || traits.aliases.size > 0 ? DOUBTED_IN_SOME : DOUBTED;
    // Below a DNAME there is something to say of any name.
    const from = (number: number): number => (traits.hasDnames ? number : this.#doubts.next(number, least));
    for (let number = from(0); number >= 0 && number < names.count; number = from(number + 1)) {
      if (!harmless.has(number)) yield [names.text(number), this.#rrsetsOf(number)];
    }
  }

  /** The RRsets of these types, of none of which names are undoubted (see doubts.ts), in the order of the file. */
  *ofTypes(types: readonly number[]): Generator<ContentRRset> {
    const { firstOf, next, types: typesOf, names } = this.#columns;
    const from = (number: number): number => this.#doubts.next(number, DOUBTED);
    for (let number = from(0); number >= 0; number = from(number + 1)) {
      for (let rrset = firstOf.values[number]; rrset !== 0; rrset = next.values[rrset - 1]) {
        if (types.includes(typesOf.values[rrset - 1])) yield this.#make(rrset - 1, names.text(number));
      }
    }
  }

  /** All RRsets, by the bytes of their names' text, then by type. */
  *inOrder(): Generator<ContentRRset> {
    for (const number of this.#columns.names.sorted()) {
      const own = this.#rrsetsOf(number);
      if (own.length > 1) own.sort((a, b) => a.type - b.type);
      yield* own;
    }
  }

  get nameCount(): number {
    return this.#columns.names.count;
  }

  /** How many RRsets are not left out. */
  count(isLeftOut: IsLeftOut): number {
    return countColumns(this.#columns, this.#columns.names.find(this.zone), isLeftOut);
  }

  /** The RRsets in packed form but for those that are left out, in pieces: the memory of one is written to again for the next. */
  packed(isLeftOut: IsLeftOut): Generator<Uint8Array> {
    return packColumns(this.#columns, this.#columns.names.find(this.zone), isLeftOut);
  }

  #rrsetsOf(number: number): ContentRRset[] {
    const rrsets: ContentRRset[] = [];
    const name = this.#columns.names.text(number);
    for (let rrset = this.#columns.firstOf.values[number]; rrset !== 0; rrset = this.#columns.next.values[rrset - 1]) {
      rrsets.push(this.#make(rrset - 1, name));
    }
    return rrsets;
  }

  #make(rrset: number, name: string): ContentRRset {
    const rdata: Uint8Array[] = [];
    const ttls: number[] = [];
    const type = this.#columns.types.values[rrset];
    const ttlSeconds = this.#columns.ttls.values[rrset];
    for (let record = this.#firstOf(rrset); record !== 0; record = this.#columns.nextRecords.values[record - 1]) {
      rdata.push(this.#rdataOf(record - 1));
      if (type === TYPE.RRSIG) ttls.push(this.#columns.ttlOf(record - 1, ttlSeconds));
    }
    const file = this.#fileNames[this.#columns.files.values[rrset]];
    const made = { name, type, ttlSeconds, rdata, file, line: this.#columns.lines.values[rrset] };
    return ttls.some((seconds) => seconds !== ttlSeconds) ? { ...made, recordTtlSeconds: ttls } : made;
  }

  #rdataOf(record: number): Uint8Array {
    const starts = this.#columns.starts.values;
    return this.#columns.bytes.values.subarray(starts[record], starts[record + 1]);
  }

  /** Takes a record in, unless it is of another zone or there already: both are said and do no harm. */
  add(record: ZoneRecord): void {
    // Records that follow each other share their owner, so a look at the reference saves most of the work.
    if (record.owner !== this.#owner) this.#enter(record);
    const name = this.#name;
    if (name < 0) return;
    this.#doubts.doubt(name);
    const rrset = this.#columns.chains.find(name, record.type);
    if (rrset !== 0) this.#join(rrset - 1, record, record.rdata, record.rdata.length);
    else this.#begin(name, record, record.rdata, record.rdata.length);
  }

  /** The same for what is written plainly; another record is free then. Undefined, and nothing is taken, where it is of another zone: `add` says so. */
  takePlain(record: PlainRecord): PlainRecord | undefined {
    if (!record.isSameOwner && !this.#apex.holds(record.owner, record.ownerLength)) return undefined;
    return this.#pending.add(record);
  }

  /** To be called after the last of some that are written plainly, before anything else. */
  settle(): void {
    this.#pending.settle();
  }

  #settle(record: PlainRecord, hash: number): void {
    const { owner, ownerLength, type } = record;
    if (!record.isSameOwner) this.#enterName(this.#columns.names.add(owner, ownerLength, hash));
    this.#owner = undefined;
    const name = this.#name;
    const { bytes, length } = record.rdata;
    const rrset = this.#columns.chains.find(name, type);
    this.#doubts.note(record, name, rrset);
    if (rrset === 0) this.#begin(name, record, bytes, length);
    else this.#join(rrset - 1, record, bytes, length);
  }

  #enterName(name: number): void {
    this.#name = name;
    if (this.#columns.firstOf.length === this.#columns.names.count) return;
    this.#columns.firstOf.pushZero();
    this.#doubts.addName();
  }

  #enter(record: ZoneRecord): void {
    this.#owner = record.owner;
    this.#name = -1;
    if (!isWireAtOrBelow(record.owner, this.#zoneWire)) {
      const name = wireToName(record.owner);
      this.#warn('out_of_zone', record, `${name}. is not in the zone ${this.zone}.: its records are left out`);
      return;
    }
    this.#enterName(this.#columns.names.add(this.#text, writeLowerLabels(record.owner, this.#text)));
  }

  /** The first record of an RRset; its RDATA is the first `length` bytes. */
  #begin(name: number, { type, ttlSeconds, file, line }: Placed, rdata: Uint8Array, length: number): void {
    const rrset = this.rrsetCount++;
    if (this.#fileNames.at(-1) !== file) this.#fileNames.push(file);
    this.#columns.types.push(type);
    this.#columns.ttls.push(ttlSeconds);
    this.#columns.lines.push(line);
    this.#columns.files.push(this.#fileNames.length - 1);
    this.#columns.next.pushZero();
    this.#columns.more.pushZero();
    this.#columns.firstRecords.push(this.#addRecord(type, ttlSeconds, rdata, length));
    this.#columns.lastRecords.pushZero();
    this.#columns.chains.add(name, rrset);
  }

  #addRecord(type: number, ttlSeconds: number, rdata: Uint8Array, length: number): number {
    const record = this.#columns.nextRecords.length;
    this.#columns.nextRecords.pushZero();
    this.#columns.bytes.append(rdata, length);
    this.#columns.starts.push(this.#columns.bytes.length);
    if (type === TYPE.RRSIG) this.#columns.setTtl(record, ttlSeconds);
    return record;
  }

  /** One more record of an RRset, unless an equal one is there (RFC 2181 §5); its RDATA is the first `length` bytes. */
  #join(rrset: number, record: Placed, rdata: Uint8Array, length: number): void {
    const { type, ttlSeconds } = record;
    // No message carries so many, as the check says. Objects of millions would take all of the heap, and the process with it.
    if (this.#columns.more.values[rrset] > RECORDS_MAX) return;
    const before = this.#columns.ttls.values[rrset];
    if (this.#hasRecord(rrset, type, rdata, length)) {
      const text = formatRdata(type, rdata.subarray(0, length));
      this.#warn('record_repeated', record, `${this.#shown(type)} ${text} is there already and counts once`);
      return;
    }
    const added = this.#addRecord(type, ttlSeconds, rdata, length);
    const { firstRecords, lastRecords, nextRecords, more } = this.#columns;
    nextRecords.values[lastRecords.values[rrset] || firstRecords.values[rrset]] = added + 1;
    lastRecords.values[rrset] = added;
    more.values[rrset]++;
    this.#noteKey(rrset, type);
    this.#columns.ttls.values[rrset] = Math.min(before, ttlSeconds);
    // Signatures are no RRset together, and keep the TTLs of what they sign (RFC 4034 §3).
    if (ttlSeconds !== before && type !== TYPE.RRSIG) {
      const both = `${before} (line ${this.#columns.lines.values[rrset]}) and ${ttlSeconds}`;
      const what = this.#shown(type);
      this.#warn('ttl_differs', record, `${what} has the TTLs ${both}: all its records get the lowest, RFC 2181 §5.2`);
    }
  }

  /** The RRset of the type at the last owner, for use in a message. */
  #shown(type: number): string {
    return `${this.#columns.names.text(this.#name)}. ${formatType(type)}`;
  }

  #hasRecord(rrset: number, type: number, rdata: Uint8Array, length: number): boolean {
    if (this.#columns.more.values[rrset] >= COMPARED_RECORDS_MAX)
      return this.#keys.has(rrset, type, rdata.subarray(0, length));
    const { starts, bytes, nextRecords } = this.#columns;
    for (let at = this.#firstOf(rrset); at !== 0; at = nextRecords.values[at - 1]) {
      // Nearly all differ, and are told apart without an object for either.
      if (!isNearlySame(rdata, length, bytes.values, starts.values[at - 1], starts.values[at])) continue;
      if (sameRdata(type, rdata.subarray(0, length), this.#rdataOf(at - 1))) return true;
    }
    return false;
  }

  /** To be called when an RRset has got one more record, its last: it may have so many now that they are kept by their keys. */
  #noteKey(rrset: number, type: number): void {
    const more = this.#columns.more.values[rrset];
    if (more < COMPARED_RECORDS_MAX) return;
    const first = more === COMPARED_RECORDS_MAX ? this.#firstOf(rrset) : this.#columns.lastRecords.values[rrset] + 1;
    for (let at = first; at !== 0; at = this.#columns.nextRecords.values[at - 1]) this.#keys.add(rrset, type, at - 1);
  }

  /** The first record of an RRset, with 1 added. */
  #firstOf(rrset: number): number {
    return this.#columns.firstRecords.values[rrset] + 1;
  }

  #warn(code: 'out_of_zone' | 'record_repeated' | 'ttl_differs', { file, line }: Placed, message: string): void {
    const finding: Finding<ZoneCode> = { severity: 'warning', code, file, line, column: 1, message };
    this.#findings.add(finding);
  }
}
