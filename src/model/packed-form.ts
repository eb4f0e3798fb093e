/**
 * The packed form of RRsets: what an import is from its reader to the table and to the store, and what an entry of the
 * log names by its SHA-256.
 *
 * RRsets by name, then by type (names by the bytes of their text, types by number), their records in their order, which
 * answers and exports begin with. An RRset is: length of its name's canonical text (2 bytes) and the text; type (2); TTL
 * (4); 1 where each record has a TTL of its own, else 0; number of records (4); and for each record its TTL (4), where it
 * has one, length (2) and RDATA. All numbers big-endian.
 */
import assert from 'node:assert/strict';
import type { StagedRRset } from './revision.ts';

/** Bytes of an RRset beside its name and its records. */
export const PACKED_HEAD_BYTES = 13;

/** Of a name's length, which stands before it. */
export const PACKED_NAME_LENGTH_BYTES = 2;

/** Of a piece, before compression. Even what cannot be compressed stays below 256 KiB, which etcd takes in one request. */
export const PIECE_BYTES = 240 * 1024;

/** Goes through RRsets in packed form, one after the other, without making anything of them. */
export class PackedCursor {
  bytes: Uint8Array = new Uint8Array(0);
  /** The name's canonical text, from here to `nameEnd`. */
  nameStart = 0;
  nameEnd = 0;
  type = 0;
  ttlSeconds = 0;
  /** Whether each record has a TTL of its own. */
  hasTtls = false;
  /** How many records there are. */
  count = 0;
  /** Where the first record begins, and where the RRset ends. */
  recordsStart = 0;
  end = 0;
  #limit = 0;

  /** Begins with the first RRset of `bytes`. */
  begin(bytes: Uint8Array, start = 0, limit = bytes.length): void {
    this.bytes = bytes;
    this.end = start;
    this.#limit = limit;
  }

  /** Goes to the next RRset; false where none stands there whole: `end` stays where it would begin. */
  next(): boolean {
    const { bytes } = this;
    const limit = this.#limit;
    const start = this.end;
    if (start + 2 > limit) return false;
    const nameEnd = start + 2 + ((bytes[start] << 8) | bytes[start + 1]);
    let at = nameEnd + PACKED_HEAD_BYTES - 2;
    if (at > limit) return false;
    const hasTtls = bytes[nameEnd + 6] === 1;
    const count = unsigned(bytes, nameEnd + 7);
    const before = hasTtls ? 4 : 0;
    for (let i = 0; i < count; i++) {
      at += before;
      if (at + 2 > limit) return false;
      at += 2 + ((bytes[at] << 8) | bytes[at + 1]);
    }
    if (at > limit) return false;
    this.nameStart = start + 2;
    this.nameEnd = nameEnd;
    this.type = (bytes[nameEnd] << 8) | bytes[nameEnd + 1];
    this.ttlSeconds = unsigned(bytes, nameEnd + 2);
    this.hasTtls = hasTtls;
    this.count = count;
    this.recordsStart = nameEnd + PACKED_HEAD_BYTES - 2;
    this.end = at;
    return true;
  }

  /** The name's canonical text, which is ASCII. */
  get name(): string {
    return asBuffer(this.bytes).toString('latin1', this.nameStart, this.nameEnd);
  }

  /** The data of its records, where they have no TTLs of their own; in the memory of the piece. */
  get rdata(): Uint8Array[] {
    const { bytes } = this;
    const rdata: Uint8Array[] = [];
    let at = this.recordsStart;
    for (let i = 0; i < this.count; i++) {
      const end = at + 2 + ((bytes[at] << 8) | bytes[at + 1]);
      rdata.push(bytes.subarray(at + 2, end));
      at = end;
    }
    return rdata;
  }

  /** The RRset as an object, with copies of its records. */
  get rrset(): StagedRRset {
    const { bytes, type, ttlSeconds } = this;
    const ttls: number[] | undefined = this.hasTtls ? [] : undefined;
    const rdata: Uint8Array[] = [];
    let at = this.recordsStart;
    for (let i = 0; i < this.count; i++) {
      if (ttls !== undefined) {
        ttls.push(unsigned(bytes, at));
        at += 4;
      }
      const end = at + 2 + ((bytes[at] << 8) | bytes[at + 1]);
      rdata.push(new Uint8Array(bytes.subarray(at + 2, end)));
      at = end;
    }
    return { name: this.name, type, ttlSeconds, rdata, ...(ttls && { recordTtlSeconds: ttls }) };
  }
}

/** Joins pieces of packed form that were cut anywhere, so that each RRset stands in one. */
export class PackedJoiner {
  readonly #cursor = new PackedCursor();
  #rest: Uint8Array = new Uint8Array(0);

  /** The RRsets that are whole with this piece. */
  add(piece: Uint8Array): Uint8Array {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const cursor = this.#cursor;
    cursor.begin(bytes);
    while (cursor.next());
    // A copy: a buffer's slice would be a view of memory that is written to again.
    this.#rest = new Uint8Array(bytes.subarray(cursor.end));
    return bytes.subarray(0, cursor.end);
  }

  /** To be called after the last piece. */
  end(): void {
    assert.equal(this.#rest.length, 0, 'a packed content ends with an RRset');
  }
}

export function packedBytes({ name, rdata, recordTtlSeconds }: StagedRRset): number {
  const each = recordTtlSeconds === undefined ? 2 : 6;
  return rdata.reduce((sum, data) => sum + each + data.length, PACKED_HEAD_BYTES + Buffer.byteLength(name));
}

/** Writes an RRset; where the next one goes. There must be room for `packedBytes`. */
export function writePacked(into: Buffer, start: number, rrset: StagedRRset): number {
  const { name, type, ttlSeconds, recordTtlSeconds, rdata } = rrset;
  const length = into.write(name, start + 2);
  let at = into.writeUInt16BE(length, start) + length;
  at = into.writeUInt16BE(type, at);
  at = into.writeUInt32BE(ttlSeconds, at);
  at = into.writeUInt8(recordTtlSeconds === undefined ? 0 : 1, at);
  at = into.writeUInt32BE(rdata.length, at);
  rdata.forEach((data, i) => {
    if (recordTtlSeconds !== undefined) at = into.writeUInt32BE(recordTtlSeconds[i], at);
    at = into.writeUInt16BE(data.length, at);
    into.set(data, at);
    at += data.length;
  });
  return at;
}

function unsigned(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
