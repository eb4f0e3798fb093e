/** A list of numbers that grows: one value a row of what is kept in columns. */

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array;

export interface Make<Values extends Numbers> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): Values;
  new (memory: SharedArrayBuffer): Values;
}

const FIRST_VALUES = 32;

/** So few are copied faster one by one. */
const ONE_BY_ONE_MAX = 64;

/** More are in a large zone file only, whose reader ends with it: see `roomFor`. */
const LARGE_VALUES = 2 ** 18;

/** Whether so many records, as far as is known, are those of a large zone file. */
export function isLarge(expected: number): boolean {
  return expected > LARGE_VALUES;
}

/**
 * Room for so many numbers, all 0. Of a large zone file it is memory of the kind that threads can share: V8 counts all
 * other as garbage to come, and goes through its whole heap two or three times while a million names are read, a tenth of
 * what they take. What V8 does not count it does not hurry to give back: that comes with the end of the thread.
 */
export function roomFor<Values extends Numbers>(make: Make<Values>, length: number, large: boolean): Values {
  return large ? new make(new SharedArrayBuffer(length * make.BYTES_PER_ELEMENT)) : new make(length);
}

export class Column<Values extends Numbers> {
  /** Longer than what was pushed. Another one after each push. */
  values: Values;
  length = 0;
  readonly #make: Make<Values>;
  readonly #isLarge: boolean;

  /** `expected`: how many there will be, as far as is known. `large`: whether they are of a large zone file. */
  constructor(make: Make<Values>, expected = 0, large = isLarge(expected)) {
    this.#make = make;
    this.#isLarge = large;
    this.values = roomFor(make, Math.max(FIRST_VALUES, expected), this.#isLarge);
  }

  push(value: number): void {
    if (this.length === this.values.length) this.#grow(this.length + 1);
    this.values[this.length++] = value;
  }

  /** The same for 0, which stands there already: memory that is never written is never taken. */
  pushZero(): void {
    if (this.length === this.values.length) this.#grow(this.length + 1);
    this.length++;
  }

  /** Makes room for `count` more. */
  reserve(count: number): void {
    this.length += count;
    if (this.length > this.values.length) this.#grow(this.length);
  }

  /** Pushes the first `count` of the numbers. */
  append(numbers: Values, count: number): void {
    let at = this.length;
    this.reserve(count);
    const { values } = this;
    if (count > ONE_BY_ONE_MAX) values.set(numbers.subarray(0, count), at);
    else for (let i = 0; i < count; i++) values[at++] = numbers[i];
  }

  #grow(least: number): void {
    const larger = roomFor(this.#make, Math.max(2 * this.values.length, least), this.#isLarge);
    larger.set(this.values);
    this.values = larger;
  }
}
