/** Bad input to the wire code, as a value: returned and never thrown. */

/**
 * `reason` is one phrase in plain words that says what was expected and shows the offending piece. `at` is the byte
 * of the input where that piece begins, 0 where only the whole can be blamed.
 */
export class Malformed {
  readonly reason: string;
  readonly at: number;

  constructor(reason: string, at = 0) {
    this.reason = reason;
    this.at = at;
  }
}
