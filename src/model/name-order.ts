/**
 * The order of names by the bytes of their text. A file mostly has them in some order already, if in another one (`h9` before
 * `h10`): then it is a few runs that are in order, which are merged. Otherwise they are sorted by one byte after the other.
 */
import { roomFor } from './column.ts';

/** More runs than that are sorted: each doubling goes through all names once more. */
const RUNS_MAX = 16;
/** Below so many names comparing them is quicker. */
const COMPARED_MAX = 24;
const BYTE_VALUES = 256;

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
  readonly #spare: Uint32Array;

  constructor(names: Names, order: Uint32Array) {
    this.#names = names;
    this.#order = order;
    this.#spare = roomFor(Uint32Array, order.length, names.isLarge);
  }

  run(): void {
    // Not by recursion: V8 would compile a call again and again that it has never seen the end of.
    const runs = [{ from: 0, to: this.#order.length, depth: 0 }];
    for (let run = runs.pop(); run !== undefined; run = runs.pop()) this.#sort(run, runs);
  }

  /** Sorts a run by the byte that follows what its names agree in, and leaves what agrees in that one too in `left`. */
  #sort({ from, to, depth }: Run, left: Run[]): void {
    const order = this.#order;
    const spare = this.#spare;
    if (to - from <= COMPARED_MAX) {
      this.#insertionSort(from, to, depth);
      return;
    }
    const ends = this.#counts(from, to, depth);
    // What all of them have in common is passed over.
    const common = ends.indexOf(to - from);
    if (common > 0) {
      left.push({ from, to, depth: depth + 1 });
      return;
    }
    for (let byte = 0, end = from; byte < BYTE_VALUES; byte++) {
      const count = ends[byte];
      ends[byte] = end;
      end += count;
    }
    // Each place goes up to its end while the names are put there.
    for (let i = from; i < to; i++) spare[ends[this.#byte(order[i], depth)]++] = order[i];
    for (let i = from; i < to; i++) order[i] = spare[i];
    // Of names that end here there is one.
    for (let byte = 1; byte < BYTE_VALUES; byte++) {
      if (ends[byte] - ends[byte - 1] > 1) left.push({ from: ends[byte - 1], to: ends[byte], depth: depth + 1 });
    }
  }

  /** How many names have which byte next. */
  #counts(from: number, to: number, depth: number): Uint32Array {
    const counts = new Uint32Array(BYTE_VALUES);
    for (let i = from; i < to; i++) counts[this.#byte(this.#order[i], depth)]++;
    return counts;
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

  /** The next byte of a name; 0 stands behind its end, and in no text. */
  #byte(number: number, depth: number): number {
    const { bytes, starts } = this.#names;
    const at = starts[number] + depth;
    return at < starts[number + 1] ? bytes[at] : 0;
  }
}
