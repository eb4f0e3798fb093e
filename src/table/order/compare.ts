/** The canonical order of names (RFC 4034 §6.1), for names in lower-case wire form wherever they lie. Makes no garbage. */

/** What `compare` says of a name beside another one. */
export const BEFORE = -1;
export const SAME = 0;
/** It lies below the other one, and so after it. */
export const BELOW = 1;
const AFTER = 2;

export type Place = -1 | 0 | 1 | 2;

/** Where the labels of a name begin; reused. */
class Labels {
  readonly starts = new Uint8Array(129);
  count = 0;

  /** Takes the `length` bytes at `at` apart: a name without its root, or without more of its end. */
  read(bytes: Uint8Array, at: number, length: number): void {
    const { starts } = this;
    let label = 0;
    let count = 0;
    while (label < length) {
      starts[count++] = label;
      label += 1 + bytes[at + label];
    }
    this.count = count;
  }
}

/** Compares names with one that is looked for. One for each thread that reads or writes. */
export class NameOrder {
  /** The name that others are compared with. */
  #bytes: Uint8Array = new Uint8Array(1);
  #at = 0;
  /** Bytes that all of them end in: the root's, or those of a zone. */
  #shared = 1;
  readonly #labels = new Labels();
  readonly #other = new Labels();

  /**
   * From now on others are compared with the name at `at`, which must stay as it is meanwhile. `shared`: so many bytes, of
   * whole labels, do all of them end in, and need not be looked at.
   */
  lookFor(bytes: Uint8Array, at: number, shared = 1): void {
    if (this.#bytes !== bytes) this.#bytes = bytes;
    this.#at = at;
    this.#shared = shared;
    this.#labels.read(bytes, at, lengthOf(bytes, at) - shared);
  }

  /** Where the name of `length` bytes at `at` stands beside the one that is looked for. */
  placeOf(bytes: Uint8Array, at: number, length: number): Place {
    const other = this.#other;
    const own = this.#labels;
    other.read(bytes, at, length - this.#shared);
    let i = other.count;
    let j = own.count;
    while (i > 0 && j > 0) {
      const difference = compareLabels(bytes, at + other.starts[--i], this.#bytes, this.#at + own.starts[--j]);
      if (difference !== 0) return difference < 0 ? BEFORE : AFTER;
    }
    if (i > 0) return BELOW;
    return j > 0 ? BEFORE : SAME;
  }
}

/** Bytes of the name at `at`, with its root. */
function lengthOf(bytes: Uint8Array, at: number): number {
  let end = at;
  while (bytes[end] !== 0) end += 1 + bytes[end];
  return end + 1 - at;
}

/** Labels are compared as octet strings, a missing octet before any (RFC 4034 §6.1). */
function compareLabels(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): number {
  const aSize = a[aAt];
  const bSize = b[bAt];
  const size = aSize < bSize ? aSize : bSize;
  for (let i = 1; i <= size; i++) {
    const difference = a[aAt + i] - b[bAt + i];
    if (difference !== 0) return difference;
  }
  return aSize - bSize;
}

const left = new NameOrder();

/** For sorting. */
export function compareNames(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): number {
  left.lookFor(b, bAt);
  return left.placeOf(a, aAt, lengthOf(a, aAt));
}
