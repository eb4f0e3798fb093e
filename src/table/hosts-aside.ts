/**
 * Names of a large zone with all their RRsets, as long as they are hosts one label below the apex which come in order, as
 * nearly all are: entry, RRsets and version of each are written from the packed form at once. Whatever else comes is left to
 * who knows all of it.
 */
import { PACKED_NAME_LENGTH_BYTES, type PackedCursor } from '../model/packed-form.ts';
import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from '../wire/constants.ts';
import { flagOf, zoneFlags } from './flags.ts';
import { HashedName } from './hash.ts';
import { ENTRY, NODE, NODE_EXISTS, nodeWords, RRSET } from './layout.ts';
import type { Blocks } from './memory.ts';
import type { NamesAside } from './names-aside.ts';
import type { Retirer } from './reclaim.ts';
import type { RRsetCompiler } from './rrset-compiler.ts';
import type { Owner } from './shared-suffix.ts';
import { writeName } from './unseen-nodes.ts';

const ASTERISK = 0x2a;
const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** Where the apex stands in the name that is put: behind the longest label. */
const APEX_START = MAX_LABEL_BYTES + 1;
/** A name with more is no host. */
const RRSETS_MAX = 32;

interface HostsParts {
  readonly blocks: Blocks & Retirer;
  readonly aside: NamesAside;
  readonly compiler: RRsetCompiler;
  readonly apexNode: number;
}

export class HostsAside {
  readonly #parts: HostsParts;
  /** A name in wire form, up to its end. */
  readonly #owner: Owner;
  readonly #ownerView: DataView;
  /** What the text of all of them ends with, from the dot on. */
  readonly #tail: Uint8Array;
  readonly #apexLength: number;
  readonly #apex: HashedName;
  /** An asterisk in the zone's name is something to be said of each of them. */
  readonly #isPlain: boolean;
  /** The host that is put: its node, where its label stands in the piece, and its RRsets so far, of which nothing leads to any yet. */
  #node = 0;
  #labelStart = 0;
  #labelEnd = 0;
  #flags = 0;
  #zoneFlags = 0;
  #count = 0;
  readonly #types = new Int32Array(RRSETS_MAX);
  readonly #rrsets = new Int32Array(RRSETS_MAX);

  /** `apex`: in lower-case wire form; `text`: the same as canonical text. */
  constructor(parts: HostsParts, apex: Uint8Array, text: string) {
    this.#parts = parts;
    this.#owner = { bytes: new Uint8Array(APEX_START + MAX_NAME_BYTES), start: 0, end: APEX_START + apex.length };
    this.#ownerView = new DataView(this.#owner.bytes.buffer);
    this.#owner.bytes.set(apex, APEX_START);
    this.#tail = Buffer.from(`.${text}`, 'latin1');
    this.#apexLength = apex.length;
    this.#isPlain = zoneFlags(apex, 0, true) === 0;
    this.#apex = new HashedName(parts.blocks.view.keys);
    this.#apex.set(apex, 0);
  }

  /** Puts RRsets up to the first that is none of a host, where the cursor stands then. What the zone's version will say because of them. Throws ArenaFull. */
  putAll(next: PackedCursor): number {
    const isPut = this.#putMany(next);
    this.#close();
    if (!isPut) next.begin(next.bytes, next.nameStart - PACKED_NAME_LENGTH_BYTES);
    return this.#zoneFlags;
  }

  /** By itself: V8 compiles a loop before it has seen what comes behind it, and would throw that away at the end of each piece. */
  #putMany(next: PackedCursor): boolean {
    while (next.next()) if (!this.#put(next)) return false;
    return true;
  }

  /** Puts the RRset of a name that is new, or of the one before; false, and nothing is put, where it is none of those. */
  #put(cursor: PackedCursor): boolean {
    const { type } = cursor;
    if (!this.#isPlain || cursor.hasTtls) return false;
    if (this.#isSame(cursor)) {
      // What is put once more, or out of order, may be there already.
      if (this.#count === RRSETS_MAX || this.#types[this.#count - 1] >= type) return false;
    } else {
      this.#close();
      if (!this.#begin(cursor)) return false;
    }
    const flag = flagOf(type, false);
    this.#flags |= flag;
    // No label of it is an asterisk.
    if (flag !== 0) this.#zoneFlags |= zoneFlags(this.#owner.bytes, type, false, APEX_START);
    this.#rrsets[this.#count] = this.#parts.compiler.compileNext(this.#owner, cursor);
    this.#types[this.#count++] = type;
    return true;
  }

  /** Whether it is the name that is being put. */
  #isSame({ bytes, nameStart, nameEnd }: PackedCursor): boolean {
    const size = this.#labelEnd - this.#labelStart;
    if (this.#node === 0 || nameEnd - nameStart !== size + this.#tail.length) return false;
    // The last bytes differ most.
    for (let i = size - 1; i >= 0; i--) if (bytes[nameStart + i] !== bytes[this.#labelStart + i]) return false;
    return this.#endsInTail(bytes, nameStart + size);
  }

  #begin(cursor: PackedCursor): boolean {
    const { blocks, aside, apexNode } = this.#parts;
    const size = this.#readLabel(cursor);
    if (size === 0) return false;
    const { bytes } = this.#owner;
    const start = APEX_START - 1 - size;
    if (!aside.isNew(bytes, start)) return false;
    const hash = this.#apex.hashOfNext(this.#ownerView, start, this.#owner.end);
    aside.makeRoom();
    const node = writeName(blocks, bytes, start, 1 + size + this.#apexLength, hash);
    aside.add(node, hash);
    const { words } = blocks.view;
    words[node + ENTRY.PARENT] = apexNode;
    words[apexNode + ENTRY.CHILDREN] = words[apexNode + ENTRY.CHILDREN] + 1;
    this.#owner.start = start;
    this.#node = node;
    this.#labelStart = cursor.nameStart;
    this.#labelEnd = cursor.nameStart + size;
    this.#flags = NODE_EXISTS;
    return true;
  }

  /** The last host gets what was put of it. */
  #close(): void {
    if (this.#node === 0) return;
    const count = this.#count;
    const version = this.#parts.blocks.allocate(nodeWords(count));
    const { words } = this.#parts.blocks.view;
    words[version + NODE.FLAGS] = this.#flags;
    words[version + NODE.COUNT] = count;
    let at = version + NODE.PAIRS;
    for (let i = 0; i < count; i++) {
      words[at++] = this.#types[i];
      words[at++] = this.#rrsets[i];
    }
    words[this.#node + ENTRY.VERSION_WORD] = version;
    this.#node = 0;
    this.#count = 0;
  }

  /** After a failure: gives back what nothing leads to. */
  takeBack(): void {
    if (this.#count === 0) return;
    const { blocks } = this.#parts;
    const { words } = blocks.view;
    for (let i = 0; i < this.#count; i++) blocks.retire(this.#rrsets[i], words[this.#rrsets[i] + RRSET.WORDS]);
    this.#node = 0;
    this.#count = 0;
  }

  /** Writes the label of a name one below the apex before it; its length, or 0 where it is none, or one that says more of the zone. */
  #readLabel({ bytes, nameStart, nameEnd }: PackedCursor): number {
    const end = nameEnd - this.#tail.length;
    const size = end - nameStart;
    if (size <= 0 || size > MAX_LABEL_BYTES || !this.#endsInTail(bytes, end)) return 0;
    const owner = this.#owner.bytes;
    let to = APEX_START - size;
    owner[to - 1] = size;
    for (let at = nameStart; at < end; at++) {
      const byte = bytes[at];
      if (byte === DOT || byte === BACKSLASH || byte === ASTERISK) return 0;
      owner[to++] = byte;
    }
    return size;
  }

  #endsInTail(bytes: Uint8Array, start: number): boolean {
    const tail = this.#tail;
    for (let i = 0; i < tail.length; i++) if (bytes[start + i] !== tail[i]) return false;
    return true;
  }
}
