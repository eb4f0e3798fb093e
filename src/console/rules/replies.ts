/** Replies of one resource that was asked for several times at once: which of them is shown, and whether that is all. Pure. */

/** `refusal`: the server says what there is in its place; `none`: nothing is known of it. */
type Outcome = 'body' | 'refusal' | 'none';

/** `older`: shown, and what was asked for after it has not been read yet. */
type Worth = 'dropped' | 'older' | 'newest';

export class Replies {
  #sent = 0;
  /** The last one that was shown. */
  #shown = 0;
  /** The last one that brought nothing. */
  #failed = 0;

  /** Its number. */
  send(): number {
    this.#sent += 1;
    return this.#sent;
  }

  /**
   * One that comes after a newer one is dropped. One that only a request overtook is shown: on a slow link, with much going
   * on, there would never be any. But it is no answer to what a newer one asked for, and did not get.
   */
  take(number: number, outcome: Outcome): Worth {
    if (number < this.#shown || (outcome !== 'body' && number < this.#sent)) return 'dropped';
    if (outcome === 'none') this.#failed = number;
    else this.#shown = number;
    return number < this.#failed ? 'older' : 'newest';
  }
}
