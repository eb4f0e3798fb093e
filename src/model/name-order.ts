/**
 * The order of names by the bytes of their text. A file mostly has them in some order already, if in another one (`h9` before
 * `h10`): then it is a few runs that are in order, which are merged. Otherwise they are sorted by four bytes at a time.
 */
import { roomFor } from './column.ts';

/** More runs than that are sorted: each doubling goes through all names once more. */
const RUNS_MAX = 16;
/** Below so many names comparing them is quicker. */
const COMPARED_MAX = 24;
const BYTE_VALUES = 256;
/** So many bytes of each name are read at once. */
const KEY_BYTES = 4;

/** Canonical texts one behind the other, no two alike. */
interface Names {
  readonly bytes: Uint8Array;
  /** Where each begins, and where the last one ends. */
  readonly starts: Uint32Array;
  readonly count: number;
  /** Of a large zone file: see `roomFor`. */
  readonly isLarge: boolean;
}

/** Names of a list, from one place to before another, that agree in so many of their first bytes. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly depth: number;
}

/** The numbers of the names, in order. */
export function orderOf(names: Names): Uint32Array {
  const order = roomFor(Uint32Array, names.count, names.isLarge);
  for (let i = 0; i < order.length; i++) order[i] = i;
  const ends = endsOfRuns(names);
  if (ends === undefined) new Sorting(names, order).run();
  else if (ends.length > 1) return merged(names, order, ends);
  return order;
}

/** Before which names a run ends; undefined: there are many. */
function endsOfRuns(names: Names): number[] | undefined {
  const ends: number[] = [];
  for (let i = 1; i < names.count; i++) {
    if (compare(names, i - 1, i, 0) < 0) continue;
    if (ends.length === RUNS_MAX - 1) return undefined;
    ends.push(i);
  }
  ends.push(names.count);
  return ends;
}

/** The two shortest first: what is long is gone through as seldom as can be. */
function merged(names: Names, order: Uint32Array, ends: readonly number[]): Uint32Array {
  const runs = ends.map((end, i) => order.subarray(ends[i - 1] ?? 0, end));
  for (;;) {
    runs.sort((a, b) => b.length - a.length);
    const [a, b] = [runs.pop() as Uint32Array, runs.pop()];
    if (b === undefined) return a;
    runs.push(merge(names, a, b));
  }
}

function merge(names: Names, a: Uint32Array, b: Uint32Array): Uint32Array {
  const both = roomFor(Uint32Array, a.length + b.length, names.isLarge);
  let to = 0;
  let [atA, atB] = [0, 0];
  while (atA < a.length && atB < b.length) {
    both[to++] = compare(names, a[atA], b[atB], 0) < 0 ? a[atA++] : b[atB++];
  }
  both.set(a.subarray(atA), to);
  both.set(b.subarray(atB), to + a.length - atA);
  return both;
}

/** Compares two names that agree in so many of their first bytes. */
function compare({ bytes, starts }: Names, a: number, b: number, depth: number): number {
  let [atA, atB] = [starts[a] + depth, starts[b] + depth];
  const [endA, endB] = [starts[a + 1], starts[b + 1]];
  while (atA < endA && atB < endB && bytes[atA] === bytes[atB]) {
    atA++;
    atB++;
  }
  return (atA < endA ? bytes[atA] : -1) - (atB < endB ? bytes[atB] : -1);
}

class Sorting {
  readonly #names: Names;
  readonly #order: Uint32Array;
  readonly #keys: Uint32Array;
  /** Where order and keys are put by one byte, before they change places with these. */
  readonly #spareOrder: Uint32Array;
  readonly #spareKeys: Uint32Array;
  readonly #counts = Array.from({ length: KEY_BYTES }, () => new Uint32Array(BYTE_VALUES));

  constructor(names: Names, order: Uint32Array) {
    this.#names = names;
    this.#order = order;
    this.#keys = roomFor(Uint32Array, order.length, names.isLarge);
    this.#spareOrder = roomFor(Uint32Array, order.length, names.isLarge);
    this.#spareKeys = roomFor(Uint32Array, order.length, names.isLarge);
  }

  run(): void {
    // Not by recursion: V8 would compile a call again and again that it has never seen the end of.
    const runs = [{ from: 0, to: this.#order.length, depth: 0 }];
    for (let run = runs.pop(); run !== undefined; run = runs.pop()) this.#sort(run, runs);
  }

  /** Sorts a run by the bytes that follow what its names agree in, and leaves what agrees in those too in `left`. */
  #sort({ from, to, depth }: Run, left: Run[]): void {
    if (to - from <= COMPARED_MAX) {
      this.#insertionSort(from, to, depth);
      return;
    }
    this.#readKeys(from, to, depth);
    // By the last byte first: what agrees in one stays in the order of those behind it.
    for (let byte = KEY_BYTES - 1; byte >= 0; byte--) this.#sortByByte(from, to, byte);
    const keys = this.#keys;
    for (let start = from, i = from + 1; i <= to; i++) {
      if (i < to && keys[i] === keys[start]) continue;
      // Of names that end here there is one.
      if (i - start > 1) left.push({ from: start, to: i, depth: depth + KEY_BYTES });
      start = i;
    }
  }

  /** The next bytes of each name as a number, and how often each of them has which value. A name is somewhere else each time. */
  #readKeys(from: number, to: number, depth: number): void {
    const { bytes, starts } = this.#names;
    const order = this.#order;
    const keys = this.#keys;
    const [first, second, third, fourth] = this.#counts;
    for (const counts of this.#counts) counts.fill(0);
    for (let i = from; i < to; i++) {
      const at = starts[order[i]] + depth;
      const end = starts[order[i] + 1];
      // 0 stands behind the end of a name, and in no text.
      const a = at < end ? bytes[at] : 0;
      const b = at + 1 < end ? bytes[at + 1] : 0;
      const c = at + 2 < end ? bytes[at + 2] : 0;
      const d = at + 3 < end ? bytes[at + 3] : 0;
      first[a]++;
      second[b]++;
      third[c]++;
      fourth[d]++;
      keys[i] = (a << 24) | (b << 16) | (c << 8) | d;
    }
  }

  #sortByByte(from: number, to: number, byte: number): void {
    const shift = 8 * (KEY_BYTES - 1 - byte);
    const places = this.#counts[byte];
    const order = this.#order;
    const keys = this.#keys;
    // What all of them have in common is passed over.
    if (places[(keys[from] >>> shift) & 0xff] === to - from) return;
    for (let value = 0, end = from; value < BYTE_VALUES; value++) {
      const count = places[value];
      places[value] = end;
      end += count;
    }
    const spareOrder = this.#spareOrder;
    const spareKeys = this.#spareKeys;
    // Each place goes up to its end while the names are put there.
    for (let i = from; i < to; i++) {
      const place = places[(keys[i] >>> shift) & 0xff]++;
      spareOrder[place] = order[i];
      spareKeys[place] = keys[i];
    }
    for (let i = from; i < to; i++) {
      order[i] = spareOrder[i];
      keys[i] = spareKeys[i];
    }
  }

  #insertionSort(from: number, to: number, depth: number): void {
    const order = this.#order;
    for (let i = from + 1; i < to; i++) {
      const number = order[i];
      let at = i - 1;
      for (; at >= from && compare(this.#names, order[at], number, depth) > 0; at--) order[at + 1] = order[at];
      order[at + 1] = number;
    }
  }
}
