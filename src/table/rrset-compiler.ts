/** One zone's RRsets in the arena: what workers copy into their answers is made here, and retired here. */
import type { PackedCursor } from '../model/packed-form.ts';
import { CLASS, TYPE } from '../wire/constants.ts';
import { lowerByte, lowerName, nameLength } from '../wire/name.ts';
import { compressibleNames, isCompressible } from '../wire/rdata.ts';
import { RRSET, SIGNATURE_COUNT_SHIFT } from './layout.ts';
import type { Blocks } from './memory.ts';
import type { Retirer } from './reclaim.ts';
import { lowestTtlOf, rdataOf } from './rrset-reader.ts';
import type { RRsetSigner } from './rrset-signer.ts';

/** Bytes of a message's header: the question's name, and so the owner of most answers, starts behind it. */
const OWNER_POSITION = 12;
const NO_SIGNATURES: readonly Uint8Array[] = [];
/** Room for most RRsets. */
const FIRST_DRAFT_BYTES = 512;
/** Owner pointer, type, class, TTL and RDLENGTH (RFC 1035 §3.2.1). */
const RECORD_HEADER_BYTES = 12;
/** RDLENGTH. */
const LENGTH_BYTES = 2;
const NO_SUFFIX = -1;

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
  readonly #signer: RRsetSigner | undefined;
  readonly #draft = new Draft();

  /**
   * `apex`: the zone's, in lower-case wire form. `blocks` frees what is retired when its readers let it. `signer`: of a
   * zone that is signed.
   */
  constructor(blocks: Blocks & Retirer, apex: Uint8Array, signer?: RRsetSigner) {
    this.#blocks = blocks;
    this.#apex = apex;
    this.#signer = signer;
  }

  /** Whether the zone is signed. */
  get signs(): boolean {
    return this.#signer !== undefined;
  }

  /** Whether these signatures of an RRset are known not to want to be made anew. */
  isCurrent(type: number, rrsigs: readonly Uint8Array[]): boolean {
    return this.#signer?.isCurrent?.(type, rrsigs) === true;
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
    return this.#compile(owner, type, ttlSeconds, rdata, NO_SIGNATURES);
  }

  /**
   * The same with the RRset's signatures, where the zone is signed. Not for what the zone does not vouch for: NS of a
   * zone cut, and glue (RFC 4035 §2.2).
   */
  compileSigned(owner: Uint8Array, type: number, ttlSeconds: number, rdata: readonly Uint8Array[]): number {
    const signatures = this.#signer?.sign(owner, type, ttlSeconds, rdata) ?? NO_SIGNATURES;
    return this.#compile(owner, type, ttlSeconds, rdata, signatures);
  }

  /** The same with signatures that its zone brings. */
  compileKept(
    owner: Uint8Array,
    type: number,
    ttlSeconds: number,
    rdata: readonly Uint8Array[],
    signatures: readonly Uint8Array[],
  ): number {
    return this.#compile(owner, type, ttlSeconds, rdata, signatures);
  }

  /** The same for an RRset in packed form, of a type for which `isPacked` says yes: nothing is in between. */
  compilePacked({ bytes: source, type, ttlSeconds, count, recordsStart, end }: PackedCursor): number {
    const length = end - recordsStart + count * (RECORD_HEADER_BYTES - LENGTH_BYTES);
    const size = RRSET.DATA + Math.ceil(length / 4);
    const offset = this.#blocks.allocate(size);
    const { words, bytes } = this.#blocks.view;
    let to = (offset + RRSET.DATA) * 4;
    let at = recordsStart;
    let stride = 0;
    for (let i = 0; i < count; i++) {
      const data = (source[at] << 8) | source[at + 1];
      const whole = RECORD_HEADER_BYTES + data;
      stride = i === 0 || stride === whole ? whole : 0;
      to = writeHeader(bytes, to, type, ttlSeconds);
      // With its length.
      for (const last = at + LENGTH_BYTES + data; at < last; ) bytes[to++] = source[at++];
    }
    words[offset + RRSET.COUNT] = count;
    words[offset + RRSET.LENGTH] = length;
    words[offset + RRSET.STRIDE] = stride;
    words[offset + RRSET.WORDS] = size;
    return offset;
  }

  /** The signatures of an RRset that was compiled without, in its place. Throws ArenaFull. */
  signCompiled(owner: Uint8Array, type: number, rrset: number): number {
    const { view } = this.#blocks;
    const ttlSeconds = lowestTtlOf(view, rrset);
    const rdata = rdataOf(view, rrset, owner);
    const isPlain = rdata.length === 1 && view.words[rrset + RRSET.TARGET] === 0;
    const made = isPlain
      ? this.#withSignatures(rrset, ttlSeconds, this.#signer?.sign(owner, type, ttlSeconds, rdata) ?? NO_SIGNATURES)
      : this.compileSigned(owner, type, ttlSeconds, rdata);
    this.retire(rrset);
    return made;
  }

  /** A copy of an RRset that is one record, as nearly all are, with signatures behind it. */
  #withSignatures(rrset: number, ttlSeconds: number, signatures: readonly Uint8Array[]): number {
    const draft = this.#draft;
    draft.begin([], signatures);
    for (const signature of signatures) draft.appendSignature(ttlSeconds, signature);
    const { view } = this.#blocks;
    const head = RRSET.DATA + view.words[rrset + RRSET.FIXUPS];
    const length = view.words[rrset + RRSET.LENGTH];
    const size = head + Math.ceil((length + draft.length) / 4);
    const offset = this.#blocks.allocate(size);
    const { words, bytes } = this.#blocks.view;
    words.copyWithin(offset, rrset, rrset + head);
    words[offset + RRSET.WORDS] = size;
    words[offset + RRSET.SIGNATURES] = (signatures.length << SIGNATURE_COUNT_SHIFT) | draft.length;
    const [from, to] = [(rrset + head) * 4, (offset + head) * 4];
    bytes.copyWithin(to, from, from + length);
    draft.copyTo(bytes, to + length);
    return offset;
  }

  #compile(
    owner: Uint8Array,
    type: number,
    ttlSeconds: number | readonly number[],
    rdata: readonly Uint8Array[],
    signatures: readonly Uint8Array[],
  ): number {
    const draft = this.#draft;
    draft.begin(rdata, signatures);
    let stride = 0;
    for (let i = 0; i < rdata.length; i++) {
      const start = draft.length;
      draft.appendHeader(type, typeof ttlSeconds === 'number' ? ttlSeconds : ttlSeconds[i]);
      draft.appendCompressed(rdata[i], compressibleNames(type, rdata[i]), owner);
      const length = draft.length - start;
      draft.setDataLength(start, length - RECORD_HEADER_BYTES);
      stride = i === 0 || stride === length ? length : 0;
    }
    const target = type === TYPE.CNAME || type === TYPE.DNAME ? lowerName(rdata[0]) : undefined;
    const { length, fixups } = draft;
    for (const signature of signatures) draft.appendSignature(ttlSeconds as number, signature);
    const bytes = draft.length;
    const size = RRSET.DATA + fixups.length + Math.ceil((bytes + (target?.length ?? 0)) / 4);
    const offset = this.#blocks.allocate(size);
    const { words, bytes: memory } = this.#blocks.view;
    words[offset + RRSET.COUNT] = rdata.length;
    words[offset + RRSET.LENGTH] = length;
    words[offset + RRSET.STRIDE] = stride;
    words[offset + RRSET.FIXUPS] = fixups.length;
    words[offset + RRSET.TARGET] = target === undefined ? 0 : bytes;
    words[offset + RRSET.WORDS] = size;
    words[offset + RRSET.SIGNATURES] = (signatures.length << SIGNATURE_COUNT_SHIFT) | (bytes - length);
    fixups.forEach(({ position, suffix }, i) => {
      words[offset + RRSET.DATA + i] = (position << 8) | suffix;
    });
    const first = (offset + RRSET.DATA + fixups.length) * 4;
    draft.copyTo(memory, first);
    if (target !== undefined) memory.set(target, first + bytes);
    return offset;
  }

  /** The RRset is no longer wanted. */
  retire(rrset: number): void {
    this.#blocks.retire(rrset, this.#blocks.view.words[rrset + RRSET.WORDS]);
  }
}

/** Whether RRsets of the type are copied as they are: no name in them is compressed, and none is looked for. */
export function isPacked(type: number): boolean {
  return !isCompressible(type) && type !== TYPE.CNAME && type !== TYPE.DNAME;
}

/** All of a record before the length of its data; where that goes. */
function writeHeader(bytes: Uint8Array, start: number, type: number, ttlSeconds: number): number {
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
class Draft {
  length = 0;
  fixups: Fixup[] = [];
  #bytes = new Uint8Array(FIRST_DRAFT_BYTES);

  /** Makes room for these records; compression only makes them shorter. */
  begin(rdata: readonly Uint8Array[], signatures: readonly Uint8Array[]): void {
    this.length = 0;
    if (this.fixups.length > 0) this.fixups = [];
    let most = 0;
    for (let i = 0; i < rdata.length; i++) most += RECORD_HEADER_BYTES + rdata[i].length;
    for (let i = 0; i < signatures.length; i++) most += RECORD_HEADER_BYTES + signatures[i].length;
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

  /** RDATA, with the names in it that begin at `names` compressed against the owner. */
  appendCompressed(data: Uint8Array, names: readonly number[], owner: Uint8Array): void {
    let copied = 0;
    for (const start of names) {
      const end = start + nameLength(data, start);
      findShared(data, start, end, owner);
      const { at, suffix } = shared;
      if (suffix === NO_SUFFIX) continue;
      this.#append(data, copied, at);
      this.fixups.push({ position: this.length, suffix });
      this.#bytes[this.length++] = 0xc0 | ((OWNER_POSITION + suffix) >> 8);
      this.#bytes[this.length++] = (OWNER_POSITION + suffix) & 0xff;
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
