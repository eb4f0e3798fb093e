/**
 * The records of imported zones in packed form (see model/packed-form.ts), which does not depend on how a file was laid
 * out: what an entry of the log names by its SHA-256, and any node can bring in again. Kept compressed, in chunks so small
 * that no transaction is long. The zone's own SOA and NS are in the entry.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Database } from 'better-sqlite3';
import { PackedCursor, PackedJoiner, PIECE_BYTES, packedBytes, writePacked } from '../model/packed-form.ts';
import type { StagedRRset } from '../model/revision.ts';

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
  readonly #chunk = Buffer.alloc(PIECE_BYTES);
  #used = 0;

  add(rrset: StagedRRset): void {
    const bytes = packedBytes(rrset);
    if (bytes > PIECE_BYTES - this.#used) this.#flush();
    if (bytes <= PIECE_BYTES) {
      this.#used = writePacked(this.#chunk, this.#used, rrset);
    } else {
      const whole = Buffer.alloc(bytes);
      writePacked(whole, 0, rrset);
      this.addPiece(whole);
    }
  }

  /** Adds RRsets in packed form. */
  addPiece(piece: Uint8Array): void {
    this.#flush();
    for (let at = 0; at < piece.length; at += PIECE_BYTES) this.#take(piece.subarray(at, at + PIECE_BYTES));
  }

  end(): PackedContent {
    this.#flush();
    return { hash: this.#hash.digest('hex'), chunks: this.#chunks };
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#take(this.#chunk.subarray(0, this.#used));
    this.#used = 0;
  }

  #take(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#chunks.push(zstdCompressSync(chunk));
  }
}

/** The RRsets of a packed content in packed form, in pieces of whole ones. Throws, at its end, where they are not those of the hash. */
export function* unpacked({ hash, chunks }: PackedContent): Generator<Uint8Array> {
  const joiner = new PackedJoiner();
  const digest = createHash('sha256');
  for (const chunk of chunks) {
    const bytes = zstdDecompressSync(chunk);
    digest.update(bytes);
    yield joiner.add(bytes);
  }
  joiner.end();
  assert.equal(digest.digest('hex'), hash, 'a packed content is what its hash says');
}

/** The same as objects. */
export function unpack(content: PackedContent): StagedRRset[] {
  const rrsets: StagedRRset[] = [];
  const cursor = new PackedCursor();
  for (const piece of unpacked(content)) {
    cursor.begin(piece);
    while (cursor.next()) rrsets.push(cursor.rrset);
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

  /** Keeps what is there for an import that is under way; false: it is not there, or not all of its chunks are. */
  pin({ hash, chunks }: PackedContent): boolean {
    return this.#statements.pin.run(hash, hash, chunks.length).changes > 0;
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

  /** One of its imports has come to nothing. */
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

  /**
   * Forgets some of what `oldest` said. To be called in a transaction of its own, until it is gone. What an import has
   * pinned since, or a revision has taken, stays: others write between the two.
   */
  forgetSome({ hash, revision }: { readonly hash: string; readonly revision: number }): void {
    // Half of it is none: nobody shall find it from now on.
    if (this.#statements.loseRevision.run(hash, revision).changes === 0) return;
    const { changes } = this.#statements.removeSome.run(hash, hash, CHUNKS_AT_ONCE);
    if (changes < CHUNKS_AT_ONCE) this.#statements.remove.run(hash);
  }
}

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    bytes: sql('SELECT sum(bytes) AS bytes FROM packed'),
    has: sql('SELECT 1 FROM packed WHERE hash = ? AND revision > 0'),
    // How many imports are under way that bring it: one that comes to nothing takes it from none of the others.
    pin: sql(`UPDATE packed SET pinned = pinned + 1 WHERE hash = ? AND (revision > 0 OR
      (SELECT count(*) FROM packed_chunks WHERE hash = ?) = ?)`),
    add: sql(`INSERT INTO packed VALUES (?, ?, 0, 1)
      ON CONFLICT DO UPDATE SET bytes = excluded.bytes, revision = 0, pinned = pinned + 1`),
    addChunk: sql('INSERT INTO packed_chunks VALUES (?, ?, ?)'),
    removeChunks: sql('DELETE FROM packed_chunks WHERE hash = ?'),
    use: sql('UPDATE packed SET revision = ?, pinned = max(0, pinned - 1) WHERE hash = ?'),
    unpin: sql('UPDATE packed SET pinned = pinned - 1 WHERE hash = ? AND pinned > 0'),
    unpinAll: sql('UPDATE packed SET pinned = 0 WHERE pinned > 0'),
    count: sql('SELECT count(*) AS count FROM packed_chunks WHERE hash = ?'),
    chunk: sql('SELECT body FROM packed_chunks WHERE hash = ? AND position = ?'),
    revisionOf: sql('SELECT revision FROM packed WHERE hash = ?'),
    chunks: sql('SELECT body FROM packed_chunks WHERE hash = ? ORDER BY position'),
    oldest: sql('SELECT hash, revision FROM packed WHERE pinned = 0 ORDER BY revision, hash LIMIT 1'),
    loseRevision: sql('UPDATE packed SET revision = 0 WHERE hash = ? AND revision = ? AND pinned = 0'),
    removeSome: sql(`DELETE FROM packed_chunks WHERE hash = ? AND position IN
      (SELECT position FROM packed_chunks WHERE hash = ? LIMIT +?)`),
    remove: sql('DELETE FROM packed WHERE hash = ?'),
  };
}
