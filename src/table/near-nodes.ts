/**
 * Nodes that names were put below not long ago. Names below a few others that come by turns, as those of a zone that maps
 * addresses back do, would have the same ones looked for in a large index again and again. And each time round the turns are
 * the same: which node came after which is kept too, so that most are found by a look at their names, without a hash.
 */
import { finishHash, type HashedName } from './hash.ts';
import { sameName } from './index.ts';
import type { ArenaView } from './memory.ts';

/** 160 KiB of numbers, which stay near by: the nodes above a million addresses are 3,906. */
const PLACES = 2 ** 14;

export class NearNodes {
  readonly #nodes = new Int32Array(PLACES);
  /** Hash states of their names. */
  readonly #states = new Int32Array(PLACES);
  /** The place of the node that came after the one of each place. */
  readonly #next = new Uint16Array(PLACES);
  /** The place of the last node. */
  #at = 0;

  /** The last node that was found or put. */
  get node(): number {
    return this.#nodes[this.#at];
  }

  /** The hash state of its name. */
  get state(): number {
    return this.#states[this.#at];
  }

  /** Whether a name (wire form, from `start` to `end`) is that of the last node, or of the one that came after it before. */
  goOn(view: ArenaView, name: Uint8Array, start: number, end: number): boolean {
    if (this.#isAt(view, this.#at, name, start, end)) return true;
    const next = this.#next[this.#at];
    if (!this.#isAt(view, next, name, start, end)) return false;
    this.#at = next;
    return true;
  }

  /** Whether the name's node is among them. */
  find(view: ArenaView, { bytes, states, length }: HashedName): boolean {
    const place = placeOf(states[0]);
    if (!this.#isAt(view, place, bytes, 0, length)) return false;
    this.#goTo(place);
    return true;
  }

  /** Keeps the node of a name, which stays where it is. */
  put({ states }: HashedName, node: number): void {
    const place = placeOf(states[0]);
    this.#nodes[place] = node;
    this.#states[place] = states[0];
    this.#goTo(place);
  }

  #goTo(place: number): void {
    this.#next[this.#at] = place;
    this.#at = place;
  }

  #isAt(view: ArenaView, place: number, name: Uint8Array, start: number, end: number): boolean {
    const node = this.#nodes[place];
    return node !== 0 && sameName(view, node, name, start, end);
  }
}

function placeOf(state: number): number {
  return finishHash(state) & (PLACES - 1);
}
