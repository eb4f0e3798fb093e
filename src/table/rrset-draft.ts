/** An RRset in the making: its records as they stand in answers, before their place in the arena is known. */
import { CLASS, TYPE } from '../wire/constants.ts';
import { lowerByte, nameLength } from '../wire/name.ts';

/** Bytes of a message's header: the question's name, and so the owner of most answers, starts behind it. */
const OWNER_POSITION = 12;
/** Room for most RRsets. */
const FIRST_DRAFT_BYTES = 512;
/** Owner pointer, type, class, TTL and RDLENGTH (RFC 1035 §3.2.1). */
export const RECORD_HEADER_BYTES = 12;
/** RDLENGTH. */
export const LENGTH_BYTES = 2;
const NO_SUFFIX = -1;

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

/** Records in the making, in memory that the next ones are made in too: a zone has a million of them. */
export class RRsetDraft {
  length = 0;
  fixups: Fixup[] = [];
  #bytes = new Uint8Array(FIRST_DRAFT_BYTES);

  /** Makes room for these records; compression only makes them shorter. */
  begin(rdata: readonly Uint8Array[], signatures: readonly Uint8Array[]): void {
    let most = 0;
    for (let i = 0; i < rdata.length; i++) most += RECORD_HEADER_BYTES + rdata[i].length;
    for (let i = 0; i < signatures.length; i++) most += RECORD_HEADER_BYTES + signatures[i].length;
    this.beginBytes(most);
  }

  /** The same of so many bytes at the most. */
  beginBytes(most: number): void {
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

  /** RDATA from `first` to `end` of `data`, with the names in it that begin at `names` compressed against the owner. */
  appendCompressed(data: Uint8Array, names: readonly number[], owner: Uint8Array, first = 0, end = data.length): void {
    let copied = first;
    for (const name of names) {
      const start = first + name;
      const nameEnd = start + nameLength(data, start);
      findShared(data, start, nameEnd, owner);
      const { at, suffix } = shared;
      if (suffix === NO_SUFFIX) continue;
      this.#append(data, copied, at);
      this.fixups.push({ position: this.length, suffix });
      this.#bytes[this.length++] = 0xc0 | ((OWNER_POSITION + suffix) >> 8);
      this.#bytes[this.length++] = (OWNER_POSITION + suffix) & 0xff;
      copied = nameEnd;
    }
    this.#append(data, copied, end);
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

/** Where the longest suffix stands that two names share, in each of them; NO_SUFFIX: they share the root alone. */
const shared = { at: 0, suffix: 0 };

/**
 * The longest suffix that the name from `start` to `end` of `data`, in any case, shares with `owner`, in lower case. A
 * wildcard's first label never stands in a reply. Names that are alike from somewhere on end equally far behind it.
 */
function findShared(data: Uint8Array, start: number, end: number, owner: Uint8Array): void {
  let suffix = owner[0] === 1 && owner[1] === 0x2a ? 2 : 0;
  let at = start;
  while (data[at] !== 0 && owner[suffix] !== 0) {
    const longer = end - at - (owner.length - suffix);
    if (longer === 0 && sameTail(data, at, owner, suffix)) {
      shared.at = at;
      shared.suffix = suffix;
      return;
    }
    if (longer >= 0) at += 1 + data[at];
    if (longer <= 0) suffix += 1 + owner[suffix];
  }
  shared.suffix = NO_SUFFIX;
}

function sameTail(data: Uint8Array, start: number, owner: Uint8Array, suffix: number): boolean {
  for (let i = 0; suffix + i < owner.length; i++) if (lowerByte(data[start + i]) !== owner[suffix + i]) return false;
  return true;
}
