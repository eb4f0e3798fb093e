/** A list of numbers that grows: one value a row of what is kept in columns. */

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array;

const FIRST_VALUES = 32;

export class Column<Values extends Numbers> {
  /** Longer than what was pushed. Another one after each push. */
  values: Values;
  length = 0;
  readonly #make: new (
    length: number,
  ) => Values;

  /** `expected`: how many there will be, as far as is known. */
  constructor(make: new (length: number) => Values, expected = 0) {
    this.#make = make;
    this.values = new make(Math.max(FIRST_VALUES, expected));
  }

  push(value: number): void {
    if (this.length === this.values.length) this.#grow(this.length + 1);
    this.values[this.length++] = value;
  }

  /** Makes room for `count` more, and says where they go. */
  reserve(count: number): number {
    const at = this.length;
    if (at + count > this.values.length) this.#grow(at + count);
    this.length = at + count;
    return at;
  }

  #grow(least: number): void {
    const larger = new this.#make(Math.max(2 * this.values.length, least));
    larger.set(this.values);
    this.values = larger;
  }
}
