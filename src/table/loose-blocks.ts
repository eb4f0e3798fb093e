/**
 * What a step of a zone that is built aside has made, and what it replaces, until the step has led to it. An arena may be full
 * between the two: then what was made is led to by nothing that would be dismantled, and what it was to replace still is.
 */
import type { ArenaView, Blocks } from './memory.ts';
import type { Retirer } from './reclaim.ts';

export class LooseBlocks implements Blocks, Retirer {
  readonly #blocks: Blocks & Retirer;
  /** Offsets and words by turns. */
  readonly #made: number[] = [];
  readonly #replaced: number[] = [];

  constructor(blocks: Blocks & Retirer) {
    this.#blocks = blocks;
  }

  get view(): ArenaView {
    return this.#blocks.view;
  }

  allocate(words: number): number {
    const offset = this.#blocks.allocate(words);
    this.#made.push(offset, words);
    return offset;
  }

  /** Something leads to it until `settle`. */
  retire(offset: number, words: number): void {
    this.#replaced.push(offset, words);
  }

  /** Something leads to the block from now on, whatever becomes of the rest. */
  keep(offset: number): void {
    for (let i = 0; i < this.#made.length; i += 2) {
      if (this.#made[i] === offset) this.#made.splice(i, 2);
    }
  }

  /** Something leads to all that was made, and nothing any more to what was replaced. */
  settle(): void {
    this.#made.length = 0;
    this.#giveBack(this.#replaced);
  }

  /** The step has come to nothing. */
  takeBack(): void {
    this.#replaced.length = 0;
    this.#giveBack(this.#made);
  }

  #giveBack(blocks: number[]): void {
    for (let i = 0; i < blocks.length; i += 2) this.#blocks.retire(blocks[i], blocks[i + 1]);
    blocks.length = 0;
  }
}
