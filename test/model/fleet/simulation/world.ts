/** The world of a simulation: time that passes from event to event, chance from a seed, and clocks that run as they like. */
import { mulberry32 } from '../../../fixtures/mutate.ts';

interface Due {
  readonly atMs: number;
  /** What is due at the same time happens in the order in which it was planned. */
  readonly order: number;
  readonly act: () => void;
}

export class World {
  nowMs = 0;
  readonly random: () => number;
  readonly #heap: Due[] = [];
  #order = 0;
  #ids = 0;

  constructor(seed: number) {
    this.random = mulberry32(seed);
  }

  after(delayMs: number, act: () => void): void {
    this.#push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, act });
  }

  /** Lets everything happen until then. */
  runUntil(atMs: number): void {
    for (let due = this.#heap[0]; due !== undefined && due.atMs <= atMs; due = this.#heap[0]) {
      this.#pop();
      this.nowMs = due.atMs;
      due.act();
    }
    this.nowMs = atMs;
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }

  /** A time with this mean, short ones more often. */
  about(meanMs: number): number {
    return -Math.log(1 - this.random()) * meanMs;
  }

  oneOf<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)] as Item;
  }

  /** Never the same twice. */
  id(): string {
    this.#ids += 1;
    return `${this.#ids.toString(36)}-${Math.floor(this.random() * 2 ** 32).toString(36)}`;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at] as Due, heap[parent] as Due)) return;
      [heap[at], heap[parent]] = [heap[parent] as Due, heap[at] as Due];
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Due;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (left < heap.length && isBefore(heap[left] as Due, heap[first] as Due)) first = left;
      if (right < heap.length && isBefore(heap[right] as Due, heap[first] as Due)) first = right;
      if (first === at) return;
      [heap[at], heap[first]] = [heap[first] as Due, heap[at] as Due];
      at = first;
    }
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
