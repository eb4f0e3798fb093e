/** The line from a node to the engine: slow at times, lossy at times, cut at times. */
import type { Transaction, TransactionReply } from '../../../../src/model/fleet/transaction.ts';
import type { SimulatedEngine } from './engine.ts';
import type { World } from './world.ts';

export type Outcome = { readonly reply: TransactionReply } | { readonly isSent: boolean };

/** Of requests and replies on a good line, each. */
const LOSS = 0.002;
const FLAKY_LOSS = 0.15;
const SLOW = 0.01;
const FLAKY_SLOW = 0.3;

export class Line {
  readonly #world: World;
  readonly #engine: SimulatedEngine;
  isCut = false;
  isFlaky = false;

  constructor(world: World, engine: SimulatedEngine) {
    this.#world = world;
    this.#engine = engine;
  }

  /** Milliseconds, one way. */
  latencyMs(): number {
    const isSlow = this.#world.chance(this.isFlaky ? FLAKY_SLOW : SLOW);
    return isSlow ? this.#world.between(5, 2200) : this.#world.between(0.3, 3);
  }

  /** Tells exactly once what became of it, by `timeoutMs` of the world at the latest. */
  ask(transaction: Transaction, timeoutMs: number, tell: (outcome: Outcome) => void): void {
    let isOver = false;
    const end = (outcome: Outcome): void => {
      if (!isOver) tell(outcome);
      isOver = true;
    };
    if (this.isCut && this.#world.chance(0.3)) return this.#world.after(1, () => end({ isSent: false }));
    this.#world.after(timeoutMs, () => end({ isSent: true }));
    if (this.#loses()) return;
    this.#world.after(this.latencyMs(), () => {
      if (this.isCut) return;
      this.#engine.ask(transaction, (reply) => {
        if (this.#loses()) return;
        this.#world.after(this.latencyMs(), () => {
          if (!this.isCut) end({ reply });
        });
      });
    });
  }

  #loses(): boolean {
    return this.isCut || this.#world.chance(this.isFlaky ? FLAKY_LOSS : LOSS);
  }
}
