/** One piece of work at a time, in the order in which they came. */

export class Queue {
  /** The end of the work that came last; undefined: nothing is being done. It never rejects. */
  #end: Promise<void> | undefined;

  /** True where nothing is being done. */
  get isIdle(): boolean {
    return this.#end === undefined;
  }

  /** Does the work when its turn comes: at once, before this returns, where nothing else is being done. */
  run<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    if (this.#end !== undefined) return this.#follow(this.#end.then(work));
    let result: Result | Promise<Result>;
    try {
      result = work();
    } catch (error) {
      return Promise.reject(error);
    }
    // A command that was done at once is over: the next one in this very turn need not wait for it.
    return result instanceof Promise ? this.#follow(result) : Promise.resolve(result);
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
