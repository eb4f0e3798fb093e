/** One piece of work at a time, in the order in which they came. */

export class Queue {
  /** The end of the work that came last; undefined: nothing is being done. It never rejects. */
  #end: Promise<void> | undefined;
  /** What was asked for in the midst of work that is being begun, by a listener to it, say; undefined: none is. */
  #inside: (() => void)[] | undefined;

  /** True where nothing is being done. */
  get isIdle(): boolean {
    return this.#end === undefined;
  }

  /**
   * Does the work when its turn comes: at once, before this returns, where nothing else is being done. Work that waits for
   * what it asks for itself would never end.
   */
  run<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    if (this.#end !== undefined) return this.#follow(this.#end.then(work));
    if (this.#inside !== undefined) return this.#later(this.#inside, work);
    const inside: (() => void)[] = [];
    this.#inside = inside;
    try {
      const result = work();
      // A command that was done at once is over: the next one in this very turn need not wait for it.
      return result instanceof Promise ? this.#follow(result) : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    } finally {
      this.#inside = undefined;
      for (const begin of inside) begin();
    }
  }

  #later<Result>(inside: (() => void)[], work: () => Result | Promise<Result>): Promise<Result> {
    return new Promise((resolve) => inside.push(() => resolve(this.run(work))));
  }

  #follow<Result>(result: Promise<Result>): Promise<Result> {
    const over = (): void => {
      if (this.#end === end) this.#end = undefined;
    };
    const end: Promise<void> = result.then(over, over);
    this.#end = end;
    return result;
  }
}
