/**
 * What a step of a zone that is built aside has made, and what it replaces, until the step has led to it. An arena may be full
 * between the two: then what was made is led to by nothing that would be dismantled, and what it was to replace still is.
 */
import type { ArenaView, Blocks } from './memory.ts';
import type { Retirer } from './reclaim.ts';

export class LooseBlocks implements Blocks, Retirer {
  readonly #blocks: Blocks & Retirer;
  readonly #made = new Pairs();
  readonly #replaced = new Pairs();

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
    this.#made.remove(offset);
  }

  /** Something leads to all that was made, and nothing any more to what was replaced. */
  settle(): void {
    this.#made.clear();
    this.#giveBack(this.#replaced);
  }

  /** The step has come to nothing. */
  takeBack(): void {
    this.#replaced.clear();
    this.#giveBack(this.#made);
  }

  #giveBack(pairs: Pairs): void {
    const { values, length } = pairs;
    for (let i = 0; i < length; i += 2) this.#blocks.retire(values[i], values[i + 1]);
    pairs.clear();
  }
}

/** Offsets and words by turns. To make a list shorter costs V8 a call out of compiled code, for each name of a zone twice. */
class Pairs {
  /** Longer than what was pushed. */
  readonly values: number[] = [];
  length = 0;

  push(offset: number, words: number): void {
    this.values[this.length++] = offset;
    this.values[this.length++] = words;
  }

  remove(offset: number): void {
    let kept = 0;
    for (let i = 0; i < this.length; i += 2) {
      if (this.values[i] === offset) continue;
      this.values[kept++] = this.values[i];
      this.values[kept++] = this.values[i + 1];
    }
    this.length = kept;
  }

  clear(): void {
    this.length = 0;
  }
}
