/** What is scarce, shared out: so much for one token, and so much in all. */
import type { ServerResponse } from 'node:http';
import { listenOnce } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import { DOOR } from './connection.ts';

interface ShareLimits {
  /** What is shared, for the refusal: "bytes of replies that are still to be read". */
  readonly what: string;
  readonly perToken: number;
  readonly inAll: number;
}

/** How soon to come again. */
export const RETRY_AFTER_SECONDS = 1;

export class Shares {
  readonly #limits: ShareLimits;
  readonly #held = new Map<string, number>();
  #all = 0;

  constructor(limits: ShareLimits) {
    this.#limits = limits;
  }

  get all(): number {
    return this.#all;
  }

  of(token: string): number {
    return this.#held.get(token) ?? 0;
  }

  /** What speaks against taking so much; who holds nothing may always take something, however large it is. */
  refusal(token: string, amount: number): Problem | undefined {
    const { what, perToken, inAll } = this.#limits;
    const own = this.of(token);
    if (own > 0 && own + amount > perToken) {
      return new Problem('share_used_up', `This token has its share of ${what}, ${perToken}; try again soon.`);
    }
    if (this.#all > 0 && this.#all + amount > Math.max(inAll, amount)) {
      return new Problem('busy', `All tokens together have the ${inAll} ${what} that there are; try again soon.`);
    }
    return undefined;
  }

  /** Takes it; to be given back. */
  take(token: string, amount: number): Problem | undefined {
    const refused = this.refusal(token, amount);
    if (refused === undefined) this.add(token, amount);
    return refused;
  }

  /** Takes what cannot be refused any more. */
  add(token: string, amount: number): void {
    this.#held.set(token, this.of(token) + amount);
    this.#all += amount;
  }

  give(token: string, amount: number): void {
    const left = this.of(token) - amount;
    if (left > 0) this.#held.set(token, left);
    else this.#held.delete(token);
    this.#all -= amount;
  }
}

/** Once all of a reply has left, or never will. */
export function onceOver(response: ServerResponse, work: () => void): void {
  let isOver = false;
  const over = (): void => {
    if (!isOver) work();
    isOver = true;
  };
  listenOnce(response, 'finish', DOOR, over);
  listenOnce(response, 'close', DOOR, over);
}
