/** One piece of work at a time, in the order in which they came. */

export class Queue {
  /** The end of the work that came last; undefined: nothing is being done. It never rejects. */
  #end: Promise<void> | undefined;
  /** What was asked for in the midst of work that is being begun, by a listener to it, say. */
  readonly #inside: (() => void)[] = [];
  #isBeginning = false;

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
    if (this.#isBeginning) return this.#later(work);
    this.#isBeginning = true;
    try {
      const result = work();
      // A command that was done at once is over: the next one in this very turn need not wait for it.
      return result instanceof Promise ? this.#follow(result) : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    } finally {
      this.#isBeginning = false;
      for (let next = this.#inside.shift(); next !== undefined; next = this.#inside.shift()) next();
    }
  }

  #later<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    return new Promise((resolve) => this.#inside.push(() => resolve(this.run(work))));
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
