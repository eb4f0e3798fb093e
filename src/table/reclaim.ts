/**
 * When a block that was replaced may be used again: epochs.
 *
 * A worker, after each receive and before it loads the generation, marks itself online with the epoch that it sees;
 * before it blocks it marks itself offline. The writer stores the generation, raises the epoch, and only then looks
 * at the marks. A worker that the writer saw offline stores its mark later, hence loads the generation later, hence
 * sees the new versions. So what was replaced in epoch e is free once every mark is 0 or above e. All these are
 * sequentially consistent (Atomics); with a mark stored after the load, the writer could miss a reader.
 *
 * One verb for each way in which memory of the table is given up:
 * - *free*: the block is a free block of the arena at once, since no reader can be at it.
 * - *retire*: nothing leads to the block any more for readers of later epochs; it is freed when the last of the earlier
 *   ones has left. A Preparation retires once its changes are published, or never.
 * - *collect*: frees what was retired and has no reader left.
 * - *remove*: takes an entry out of an index; its block is then retired like any other.
 * - *drop*: ends a whole index with all that hangs on it, after the publication that leads readers elsewhere; *discard*:
 *   the same for one that no reader ever saw. Either way it is *dismantled*: freed a few names at a time.
 * - *let go*: leads a name that a child zone hides to nothing, as a change that nobody can see; what hung there is retired.
 * - *take back*: undoes what was prepared and not published; what that had allocated is retired.
 * - *settle* gives up no memory: a version that every reader sees no longer needs its generation, nor the one before.
 */
import { CONTROL, MARK_STRIDE_WORDS, MAX_READERS, VERSION, WRITER } from './layout.ts';
import type { Arena } from './memory.ts';

/** Takes blocks that are no longer wanted. */
export interface Retirer {
  retire(offset: number, words: number): void;
}

interface Retired {
  readonly epoch: number;
  readonly offset: number;
  /** Words of the block; 0: not a block to free but a version to settle. */
  readonly words: number;
  readonly then?: () => void;
}

export class Reclaimer implements Retirer {
  readonly #arena: Arena;
  /** In order of epochs. `#head` is the first that is not freed. */
  #queue: Retired[] = [];
  #head = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Blocks and versions that wait. */
  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  /** The block can no longer be reached by a worker that begins to read in a later epoch. */
  retire(offset: number, words: number): void {
    this.#queue.push({ epoch: this.#epoch(), offset, words });
  }

  /** The version is published in this epoch: once all workers see it, it no longer needs a generation. */
  settle(version: number): void {
    this.#queue.push({ epoch: this.#epoch(), offset: version, words: 0 });
  }

  /** Calls `then` once every worker reads in a later epoch. */
  afterwards(then: () => void): void {
    this.#queue.push({ epoch: this.#epoch(), offset: 0, words: 0, then });
  }

  /** Ends the epoch. To be called after the generation was stored. */
  advance(): void {
    const control = this.#arena.view.control;
    // 0 means offline, so the epoch skips it when it wraps.
    const next = (this.#epoch() + 1) | 0;
    Atomics.store(control, CONTROL.EPOCH, next === 0 ? 1 : next);
  }

  /** Ends the epoch where anything waits for its end, and frees what can be: what the last collection retired needs one of its own. */
  endEpoch(): void {
    if (this.waiting === 0) return;
    this.advance();
    this.collect();
  }

  /** Frees what no worker can still be reading. Costs what it frees. */
  collect(): void {
    if (this.waiting === 0) return;
    const oldest = this.#oldestMark();
    Atomics.add(this.#arena.view.control, WRITER.STIRRED, 1);
    let head = this.#head;
    for (; head < this.#queue.length; head++) {
      const item = this.#queue[head];
      // Serial arithmetic: the epoch is a 32-bit counter that wraps.
      if (((oldest - item.epoch) | 0) <= 0) break;
      if (item.then !== undefined) {
        item.then();
      } else if (item.words > 0) {
        this.#arena.free(item.offset, item.words);
      } else {
        const words = this.#arena.view.words;
        Atomics.store(words, item.offset + VERSION.GENERATION, 0);
        Atomics.store(words, item.offset + VERSION.PREVIOUS, 0);
      }
    }
    this.#head = head;
    if (head > 1024 && head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(head);
      this.#head = 0;
    }
  }

  /** The lowest epoch that a worker which is online may read in; the current one where none is. */
  #oldestMark(): number {
    const control = this.#arena.view.control;
    let oldest = this.#epoch();
    for (let reader = 0; reader < MAX_READERS; reader++) {
      const mark = Atomics.load(control, CONTROL.MARKS + reader * MARK_STRIDE_WORDS);
      if (mark !== 0 && ((mark - oldest) | 0) < 0) oldest = mark;
    }
    return oldest;
  }

  #epoch(): number {
    return Atomics.load(this.#arena.view.control, CONTROL.EPOCH);
  }
}
