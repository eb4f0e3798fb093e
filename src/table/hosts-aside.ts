/**
 * Names of a large zone with their first RRset, as long as they are hosts one label below the apex which come in order, as
 * nearly all are: entry, version and RRset of each are written from the packed form at once. Whatever else comes is left to
 * who knows all of it.
 */
import type { PackedCursor } from '../model/packed-form.ts';
import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from '../wire/constants.ts';
import { zoneFlags } from './flags.ts';
import { finishHash, HashedName, hashLabel } from './hash.ts';
import { ENTRY, NODE, NODE_EXISTS, nodeWords } from './layout.ts';
import type { Blocks } from './memory.ts';
import type { NamesAside } from './names-aside.ts';
import { isPacked, type RRsetCompiler } from './rrset-compiler.ts';
import { writeName } from './unseen-nodes.ts';

const ASTERISK = 0x2a;
const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** Where the apex stands in the name that is put: behind the longest label. */
const APEX_START = MAX_LABEL_BYTES + 1;

interface HostsParts {
  readonly blocks: Blocks;
  readonly aside: NamesAside;
  readonly compiler: RRsetCompiler;
  readonly apexNode: number;
}

export class HostsAside {
  readonly #parts: HostsParts;
  /** A name in wire form, up to its end. */
  readonly #owner = new Uint8Array(APEX_START + MAX_NAME_BYTES);
  /** What the text of all of them ends with, from the dot on. */
  readonly #tail: Uint8Array;
  readonly #apexLength: number;
  readonly #apexState: number;
  /** An asterisk in the zone's name is something to be said of each of them. */
  readonly #isPlain: boolean;

  /** `apex`: in lower-case wire form; `text`: the same as canonical text. */
  constructor(parts: HostsParts, apex: Uint8Array, text: string) {
    this.#parts = parts;
    this.#owner.set(apex, APEX_START);
    this.#tail = Buffer.from(`.${text}`, 'latin1');
    this.#apexLength = apex.length;
    this.#isPlain = zoneFlags(apex, 0, true) === 0;
    const name = new HashedName();
    name.set(apex, 0);
    this.#apexState = name.states[0];
  }

  /** Puts the RRset, whose name is new then; false, and nothing is put, where it is none of those. Throws ArenaFull. */
  put(cursor: PackedCursor): boolean {
    const { blocks, aside, compiler, apexNode } = this.#parts;
    const { type } = cursor;
    if (!this.#isPlain || cursor.hasTtls || !isPacked(type)) return false;
    const size = this.#readLabel(cursor);
    if (size === 0) return false;
    const owner = this.#owner;
    const start = APEX_START - 1 - size;
    if (!aside.isNew(owner, start)) return false;
    const hash = finishHash(hashLabel(this.#apexState, owner, start));
    aside.makeRoom();
    const node = writeName(blocks, owner, start, 1 + size + this.#apexLength, hash);
    aside.add(node, hash);
    const version = blocks.allocate(nodeWords(1));
    let { words } = blocks.view;
    words[version + NODE.FLAGS] = NODE_EXISTS;
    words[node + ENTRY.VERSION_WORD] = version;
    words[node + ENTRY.PARENT] = apexNode;
    words[apexNode + ENTRY.CHILDREN] = words[apexNode + ENTRY.CHILDREN] + 1;
    const rrset = compiler.compilePacked(cursor);
    ({ words } = blocks.view);
    words[version + NODE.COUNT] = 1;
    words[version + NODE.PAIRS] = type;
    words[version + NODE.PAIRS + 1] = rrset;
    return true;
  }

  /** Writes the label of a name one below the apex before it; its length, or 0 where it is none, or one that says more of the zone. */
  #readLabel({ bytes, nameStart, nameEnd }: PackedCursor): number {
    const tail = this.#tail;
    const end = nameEnd - tail.length;
    const size = end - nameStart;
    if (size <= 0 || size > MAX_LABEL_BYTES) return 0;
    for (let i = 0; i < tail.length; i++) if (bytes[end + i] !== tail[i]) return 0;
    const owner = this.#owner;
    let to = APEX_START - size;
    owner[to - 1] = size;
    for (let at = nameStart; at < end; at++) {
      const byte = bytes[at];
      if (byte === DOT || byte === BACKSLASH || byte === ASTERISK) return 0;
      owner[to++] = byte;
    }
    return size;
  }
}
