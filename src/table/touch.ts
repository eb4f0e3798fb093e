/**
 * Looks at places of memory for many answers at a time, by loops of nothing but loads: a processor waits for as many lines of
 * memory at once as it has loads in view, and it looks some hundred instructions ahead. Where each load comes with the work
 * of finding the next one, that is three or four lines; here it is all of them.
 */

/** As many queries are read before the first of them is answered. More would push what was looked at out of the nearest cache. */
export const QUERIES_AT_ONCE = 32;

/** Memory of which each 16 words are one line: what may grow begins on a page. */
export function lineWords(words: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * words, { maxByteLength: 4 * words }), 0, words);
}

/**
 * Reads the words so far behind that many places, all of which there are. The result is to be kept, or a compiler leaves the
 * reading out.
 */
export function touch(words: Int32Array, places: Int32Array, count: number, behind: number): number {
  let seen = 0;
  for (let i = 0; i < count; i++) seen |= words[places[i] + behind];
  return seen;
}

/** The same of two words of each place, so far apart that they may be of different lines. */
export function touchBoth(words: Int32Array, places: Int32Array, count: number, first: number, last: number): number {
  let seen = 0;
  for (let i = 0; i < count; i++) seen |= words[places[i] + first] | words[places[i] + last];
  return seen;
}

/** The same of doubles, at the places themselves. */
export function touchDoubles(values: Float64Array, places: Int32Array, count: number): number {
  let seen = 0;
  for (let i = 0; i < count; i++) seen += values[places[i]];
  return seen;
}
