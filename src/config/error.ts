/** Settings that cannot be used. */

/** Returned and never thrown; the message is one line for the operator: source, key, what was expected, what was found. */
export class ConfigError {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}
