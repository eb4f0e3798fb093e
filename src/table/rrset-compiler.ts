/** One zone's RRsets in the arena: what workers copy into their answers is made here, and retired here. */
import type { PackedCursor } from '../model/packed-form.ts';
import { TYPE } from '../wire/constants.ts';
import { lowerName } from '../wire/name.ts';
import { compressibleNames, isCompressible } from '../wire/rdata.ts';
import { RRSET, SIGNATURE_COUNT_SHIFT } from './layout.ts';
import type { Blocks } from './memory.ts';
import { isLower, isNamed, NamedRRsets } from './named-rrsets.ts';
import type { Retirer } from './reclaim.ts';
import { LENGTH_BYTES, RECORD_HEADER_BYTES, RRsetDraft, writeHeader } from './rrset-draft.ts';
import { lowestTtlOf, rdataOf } from './rrset-reader.ts';
import type { RRsetSigner } from './rrset-signer.ts';
import type { Owner } from './shared-suffix.ts';

const NO_SIGNATURES: readonly Uint8Array[] = [];
const NO_TARGET = new Uint8Array(0);

/**
 * One for each change of a zone: whatever compiles an RRset asks for the compiler of the zone that the RRset is of, so
 * that what a zone adds to its records has one place.
 */
export class RRsetCompiler {
  readonly #blocks: Blocks & Retirer;
  readonly #apex: Uint8Array;
  readonly #signer: RRsetSigner | undefined;
  readonly #draft = new RRsetDraft();
  readonly #named = new NamedRRsets();

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

  /** Of a type for which `isPacked` says yes: nothing is in between. */
  #compilePacked({ bytes: source, type, ttlSeconds, count, recordsStart, end }: PackedCursor): number {
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

  /** The same as `compile` for an RRset in packed form, all of one TTL. */
  compileNext(owner: Owner, cursor: PackedCursor): number {
    const { type } = cursor;
    if (isNamed(type)) return this.#named.compile(this.#blocks, owner, cursor);
    if (isPacked(type)) return this.#compilePacked(cursor);
    return this.compile(owner.bytes.subarray(owner.start, owner.end), type, cursor.ttlSeconds, cursor.rdata);
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
    const isAlias = type === TYPE.CNAME || type === TYPE.DNAME;
    const { length } = draft;
    for (const signature of signatures) draft.appendSignature(ttlSeconds as number, signature);
    const offset = this.#write(rdata.length, stride, isAlias ? rdata[0] : NO_TARGET, length);
    this.#blocks.view.words[offset + RRSET.SIGNATURES] =
      (signatures.length << SIGNATURE_COUNT_SHIFT) | (draft.length - length);
    return offset;
  }

  /** What is drafted, of which the signatures stand behind `length` bytes; `target` as it is written, empty where there is none. */
  #write(count: number, stride: number, target: Uint8Array, length: number): number {
    const draft = this.#draft;
    const { fixups, length: bytes } = draft;
    // A target that stands in the first record as it is looked for need not stand there twice.
    const isApart = target.length > 0 && (fixups.length > 0 || !isLower(target, 0, target.length));
    const size = RRSET.DATA + fixups.length + Math.ceil((bytes + (isApart ? target.length : 0)) / 4);
    const offset = this.#blocks.allocate(size);
    const { words, bytes: memory } = this.#blocks.view;
    words[offset + RRSET.COUNT] = count;
    words[offset + RRSET.LENGTH] = length;
    words[offset + RRSET.STRIDE] = stride;
    words[offset + RRSET.FIXUPS] = fixups.length;
    if (target.length > 0) words[offset + RRSET.TARGET] = isApart ? bytes : RECORD_HEADER_BYTES;
    words[offset + RRSET.WORDS] = size;
    for (let i = 0; i < fixups.length; i++) {
      words[offset + RRSET.DATA + i] = (fixups[i].position << 8) | fixups[i].suffix;
    }
    const first = (offset + RRSET.DATA + fixups.length) * 4;
    draft.copyTo(memory, first);
    if (isApart) memory.set(lowerName(target), first + bytes);
    return offset;
  }

  /** The RRset is no longer wanted. */
  retire(rrset: number): void {
    this.#blocks.retire(rrset, this.#blocks.view.words[rrset + RRSET.WORDS]);
  }
}

/** Whether RRsets of the type are copied as they are: no name in them is compressed, and none is looked for. */
function isPacked(type: number): boolean {
  return !isCompressible(type) && type !== TYPE.CNAME && type !== TYPE.DNAME;
}
