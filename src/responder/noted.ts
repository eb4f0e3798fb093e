/** Records that prove something, noted while a reply is made, and written behind its answer section, each once. */
import { FLAG } from '../wire/constants.ts';
import type { Reply } from './reply.ts';

/** Aliases of one answer may each need one, or two by NSEC3, and what ends it three. */
const NOTED_MAX = 32;

/** One for each responder. */
export class Noted {
  readonly #reply: Reply;
  #count = 0;
  /** Of each: the RRset, the entry that owns it, and the owner as `Reply.appendOwned` wants it. */
  readonly #rrsets = new Int32Array(NOTED_MAX);
  readonly #entries = new Int32Array(NOTED_MAX);
  readonly #prefixes = new Int32Array(NOTED_MAX);
  readonly #suffixes = new Int32Array(NOTED_MAX);

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  /** To be called for each question. */
  begin(): void {
    this.#count = 0;
  }

  /** `prefix`, `suffix`: see `Reply.appendOwned`; `isDenied`: a type at the entry's own name is. */
  add(rrset: number, entry: number, prefix: number, suffix: number, isDenied: boolean): void {
    for (let i = 0; i < this.#count; i++) {
      if (this.#entries[i] !== entry) continue;
      // Two proofs of one owner would be one RRset that nobody signed. Of a service's the one that denies more serves both.
      if (isDenied) this.#rrsets[i] = rrset;
      return;
    }
    this.#rrsets[this.#count] = rrset;
    this.#entries[this.#count] = entry;
    this.#prefixes[this.#count] = prefix;
    this.#suffixes[this.#count] = suffix;
    this.#count++;
  }

  /** Writes what was noted into the authority section; false where there is no room, and the reply is cut. */
  flush(): boolean {
    const reply = this.#reply;
    if ((reply.flags & FLAG.TC) !== 0) this.#count = 0;
    for (let i = 0; i < this.#count; i++) {
      const count = reply.appendOwned(this.#rrsets[i], this.#entries[i], this.#prefixes[i], this.#suffixes[i]);
      if (count === 0) {
        this.#count = 0;
        reply.truncate();
        return false;
      }
      reply.authorities += count;
    }
    this.#count = 0;
    return (reply.flags & FLAG.TC) === 0;
  }
}
