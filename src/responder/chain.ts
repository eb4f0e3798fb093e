/** The aliases of one answer: how many, and where following them any further would go in circles. */
import type { HashedName } from '../table/hash.ts';
import type { Reply } from './reply.ts';

/** Aliases followed in one answer: more than any sane zone has, and a bound on the work of one query. */
const ALIAS_DEPTH_MAX = 16;

/** One for each responder, reused for every answer. */
export class Chain {
  length = 0;
  readonly #reply: Reply;
  /** Where each owner stands in the reply, and the hash state of its name. */
  readonly #positions = new Int32Array(ALIAS_DEPTH_MAX);
  readonly #hashes = new Int32Array(ALIAS_DEPTH_MAX);
  /** DNAME RRsets that served, and where they stand. */
  readonly #dnames = new Int32Array(2 * ALIAS_DEPTH_MAX);
  #dnameCount = 0;

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  begin(): void {
    this.length = 0;
    this.#dnameCount = 0;
  }

  /** `name`, which stands at `position`, owns an alias. */
  add(name: HashedName, position: number): void {
    this.#positions[this.length] = position;
    this.#hashes[this.length] = name.states[0];
    this.length++;
  }

  /** The DNAME `rrset` stands in the reply at `position`. */
  addDname(rrset: number, position: number): void {
    this.#dnames[2 * this.#dnameCount] = rrset;
    this.#dnames[2 * this.#dnameCount + 1] = position;
    this.#dnameCount++;
  }

  /** Where a DNAME stands that has served before in this answer, or 0: each is given once. */
  recordOf(dname: number): number {
    for (let i = 0; i < this.#dnameCount; i++) if (this.#dnames[2 * i] === dname) return this.#dnames[2 * i + 1];
    return 0;
  }

  /** Whether the answer ends with the alias to `target`: the chain is long enough, or the name owns an alias in it. */
  ends(target: HashedName): boolean {
    if (this.length === ALIAS_DEPTH_MAX) return true;
    const hash = target.states[0];
    for (let i = 0; i < this.length; i++) {
      if (this.#hashes[i] === hash && this.#reply.isName(this.#positions[i], target)) return true;
    }
    return false;
  }
}
