/**
 * RRsets in packed form whose records end with their only name, as those of delegations, aliases and mail hosts do: they are
 * written into the arena from there at once, with nothing in between.
 */
import type { PackedCursor } from '../model/packed-form.ts';
import { TYPE } from '../wire/constants.ts';
import { lowerByte } from '../wire/name.ts';
import { RRSET } from './layout.ts';
import type { Blocks } from './memory.ts';
import { LENGTH_BYTES, RECORD_HEADER_BYTES, writeHeader, writePointer } from './rrset-draft.ts';
import { findShared, type Owner, shared } from './shared-suffix.ts';

const POINTER_BYTES = 2;
/** Before the name of a mail host. */
const PREFERENCE_BYTES = 2;
/** Room for most RRsets. */
const FIRST_RECORDS = 16;
const WHOLE = -1;
const NOT_NAMED = -1;

/** Where the name begins in the data of a type that ends with it; NOT_NAMED: it is another type. */
function nameIn(type: number): number {
  if (type === TYPE.NS || type === TYPE.CNAME || type === TYPE.PTR || type === TYPE.DNAME) return 0;
  return type === TYPE.MX ? PREFERENCE_BYTES : NOT_NAMED;
}

/** Whether RRsets of the type are of that kind. */
export function isNamed(type: number): boolean {
  return nameIn(type) !== NOT_NAMED;
}

export class NamedRRsets {
  /** Of each record: which bytes of its data are before the pointer, and what that points to; WHOLE: there is none. */
  #ends = new Uint16Array(FIRST_RECORDS);
  #suffixes = new Int16Array(FIRST_RECORDS);
  #pointers = 0;
  #stride = 0;

  /** Compiles an RRset of one TTL of a type that `isNamed`: see `RRsetCompiler.compile`. Throws ArenaFull. */
  compile(blocks: Blocks, owner: Owner, cursor: PackedCursor): number {
    const { bytes: source, type, count, recordsStart } = cursor;
    const length = this.#measure(owner, cursor);
    const first = recordsStart + LENGTH_BYTES;
    const end = first + ((source[recordsStart] << 8) | source[recordsStart + 1]);
    const isAlias = type === TYPE.CNAME || type === TYPE.DNAME;
    const pointers = this.#pointers;
    const isTargetApart = isAlias && !(pointers === 0 && isLower(source, first, end));
    const size = RRSET.DATA + pointers + Math.ceil((length + (isTargetApart ? end - first : 0)) / 4);
    const offset = blocks.allocate(size);
    const { words, bytes } = blocks.view;
    words[offset + RRSET.COUNT] = count;
    words[offset + RRSET.LENGTH] = length;
    words[offset + RRSET.STRIDE] = this.#stride;
    words[offset + RRSET.FIXUPS] = pointers;
    words[offset + RRSET.WORDS] = size;
    if (isAlias) words[offset + RRSET.TARGET] = isTargetApart ? length : RECORD_HEADER_BYTES;
    let to = this.#write(cursor, offset, words, bytes);
    if (isTargetApart) for (let at = first; at < end; at++) bytes[to++] = lowerByte(source[at]);
    return offset;
  }

  /** Finds what is shared with the owner; how long the records are. */
  #measure(owner: Owner, { bytes: source, type, count, recordsStart }: PackedCursor): number {
    if (count > this.#ends.length) this.#makeRoom(count);
    // No name in a DNAME is compressed (RFC 6672 §2.5).
    const isCompressed = type !== TYPE.DNAME;
    const name = nameIn(type);
    let length = 0;
    let stride = 0;
    let pointers = 0;
    let at = recordsStart;
    for (let i = 0; i < count; i++) {
      const first = at + LENGTH_BYTES;
      at = first + ((source[at] << 8) | source[at + 1]);
      let data = at - first;
      this.#suffixes[i] = WHOLE;
      this.#ends[i] = data;
      if (isCompressed && findShared(source, first + name, at, owner)) {
        pointers++;
        this.#suffixes[i] = shared.suffix;
        this.#ends[i] = shared.at - first;
        data = shared.at - first + POINTER_BYTES;
      }
      const whole = RECORD_HEADER_BYTES + data;
      stride = i === 0 || stride === whole ? whole : 0;
      length += whole;
    }
    this.#pointers = pointers;
    this.#stride = stride;
    return length;
  }

  #makeRoom(records: number): void {
    this.#ends = new Uint16Array(records);
    this.#suffixes = new Int16Array(records);
  }

  /** The pointers' places and the records, into a block; where they end. */
  #write(cursor: PackedCursor, offset: number, words: Int32Array, bytes: Uint8Array): number {
    const { bytes: source, type, ttlSeconds, count, recordsStart } = cursor;
    const start = (offset + RRSET.DATA + this.#pointers) * 4;
    let fixup = offset + RRSET.DATA;
    let to = start;
    let at = recordsStart;
    for (let i = 0; i < count; i++) {
      let from = at + LENGTH_BYTES;
      at = from + ((source[at] << 8) | source[at + 1]);
      const suffix = this.#suffixes[i];
      const end = from + this.#ends[i];
      const data = end - from + (suffix === WHOLE ? 0 : POINTER_BYTES);
      to = writeHeader(bytes, to, type, ttlSeconds);
      bytes[to++] = data >> 8;
      bytes[to++] = data & 0xff;
      while (from < end) bytes[to++] = source[from++];
      if (suffix === WHOLE) continue;
      words[fixup++] = ((to - start) << 8) | suffix;
      to = writePointer(bytes, to, suffix);
    }
    return to;
  }
}

/** Whether a name in wire form has no letter in upper case; no length of a label is one of those letters. */
export function isLower(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (lowerByte(bytes[at]) !== bytes[at]) return false;
  return true;
}
