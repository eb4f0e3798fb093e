/** The RRsets of a zone that is being read, in columns of numbers and one list of bytes, and the way from there to packed form. */
import { TYPE } from '../wire/constants.ts';
import { Column, isLarge } from './column.ts';
import { NameTable } from './name-table.ts';
import { PACKED_HEAD_BYTES, PIECE_BYTES } from './packed-form.ts';
import { RRsetChains } from './rrset-chains.ts';

const TYPE_VALUES = 2 ** 16;

/** Of a record, more or less: an address. */
const RDATA_BYTES_EXPECTED = 4;

/** So many that their misses overlap, and what they bring near is still there afterwards. */
const AHEAD_NAMES = 32;

/** A name of more types is sorted as lists are. */
const ONE_BY_ONE_MAX = 16;

/** Whether RRsets of a type, at the apex or elsewhere, are left out. */
export type IsLeftOut = (type: number, isApex: boolean) => boolean;

export class ContentColumns {
  readonly names: NameTable;
  /** Of each name, its first RRset; of each RRset, the next one at its name. Each with 1 added; 0: none. */
  readonly firstOf: Column<Uint32Array>;
  readonly next: Column<Uint32Array>;
  readonly chains: RRsetChains;
  /** Of each RRset. */
  readonly types: Column<Uint16Array>;
  readonly ttls: Column<Uint32Array>;
  /** How many records there are beside the first. */
  readonly more: Column<Uint32Array>;
  readonly firstRecords: Column<Uint32Array>;
  /** 0 where it is the first. */
  readonly lastRecords: Column<Uint32Array>;
  /** Where its first record stands: a line, and the place of the file's name in a list. */
  readonly lines: Column<Uint32Array>;
  readonly files: Column<Uint16Array>;
  /** Of each record: the next one of its RRset, with 1 added, and where its RDATA begins in `bytes`. */
  readonly nextRecords: Column<Uint32Array>;
  readonly starts: Column<Uint32Array>;
  readonly bytes: Column<Uint8Array>;
  /** TTLs of signatures, each with 1 added; 0: none of its own. */
  readonly #recordTtls = new Column(Uint32Array);

  /**
   * `expected`: how many records there will be, as far as is known, and `textBytes`, of what text: what grows is copied again
   * and again. RDATA is hardly ever longer than its text, and of a large file what is not written to takes no memory.
   * `seed`: see seeded-hash.ts.
   */
  constructor(expected: number, textBytes: number, seed: number) {
    const large = isLarge(expected);
    this.names = new NameTable(expected, seed);
    this.firstOf = new Column(Uint32Array, expected);
    this.next = new Column(Uint32Array, expected);
    this.types = new Column(Uint16Array, expected);
    this.chains = new RRsetChains(this);
    this.ttls = new Column(Uint32Array, expected);
    this.more = new Column(Uint32Array, expected);
    this.firstRecords = new Column(Uint32Array, expected);
    this.lastRecords = new Column(Uint32Array, expected);
    this.lines = new Column(Uint32Array, expected);
    this.files = new Column(Uint16Array, expected);
    this.nextRecords = new Column(Uint32Array, expected);
    this.starts = new Column(Uint32Array, expected + 1);
    this.starts.push(0);
    this.bytes = new Column(Uint8Array, large ? textBytes : RDATA_BYTES_EXPECTED * expected, large);
  }

  /** Gives a record a TTL of its own; none that comes after it may have one by then. */
  setTtl(record: number, ttlSeconds: number): void {
    this.#recordTtls.reserve(record - this.#recordTtls.length);
    this.#recordTtls.push(ttlSeconds + 1);
  }

  /** The TTL of a record, or where it has none of its own `otherwise`. */
  ttlOf(record: number, otherwise: number): number {
    const own = record < this.#recordTtls.length ? this.#recordTtls.values[record] : 0;
    return own === 0 ? otherwise : own - 1;
  }
}

/** How many RRsets are not left out. `apex`: the number of the zone's name. */
export function countColumns({ firstOf, next, types }: ContentColumns, apex: number, isLeftOut: IsLeftOut): number {
  const many = new Uint32Array(TYPE_VALUES);
  for (let rrset = 0; rrset < types.length; rrset++) many[types.values[rrset]]++;
  let count = 0;
  for (let rrset = firstOf.values[apex]; rrset > 0; rrset = next.values[rrset - 1]) {
    const type = types.values[rrset - 1];
    many[type]--;
    if (!isLeftOut(type, true)) count++;
  }
  for (let type = 0; type < TYPE_VALUES; type++) if (many[type] > 0 && !isLeftOut(type, false)) count += many[type];
  return count;
}

/** In the order of the packed form, each RRset in one piece. */
export function* packColumns(columns: ContentColumns, apex: number, isLeftOut: IsLeftOut): Generator<Uint8Array> {
  const writer = new Writer(columns, apex, isLeftOut);
  while (writer.fill()) yield writer.take();
}

/** Few are put in order one by one, as they mostly are already. */
function sortByType(rrsets: number[], types: Uint16Array): void {
  if (rrsets.length > ONE_BY_ONE_MAX) {
    rrsets.sort((a, b) => types[a] - types[b]);
    return;
  }
  for (let i = 1; i < rrsets.length; i++) {
    const rrset = rrsets[i];
    let at = i;
    for (; at > 0 && types[rrsets[at - 1]] > types[rrset]; at--) rrsets[at] = rrsets[at - 1];
    rrsets[at] = rrset;
  }
}

class Writer {
  readonly #columns: ContentColumns;
  readonly #apex: number;
  readonly #isLeftOut: IsLeftOut;
  readonly #order: Uint32Array;
  /** The place in the order that is to be written next; of a name of several RRsets, those that are not left out, and which of them is next. */
  #at = 0;
  readonly #own: number[] = [];
  #ownAt = 0;
  #piece = new Uint8Array(PIECE_BYTES);
  #used = 0;
  #hasTtls = false;
  #bytes = 0;
  /** Means nothing, and keeps the compiler from leaving out a look. */
  #seen = 0;

  constructor(columns: ContentColumns, apex: number, isLeftOut: IsLeftOut) {
    this.#columns = columns;
    this.#apex = apex;
    this.#isLeftOut = isLeftOut;
    this.#order = columns.names.sorted();
  }

  /** Writes as much as a piece holds; false: nothing is left. */
  fill(): boolean {
    this.#fill();
    return this.#used > 0;
  }

  /** By itself, and no generator: V8 would compile the loop anew for each way into it and out of it. */
  #fill(): void {
    const order = this.#order;
    for (; this.#at < order.length; this.#at++) {
      const at = this.#at;
      if (at % AHEAD_NAMES === 0) this.#lookAhead(order, at, Math.min(at + AHEAD_NAMES, order.length));
      if (!this.#addName(order[at])) return;
    }
  }

  /** Adds the RRsets of a name; false: there is no room for the next one. */
  #addName(name: number): boolean {
    const { firstOf, next, types } = this.#columns;
    const first = firstOf.values[name];
    // So it is with nearly all names of a large zone: no list is made for those.
    if (first === 0 || next.values[first - 1] !== 0) return this.#addMany(name, first);
    if (this.#isLeftOut(types.values[first - 1], name === this.#apex)) return true;
    if (!this.#hasRoom(name, first - 1)) return false;
    this.#add(name, first - 1);
    return true;
  }

  #addMany(name: number, first: number): boolean {
    const own = this.#own;
    if (this.#ownAt === 0) this.#list(name, first);
    for (; this.#ownAt < own.length; this.#ownAt++) {
      const rrset = own[this.#ownAt];
      if (!this.#hasRoom(name, rrset)) return false;
      this.#add(name, rrset);
    }
    this.#ownAt = 0;
    return true;
  }

  #list(name: number, first: number): void {
    const { next, types } = this.#columns;
    const own = this.#own;
    own.length = 0;
    for (let rrset = first; rrset !== 0; rrset = next.values[rrset - 1]) {
      if (!this.#isLeftOut(types.values[rrset - 1], name === this.#apex)) own.push(rrset - 1);
    }
    sortByType(own, types.values);
  }

  /** Brings near what is to be written of some names: in a file in another order it is somewhere else each time. */
  #lookAhead(order: Uint32Array, from: number, to: number): void {
    const { names, firstOf, firstRecords, types, ttls, starts } = this.#columns;
    let seen = 0;
    for (let i = from; i < to; i++) {
      const first = firstOf.values[order[i]];
      seen ^= names.look(order[i]);
      if (first === 0) continue;
      const record = firstRecords.values[first - 1];
      seen ^= types.values[first - 1] ^ ttls.values[first - 1] ^ this.#columns.bytes.values[starts.values[record]];
    }
    this.#seen ^= seen;
  }

  /** Whether the RRset fits behind what is there, or there is nothing. */
  #hasRoom(name: number, rrset: number): boolean {
    this.#hasTtls = this.#haveTtls(rrset);
    this.#bytes = PACKED_HEAD_BYTES + this.#columns.names.length(name) + this.#recordBytes(rrset);
    return this.#used === 0 || this.#used + this.#bytes <= PIECE_BYTES;
  }

  take(): Uint8Array {
    const taken = this.#piece.subarray(0, this.#used);
    this.#used = 0;
    return taken;
  }

  /** To be called after `#hasRoom` of the same. */
  #add(name: number, rrset: number): void {
    if (this.#bytes > this.#piece.length) this.#piece = new Uint8Array(this.#bytes);
    const piece = this.#piece;
    const { names, types, ttls, more } = this.#columns;
    let at = this.#used;
    const length = names.length(name);
    piece[at++] = length >> 8;
    piece[at++] = length & 0xff;
    at = names.write(name, piece, at);
    const type = types.values[rrset];
    piece[at++] = type >> 8;
    piece[at++] = type & 0xff;
    at = writeUnsigned(piece, at, ttls.values[rrset]);
    piece[at++] = this.#hasTtls ? 1 : 0;
    at = writeUnsigned(piece, at, more.values[rrset] + 1);
    this.#used = this.#writeRecords(rrset, at);
  }

  #writeRecords(rrset: number, start: number): number {
    const piece = this.#piece;
    const { ttls, firstRecords, nextRecords, starts, bytes } = this.#columns;
    let at = start;
    for (let record = firstRecords.values[rrset] + 1; record !== 0; record = nextRecords.values[record - 1]) {
      if (this.#hasTtls) at = writeUnsigned(piece, at, this.#columns.ttlOf(record - 1, ttls.values[rrset]));
      const first = starts.values[record - 1];
      const end = starts.values[record];
      piece[at++] = (end - first) >> 8;
      piece[at++] = (end - first) & 0xff;
      for (let from = first; from < end; from++) piece[at++] = bytes.values[from];
    }
    return at;
  }

  #recordBytes(rrset: number): number {
    const { firstRecords, nextRecords, starts } = this.#columns;
    let bytes = 0;
    for (let record = firstRecords.values[rrset] + 1; record !== 0; record = nextRecords.values[record - 1]) {
      bytes += 2 + (this.#hasTtls ? 4 : 0) + starts.values[record] - starts.values[record - 1];
    }
    return bytes;
  }

  /** Signatures have TTLs of their own where they differ. */
  #haveTtls(rrset: number): boolean {
    const { types, ttls, firstRecords, nextRecords } = this.#columns;
    if (types.values[rrset] !== TYPE.RRSIG) return false;
    for (let record = firstRecords.values[rrset] + 1; record !== 0; record = nextRecords.values[record - 1]) {
      if (this.#columns.ttlOf(record - 1, ttls.values[rrset]) !== ttls.values[rrset]) return true;
    }
    return false;
  }
}

function writeUnsigned(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
  return at + 4;
}
