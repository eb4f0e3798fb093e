/**
 * Keys of names, for the pages of an order: numbers that sort as the names do (RFC 4034 §6.1), as far as they tell them
 * apart. A name becomes a row of codes, its labels from the last to the first and a 0 behind each; five of them, which
 * follow what all names of a page begin with, are an item's key. Of two names with other codes the one with the lesser code
 * at the first difference comes first; those with the same codes are to be compared themselves. Bytes that host names do not
 * have share codes, and a row ends with the first of those: behind it a lesser code would mean nothing.
 */

/** Codes of a key, of six bits each: the difference of two keys has a sign bit of its own. */
const KEY_CODES = 5;
/** Behind a label, and behind the end of a name: names below it come after it. */
const END = 0;
/** No name has more: a code for each byte but the root's. */
const CODES_MAX = 255;

/** Bytes with a code of their own: `*`, `-`, `.`, `/` (RFC 2317), digits, `_`, and letters, which are in lower case. */
const OWN = new Set(Buffer.from('*-./0123456789_abcdefghijklmnopqrstuvwxyz'));
const CODES = new Uint8Array(256);
const IS_SHARED = new Uint8Array(64);

for (let byte = 0, code = END; byte < 256; byte++) {
  const isShared = !OWN.has(byte);
  // Bytes beside each other that have none of their own have one together.
  if (!isShared || byte === 0 || IS_SHARED[code] === 0) code++;
  CODES[byte] = code;
  if (isShared) IS_SHARED[code] = 1;
}

/** The codes of one name. One for each thread that searches, and two for one that writes; reused. */
export class NameCodes {
  readonly codes = new Uint8Array(CODES_MAX + KEY_CODES);
  length = 0;
  readonly #starts = new Uint8Array(129);

  /** Takes the `length` bytes at `at`: a name in lower case without its root, or without more of its end. */
  read(bytes: Uint8Array, at: number, length: number): void {
    const starts = this.#starts;
    const { codes } = this;
    let labels = 0;
    for (let label = 0; label < length; label += 1 + bytes[at + label]) starts[labels++] = label;
    let to = 0;
    let isWhole = true;
    while (labels > 0 && isWhole) {
      let from = (at + starts[--labels]) | 0;
      for (let left = bytes[from]; left > 0 && isWhole; left--) {
        const code = CODES[bytes[++from]];
        codes[to++] = code;
        isWhole = IS_SHARED[code] === 0;
      }
      if (isWhole) codes[to++] = END;
    }
    for (let i = to; i < this.length; i++) codes[i] = END;
    this.length = to;
  }

  /** How many codes two names begin with in common. */
  commonWith({ codes, length }: NameCodes): number {
    const most = Math.min(this.length, length);
    let i = 0;
    while (i < most && this.codes[i] === codes[i]) i++;
    return i;
  }

  /** The key of the codes from `at` on. */
  keyAt(at: number): number {
    const { codes } = this;
    if (at >= this.length) return 0;
    return (codes[at] << 24) | (codes[at + 1] << 18) | (codes[at + 2] << 12) | (codes[at + 3] << 6) | codes[at + 4];
  }
}
