/**
 * One set of changes of the table: prepared unseen, then published whole or taken back.
 *
 * Why a cutover is exact. All that can change is reached through one word that leads to its newest version, and a
 * version carries the generation that it belongs to. (1) Preparing stores such words under a generation that no worker
 * reads yet; a worker that meets the version follows it back to the one before. (2) Once all of the change is in place
 * and durable, `publish` stores the generation: one store makes every part of it visible. (3) A worker loads the
 * generation after it has received a query and before it answers it, so that a query sent after `publish` is answered
 * from the new versions. (4) What was replaced is freed only when no worker can still read it: see reclaim.ts.
 */
import assert from 'node:assert/strict';
import { CONTROL, VERSION, WRITER } from './layout.ts';
import { type Arena, ArenaFull, type ArenaView, type Blocks } from './memory.ts';
import type { Reclaimer } from './reclaim.ts';

export class Preparation implements Blocks {
  readonly #arena: Arena;
  readonly #reclaimer: Reclaimer;
  #isPending = false;
  /** What takes the prepared changes back, to be run in reverse. */
  readonly #undo: (() => void)[] = [];
  /** What is to be done once the prepared changes are published. */
  readonly #onPublish: (() => void)[] = [];
  /** What is to be done after that: nothing of the changes refers to a dropped index any more. */
  readonly #onPublishLast: (() => void)[] = [];

  constructor(arena: Arena, reclaimer: Reclaimer) {
    this.#arena = arena;
    this.#reclaimer = reclaimer;
  }

  /** For what nothing can reach before the changes are published. */
  get arena(): Arena {
    return this.#arena;
  }

  get view(): ArenaView {
    return this.#arena.view;
  }

  /** True from `begin` until `publish` or `takeBack`. */
  get isPending(): boolean {
    return this.#isPending;
  }

  /** Whether a version is one of those that are pending. */
  isOfNow(version: number): boolean {
    return this.view.words[version + VERSION.GENERATION] === this.#generation;
  }

  /** Begins a set of changes; at most one is pending at a time. */
  begin(): void {
    assert(!this.#isPending, 'one prepared list of changes at a time');
    this.#isPending = true;
    Atomics.add(this.view.control, WRITER.STIRRED, 1);
  }

  /** Makes the prepared changes visible in one store, then sees to what they replaced. */
  publish(): void {
    assert(this.#isPending, 'something was prepared');
    Atomics.store(this.view.control, CONTROL.GENERATION, this.#generation);
    for (const action of this.#onPublish) action();
    for (const action of this.#onPublishLast) action();
    this.#end();
  }

  /** Leaves the table as it was before `begin`. */
  takeBack(): void {
    assert(this.#isPending, 'something was prepared');
    for (const action of this.#undo.reverse()) action();
    this.#end();
  }

  #end(): void {
    this.#isPending = false;
    this.#undo.length = 0;
    this.#onPublish.length = 0;
    this.#onPublishLast.length = 0;
    this.#reclaimer.advance();
    this.#reclaimer.collect();
    Atomics.add(this.view.control, WRITER.STIRRED, 1);
  }

  /** The generation that the prepared changes will be seen under. */
  get #generation(): number {
    const next = (Atomics.load(this.view.control, CONTROL.GENERATION) + 1) | 0;
    // 0 marks settled versions.
    return next === 0 ? 1 : next;
  }

  /** What undoes a step, if the changes are taken back. */
  undo(action: () => void): void {
    this.#undo.push(action);
  }

  onPublish(action: () => void): void {
    this.#onPublish.push(action);
  }

  onPublishLast(action: () => void): void {
    this.#onPublishLast.push(action);
  }

  /** A block that goes back if the changes are taken back. Throws ArenaFull. */
  allocate(words: number): number {
    const offset = this.#arena.allocate(words);
    if (offset === 0) throw new ArenaFull();
    this.undo(() => this.#reclaimer.retire(offset, words));
    return offset;
  }

  /** The block is no longer reachable once the changes are published. */
  retire(offset: number, words: number): void {
    this.onPublish(() => this.#reclaimer.retire(offset, words));
  }

  /** Calls `then` once the changes are published and every worker sees them. */
  whenSeen(then: () => void): void {
    this.onPublish(() => this.#reclaimer.afterwards(then));
  }

  /** Leads `word` to a new version. Workers of older generations go on to the one before. */
  setVersion(word: number, version: number, versionWords: (version: number) => number): void {
    const { words } = this.view;
    const generation = this.#generation;
    const old = words[word];
    const oldIsPending = old !== 0 && words[old + VERSION.GENERATION] === generation;
    words[version + VERSION.GENERATION] = generation;
    words[version + VERSION.PREVIOUS] = oldIsPending ? words[old + VERSION.PREVIOUS] : old;
    Atomics.store(words, word, version);
    this.undo(() => Atomics.store(this.view.words, word, old));
    if (old !== 0) this.retire(old, versionWords(old));
    this.onPublish(() => {
      if (this.view.words[word] === version) this.#reclaimer.settle(version);
    });
  }
}
