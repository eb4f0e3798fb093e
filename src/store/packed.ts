/**
 * The records of imported zones in a packed form that does not depend on how a file was laid out: what an entry of the log
 * names by its SHA-256, and any node can bring in again. Kept compressed, in chunks so small that no transaction is long.
 *
 * The packed form: each RRset by name, then by type (names by the bytes of their text, types by number), its records in
 * their order, which answers and exports begin with. An RRset is: length of its name's canonical text (2 bytes) and the text; type (2); TTL (4); 1 where each
 * record has a TTL of its own, else 0; number of records (4); and for each record its TTL (4), where it has one, length
 * (2) and RDATA. All numbers big-endian. The zone's own SOA and NS are in the entry.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Database } from 'better-sqlite3';
import type { StagedRRset } from '../model/revision.ts';

/** Before compression. Even what cannot be compressed stays below 256 KiB, which etcd takes in one request. */
const CHUNK_BYTES = 240 * 1024;
/** Chunks forgotten in one transaction, for which a shift may have to wait. */
const CHUNKS_AT_ONCE = 8;

/** A packed content: its chunks one after the other, decompressed, are what the hash is of. */
export interface PackedContent {
  /** SHA-256, hexadecimal. */
  readonly hash: string;
  /** Each compressed (RFC 8878). */
  readonly chunks: readonly Uint8Array[];
}

/** Packs RRsets, which come in the order of the packed form. */
export function pack(rrsets: Iterable<StagedRRset>): PackedContent {
  const packer = new Packer();
  for (const rrset of rrsets) packer.add(rrset);
  return packer.end();
}

/** Packs RRsets that come one after the other, in the order of the packed form. */
export class Packer {
  readonly #hash = createHash('sha256');
  readonly #chunks: Uint8Array[] = [];
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #used = 0;

  add(rrset: StagedRRset): void {
    const bytes = packedBytes(rrset);
    if (bytes <= CHUNK_BYTES - this.#used) {
      this.#used = write(this.#chunk, this.#used, rrset);
      return;
    }
    const whole = Buffer.alloc(bytes);
    write(whole, 0, rrset);
    for (let at = 0; at < bytes; ) {
      const length = whole.copy(this.#chunk, this.#used, at, Math.min(bytes, at + CHUNK_BYTES - this.#used));
      this.#used += length;
      at += length;
      if (this.#used === CHUNK_BYTES) this.#flush();
    }
  }

  end(): PackedContent {
    this.#flush();
    return { hash: this.#hash.digest('hex'), chunks: this.#chunks };
  }

  #flush(): void {
    if (this.#used === 0) return;
    const chunk = this.#chunk.subarray(0, this.#used);
    this.#hash.update(chunk);
    this.#chunks.push(zstdCompressSync(chunk));
    this.#used = 0;
  }
}

function packedBytes({ name, rdata, recordTtlSeconds }: StagedRRset): number {
  const each = recordTtlSeconds === undefined ? 2 : 6;
  return rdata.reduce((sum, data) => sum + each + data.length, 2 + Buffer.byteLength(name) + 11);
}

function write(into: Buffer, start: number, { name, type, ttlSeconds, recordTtlSeconds, rdata }: StagedRRset): number {
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

/** The RRsets of a packed content. Throws where the chunks are not those of the hash. */
export function unpack({ hash, chunks }: PackedContent): StagedRRset[] {
  const bytes = Buffer.concat(chunks.map((chunk) => zstdDecompressSync(chunk)));
  assert.equal(createHash('sha256').update(bytes).digest('hex'), hash, 'a packed content is what its hash says');
  const rrsets: StagedRRset[] = [];
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 2 + bytes.readUInt16BE(at);
    const name = bytes.toString('utf8', at + 2, nameEnd);
    const type = bytes.readUInt16BE(nameEnd);
    const ttlSeconds = bytes.readUInt32BE(nameEnd + 2);
    const ttls: number[] | undefined = bytes[nameEnd + 6] === 1 ? [] : undefined;
    const count = bytes.readUInt32BE(nameEnd + 7);
    at = nameEnd + 11;
    const rdata: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      if (ttls !== undefined) {
        ttls.push(bytes.readUInt32BE(at));
        at += 4;
      }
      const end = at + 2 + bytes.readUInt16BE(at);
      rdata.push(new Uint8Array(bytes.subarray(at + 2, end)));
      at = end;
    }
    rrsets.push({ name, type, ttlSeconds, rdata, ...(ttls && { recordTtlSeconds: ttls }) });
  }
  return rrsets;
}

/** What is kept of packed contents, by either connection. */
export class Packed {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#statements = prepare(database);
  }

  /** Bytes of all that is kept, compressed. */
  get bytes(): number {
    return (this.#statements.bytes.get() as { bytes: number | null }).bytes ?? 0;
  }

  /** Whether a revision has it, so that it is whole. */
  has(hash: string): boolean {
    return this.#statements.has.get(hash) !== undefined;
  }

  /** Keeps what is there for an import that is under way. */
  pin(hash: string): void {
    this.#statements.pin.run(hash);
  }

  /** Makes room for chunks that are to be added, each in a transaction of its own. */
  begin({ hash, chunks }: PackedContent): void {
    this.#statements.removeChunks.run(hash);
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
    this.#statements.add.run(hash, bytes);
  }

  addChunk(hash: string, position: number, chunk: Uint8Array): void {
    this.#statements.addChunk.run(hash, position, chunk);
  }

  /** A revision has it from now on. `few`: its chunks, where they have not been staged. */
  use(hash: string, revision: number, few: readonly Uint8Array[] | undefined): void {
    if (few !== undefined) {
      this.begin({ hash, chunks: few });
      for (const [position, chunk] of few.entries()) this.addChunk(hash, position, chunk);
    }
    this.#statements.use.run(revision, hash);
  }

  /** The import has come to nothing. */
  unpin(hash: string): void {
    this.#statements.unpin.run(hash);
  }

  /** So have all that a process before this one had begun. */
  unpinAll(): void {
    this.#statements.unpinAll.run();
  }

  get(hash: string): PackedContent | undefined {
    if (!this.has(hash)) return undefined;
    return { hash, chunks: this.#statements.chunks.all(hash).map((row) => (row as { body: Uint8Array }).body) };
  }

  /** How many chunks there are, also of an import that is under way. */
  chunksOf(hash: string): number {
    return (this.#statements.count.get(hash) as { count: number }).count;
  }

  chunk(hash: string, position: number): Uint8Array | undefined {
    return (this.#statements.chunk.get(hash, position) as { body: Uint8Array } | undefined)?.body;
  }

  /** The last revision that has it; 0: none that is known. */
  revisionOf(hash: string): number {
    return (this.#statements.revisionOf.get(hash) as { revision: number } | undefined)?.revision ?? 0;
  }

  /** One that is in no import and no revision, or in the oldest; undefined: there is none. */
  oldest(): { readonly hash: string; readonly revision: number } | undefined {
    return this.#statements.oldest.get() as { hash: string; revision: number } | undefined;
  }

  /** Forgets some of it. To be called in a transaction of its own, until it is gone. */
  forgetSome(hash: string): void {
    // Half of it is none: nobody shall find it from now on.
    this.#statements.loseRevision.run(hash);
    const { changes } = this.#statements.removeSome.run(hash, hash, CHUNKS_AT_ONCE);
    if (changes < CHUNKS_AT_ONCE) this.#statements.remove.run(hash);
  }
}

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    bytes: sql('SELECT sum(bytes) AS bytes FROM packed'),
    has: sql('SELECT 1 FROM packed WHERE hash = ? AND revision > 0'),
    pin: sql('UPDATE packed SET pinned = 1 WHERE hash = ?'),
    add: sql(`INSERT INTO packed VALUES (?, ?, 0, 1)
      ON CONFLICT DO UPDATE SET bytes = excluded.bytes, revision = 0, pinned = 1`),
    addChunk: sql('INSERT INTO packed_chunks VALUES (?, ?, ?)'),
    removeChunks: sql('DELETE FROM packed_chunks WHERE hash = ?'),
    use: sql('UPDATE packed SET revision = ?, pinned = 0 WHERE hash = ?'),
    unpin: sql('UPDATE packed SET pinned = 0 WHERE hash = ?'),
    unpinAll: sql('UPDATE packed SET pinned = 0 WHERE pinned = 1'),
    count: sql('SELECT count(*) AS count FROM packed_chunks WHERE hash = ?'),
    chunk: sql('SELECT body FROM packed_chunks WHERE hash = ? AND position = ?'),
    revisionOf: sql('SELECT revision FROM packed WHERE hash = ?'),
    chunks: sql('SELECT body FROM packed_chunks WHERE hash = ? ORDER BY position'),
    oldest: sql('SELECT hash, revision FROM packed WHERE pinned = 0 ORDER BY revision, hash LIMIT 1'),
    loseRevision: sql('UPDATE packed SET revision = 0 WHERE hash = ?'),
    removeSome: sql(`DELETE FROM packed_chunks WHERE hash = ? AND position IN
      (SELECT position FROM packed_chunks WHERE hash = ? LIMIT ?)`),
    remove: sql('DELETE FROM packed WHERE hash = ?'),
  };
}
