/** The records of a zone file in wire form, and the TTL of those that give none. */
import { ByteWriter } from '../byte-writer.ts';
import { MAX_NAME_BYTES, MAX_TTL_SECONDS, TYPE } from '../constants.ts';
import type { Malformed } from '../malformed.ts';
import { readName } from '../name.ts';
import { readRdata } from '../rdata.ts';
import type { Word, Words } from '../words.ts';
import type { Header } from './header.ts';

export interface ZoneRecord {
  /** Uncompressed wire name, case as written; records that follow each other with one owner share it. */
  readonly owner: Uint8Array;
  readonly type: number;
  readonly ttlSeconds: number;
  /** Wire form, names uncompressed. */
  readonly rdata: Uint8Array;
  /** The included file, empty for the file that was given. */
  readonly file: string;
  readonly line: number;
}

/** Owners and RDATA are views into slabs of this size, so that a million records are few allocations. */
const SLAB_BYTES = 65_536;
/** The first slab, which is all that most files need. */
const FIRST_SLAB_BYTES = 4096;

export class RecordMaker {
  #slab = new ByteWriter(FIRST_SLAB_BYTES);
  /** TTL of `$TTL` (RFC 2308 §4), for every record that has none of its own. */
  defaultTtlSeconds: number | undefined;
  /** The last TTL that a record gave, which counts where there is no `$TTL` (RFC 1035 §5.1). */
  lastTtlSeconds: number | undefined;

  /** The owner's wire form, or `last` where it is the same. */
  owner(word: Word, origin: Uint8Array, last: Uint8Array | undefined): Uint8Array | Malformed {
    if (word.quoted) return word.malformed(`an owner name has no quotes: ${word.shown}`);
    const slab = this.#room();
    const length = readName(word.source, word.start, word.end, origin, slab.bytes, slab.length);
    if (typeof length !== 'number') return length;
    const owner = slab.bytes.subarray(slab.length, slab.length + length);
    if (last && sameBytes(owner, last)) return last;
    slab.length += length;
    return owner;
  }

  /** The RDATA that the words from `first` on stand for. */
  rdata(type: number, words: Words, first: number, origin: Uint8Array): Uint8Array | Malformed {
    const slab = this.#room();
    const start = slab.length;
    return readRdata(type, words, first, origin, slab) ?? slab.bytes.subarray(start, slab.length);
  }

  /**
   * The record's own TTL, else that of `$TTL` (RFC 2308 §4), else the last one given (RFC 1035 §5.1), else, for an SOA
   * that comes first, its MINIMUM, which then counts for all, as RFC 1035 §3.3.13 meant it and BIND does.
   */
  ttl({ ttlSeconds, type }: Header, rdata: Uint8Array): number | undefined {
    const known = ttlSeconds ?? this.defaultTtlSeconds ?? this.lastTtlSeconds;
    if (known !== undefined || type !== TYPE.SOA) return known;
    const minimum = new DataView(rdata.buffer, rdata.byteOffset + rdata.length - 4).getUint32(0);
    this.defaultTtlSeconds = Math.min(minimum, MAX_TTL_SECONDS);
    return this.defaultTtlSeconds;
  }

  /** A slab with room for the usual record; a long one makes room for itself. */
  #room(): ByteWriter {
    const free = this.#slab.bytes.length - this.#slab.length;
    if (free < 2 * MAX_NAME_BYTES) this.#slab = new ByteWriter(SLAB_BYTES);
    return this.#slab;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
