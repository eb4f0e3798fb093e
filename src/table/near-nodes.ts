/**
 * Nodes that were looked for not long ago, by the hashes of their names. Names below a few others that come by turns, as those
 * of a zone that maps addresses back do, would have the same ones looked for in a large index again and again.
 */
import { finishHash, type HashedName } from './hash.ts';
import { sameName } from './index.ts';
import type { ArenaView } from './memory.ts';

/** 16 KiB of numbers, which stay near by: those of a /16 are 256, and of 16 of them 4096. */
const PLACES = 2 ** 12;

export class NearNodes {
  readonly #nodes = new Int32Array(PLACES);

  /** The node of a name, or 0: it is not among them. */
  find(view: ArenaView, { bytes, states, length }: HashedName): number {
    const node = this.#nodes[finishHash(states[0]) & (PLACES - 1)];
    return node !== 0 && sameName(view, node, bytes, 0, length) ? node : 0;
  }

  /** Keeps a node that stays where it is. */
  put({ states }: HashedName, node: number): void {
    this.#nodes[finishHash(states[0]) & (PLACES - 1)] = node;
  }
}
