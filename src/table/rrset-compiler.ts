/** One zone's RRsets in the arena: what workers copy into their answers is made here, and retired here. */
import { CLASS, TYPE } from '../wire/constants.ts';
import { lowerName, nameLength } from '../wire/name.ts';
import { compressibleNames } from '../wire/rdata.ts';
import { RRSET } from './layout.ts';
import type { Blocks } from './memory.ts';
import type { Retirer } from './reclaim.ts';

/** Bytes of a message's header: the question's name, and so the owner of most answers, starts behind it. */
const OWNER_POSITION = 12;
/** Owner pointer, type, class, TTL and RDLENGTH (RFC 1035 §3.2.1). */
const RECORD_HEADER_BYTES = 12;

interface Fixup {
  /** Where in the records' bytes the pointer stands. */
  readonly position: number;
  /** Which byte of the owner's name it points to. */
  readonly suffix: number;
}

/**
 * One for each change of a zone: whatever compiles an RRset asks for the compiler of the zone that the RRset is of, so
 * that what a zone adds to its records has one place.
 */
export class RRsetCompiler {
  readonly #blocks: Blocks & Retirer;
  readonly #apex: Uint8Array;

  /** `apex`: the zone's, in lower-case wire form. `blocks` frees what is retired when its readers let it. */
  constructor(blocks: Blocks & Retirer, apex: Uint8Array) {
    this.#blocks = blocks;
    this.#apex = apex;
  }

  /** Whether a name of the zone (lower-case wire form) is its apex. */
  isApex(owner: Uint8Array): boolean {
    return owner.length === this.#apex.length;
  }

  /**
   * Puts an RRset into the arena. Each record's owner is a pointer to the question's name, and names in the data are
   * compressed against the owner (RFC 1035 §4.1.4), both as if the owner were the question: then answering is a copy.
   * Where the owner stands elsewhere in a reply, the fixups say what to change. `ttlSeconds`: of all records, or of
   * each. Throws ArenaFull.
   */
  compile(
    owner: Uint8Array,
    type: number,
    ttlSeconds: number | readonly number[],
    rdata: readonly Uint8Array[],
  ): number {
    const fixups: Fixup[] = [];
    const bytes: number[] = [];
    const lengths = new Set<number>();
    for (const [i, data] of rdata.entries()) {
      const start = bytes.length;
      const ttl = typeof ttlSeconds === 'number' ? ttlSeconds : ttlSeconds[i];
      bytes.push(0xc0, OWNER_POSITION, type >> 8, type & 0xff, 0, CLASS.IN);
      bytes.push(ttl >>> 24, (ttl >>> 16) & 0xff, (ttl >>> 8) & 0xff, ttl & 0xff, 0, 0);
      appendCompressed(bytes, data, compressibleNames(type, data), owner, fixups);
      const length = bytes.length - start - RECORD_HEADER_BYTES;
      bytes[start + RECORD_HEADER_BYTES - 2] = length >> 8;
      bytes[start + RECORD_HEADER_BYTES - 1] = length & 0xff;
      lengths.add(bytes.length - start);
    }
    const target = type === TYPE.CNAME || type === TYPE.DNAME ? lowerName(rdata[0]) : undefined;
    const size = RRSET.DATA + fixups.length + Math.ceil((bytes.length + (target?.length ?? 0)) / 4);
    const offset = this.#blocks.allocate(size);
    const { words, bytes: memory } = this.#blocks.view;
    words[offset + RRSET.COUNT] = rdata.length;
    words[offset + RRSET.LENGTH] = bytes.length;
    words[offset + RRSET.STRIDE] = lengths.size === 1 ? bytes.length / rdata.length : 0;
    words[offset + RRSET.FIXUPS] = fixups.length;
    words[offset + RRSET.TARGET] = target === undefined ? 0 : bytes.length;
    words[offset + RRSET.WORDS] = size;
    fixups.forEach((fixup, i) => {
      words[offset + RRSET.DATA + i] = (fixup.position << 8) | fixup.suffix;
    });
    const first = (offset + RRSET.DATA + fixups.length) * 4;
    memory.set(bytes, first);
    if (target !== undefined) memory.set(target, first + bytes.length);
    return offset;
  }

  /** The RRset is no longer wanted. */
  retire(rrset: number): void {
    this.#blocks.retire(rrset, this.#blocks.view.words[rrset + RRSET.WORDS]);
  }
}

function appendCompressed(
  out: number[],
  data: Uint8Array,
  names: readonly number[],
  owner: Uint8Array,
  fixups: Fixup[],
): void {
  let copied = 0;
  for (const start of names) {
    for (; copied < start; copied++) out.push(data[copied]);
    const length = nameLength(data, start);
    const { keep, suffix } = sharedSuffix(data.subarray(start, start + length), owner);
    for (; copied < start + keep; copied++) out.push(data[copied]);
    if (suffix < 0) continue;
    fixups.push({ position: out.length, suffix });
    out.push(0xc0 | ((OWNER_POSITION + suffix) >> 8), (OWNER_POSITION + suffix) & 0xff);
    copied = start + length;
  }
  for (; copied < data.length; copied++) out.push(data[copied]);
}

/**
 * How many bytes of `name` to keep before the longest suffix that it shares with `owner`, and where in the owner's
 * name that suffix starts (-1: only the root is shared). A wildcard's first label never stands in a reply.
 */
function sharedSuffix(name: Uint8Array, owner: Uint8Array): { keep: number; suffix: number } {
  const lowered = lowerName(name);
  const first = owner[0] === 1 && owner[1] === 0x2a ? 2 : 0;
  for (let keep = 0; lowered[keep] !== 0; keep += 1 + lowered[keep]) {
    for (let suffix = first; owner[suffix] !== 0; suffix += 1 + owner[suffix]) {
      if (sameTail(lowered, keep, owner, suffix)) return { keep, suffix };
    }
  }
  return { keep: name.length, suffix: -1 };
}

function sameTail(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): boolean {
  if (a.length - aStart !== b.length - bStart) return false;
  for (let i = 0; aStart + i < a.length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}
