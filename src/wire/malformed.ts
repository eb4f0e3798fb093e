/** Bad input to the wire code, as a value: returned and never thrown. */

/** `reason` is one phrase in plain words that says what was expected and shows the offending piece. */
export class Malformed {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}
