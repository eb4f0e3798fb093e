/** An RRset in the making: its records as they stand in answers, before their place in the arena is known. */
import { CLASS, TYPE } from '../wire/constants.ts';
import { nameLength } from '../wire/name.ts';
import { findShared, type Owner, shared } from './shared-suffix.ts';

/** Bytes of a message's header: the question's name, and so the owner of most answers, starts behind it. */
const OWNER_POSITION = 12;
/** Room for most RRsets. */
const FIRST_DRAFT_BYTES = 512;
/** Owner pointer, type, class, TTL and RDLENGTH (RFC 1035 §3.2.1). */
export const RECORD_HEADER_BYTES = 12;
/** RDLENGTH. */
export const LENGTH_BYTES = 2;

interface Fixup {
  /** Where in the records' bytes the pointer stands. */
  readonly position: number;
  /** Which byte of the owner's name it points to. */
  readonly suffix: number;
}

/** All of a record before the length of its data; where that goes. */
export function writeHeader(bytes: Uint8Array, start: number, type: number, ttlSeconds: number): number {
  let at = start;
  bytes[at++] = 0xc0;
  bytes[at++] = OWNER_POSITION;
  bytes[at++] = type >> 8;
  bytes[at++] = type & 0xff;
  bytes[at++] = 0;
  bytes[at++] = CLASS.IN;
  bytes[at++] = ttlSeconds >>> 24;
  bytes[at++] = (ttlSeconds >>> 16) & 0xff;
  bytes[at++] = (ttlSeconds >>> 8) & 0xff;
  bytes[at++] = ttlSeconds & 0xff;
  return at;
}

/** A pointer to a byte of the owner's name; where what follows goes. */
export function writePointer(bytes: Uint8Array, start: number, suffix: number): number {
  bytes[start] = 0xc0 | ((OWNER_POSITION + suffix) >> 8);
  bytes[start + 1] = (OWNER_POSITION + suffix) & 0xff;
  return start + 2;
}

/** Records in the making, in memory that the next ones are made in too: a zone has a million of them. */
export class RRsetDraft {
  length = 0;
  fixups: Fixup[] = [];
  #bytes = new Uint8Array(FIRST_DRAFT_BYTES);
  readonly #owner: Owner = { bytes: this.#bytes, start: 0, end: 0 };

  /** Makes room for these records; compression only makes them shorter. */
  begin(rdata: readonly Uint8Array[], signatures: readonly Uint8Array[]): void {
    let most = 0;
    for (let i = 0; i < rdata.length; i++) most += RECORD_HEADER_BYTES + rdata[i].length;
    for (let i = 0; i < signatures.length; i++) most += RECORD_HEADER_BYTES + signatures[i].length;
    this.length = 0;
    if (this.fixups.length > 0) this.fixups = [];
    if (most > this.#bytes.length) this.#bytes = new Uint8Array(most);
  }

  /** All but the length of the data. */
  appendHeader(type: number, ttlSeconds: number): void {
    this.length = writeHeader(this.#bytes, this.length, type, ttlSeconds) + LENGTH_BYTES;
  }

  setDataLength(record: number, length: number): void {
    this.#bytes[record + RECORD_HEADER_BYTES - 2] = length >> 8;
    this.#bytes[record + RECORD_HEADER_BYTES - 1] = length & 0xff;
  }

  /** An RRSIG record; the signer's name in it stands whole (RFC 4034 §3.1.7). */
  appendSignature(ttlSeconds: number, rdata: Uint8Array): void {
    const start = this.length;
    this.appendHeader(TYPE.RRSIG, ttlSeconds);
    this.#append(rdata, 0, rdata.length);
    this.setDataLength(start, rdata.length);
  }

  /** RDATA with the names in it that begin at `names` compressed against the owner. */
  appendCompressed(data: Uint8Array, names: readonly number[], owner: Uint8Array): void {
    this.#owner.bytes = owner;
    this.#owner.end = owner.length;
    let copied = 0;
    for (const start of names) {
      const end = start + nameLength(data, start);
      if (!findShared(data, start, end, this.#owner)) continue;
      const { at, suffix } = shared;
      this.#append(data, copied, at);
      this.fixups.push({ position: this.length, suffix });
      this.length = writePointer(this.#bytes, this.length, suffix);
      copied = end;
    }
    this.#append(data, copied, data.length);
  }

  /** Byte by byte: most are short. */
  #append(data: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes;
    let to = this.length;
    for (let at = start; at < end; at++) bytes[to++] = data[at];
    this.length = to;
  }

  copyTo(memory: Uint8Array, first: number): void {
    const bytes = this.#bytes;
    for (let i = 0; i < this.length; i++) memory[first + i] = bytes[i];
  }
}
