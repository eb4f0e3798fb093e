/**
 * Counters of the workers: words that only their own worker writes, so that counting costs no atomics and no shared
 * cache line. The main thread sums them. They are doubles: exact to 2^53, and never torn on a 64-bit machine.
 */
import type { Sightings } from '../model/resolver-estimates.ts';
import { TYPE } from '../wire/constants.ts';
import { keySample, RESOLVER_BYTES, ResolverSample, readSightings, rekeySample } from './resolvers.ts';
import { type ClockStep, SetClock, type Stamps } from './set-clock.ts';

/** Lines of 32 bytes; the fixed counters take the first lines, the pools the rest. */
export const COUNTER = {
  ANSWERS: 0,
  DROPPED: 1,
  TRUNCATED: 2,
  BATCHES: 3,
  /** Answers by RCODE 0..15; extended ones (BADVERS, 16) count under 15, which nothing else uses. */
  RCODE: 4,
  /** Answers above the rate limit: sent truncated, and not sent. */
  SLIPPED: 20,
  LIMITED: 21,
  /** Answers by the type asked for: see `typeCounter`. */
  TYPE: 24,
  /** The line of all previews: see previews.ts. */
  PREVIEWS: 96,
  /** At a line of the processor's caches: the two pools of a service that were made together share it. */
  FIRST_POOL: 104,
} as const;

/** Types up to HTTPS (RFC 9460) have a counter each; of those above, these two are asked for by resolvers and people. */
const TYPES_COUNTED = 66;
const ANY_COUNTER = COUNTER.TYPE + TYPES_COUNTED;
const CAA_COUNTER = ANY_COUNTER + 1;
const OTHER_COUNTER = CAA_COUNTER + 1;

/** The counter of a type that was asked for. Type 0 is none (RFC 6895 §3.1): messages without a question count there. */
export function typeCounter(type: number): number {
  if (type < TYPES_COUNTED) return COUNTER.TYPE + type;
  if (type === TYPE.ANY) return ANY_COUNTER;
  return type === TYPE.CAA ? CAA_COUNTER : OTHER_COUNTER;
}

/** The types that have a counter, each with it; `undefined` stands for all others. */
export const typeCounters: readonly (readonly [type: number | undefined, counter: number])[] = [
  ...Array.from({ length: TYPES_COUNTED }, (_, type) => [type, COUNTER.TYPE + type] as const),
  [TYPE.ANY, ANY_COUNTER],
  [TYPE.CAA, CAA_COUNTER],
  [undefined, OTHER_COUNTER],
];

/** One pool's line. */
export const POOL_COUNTER = {
  ANSWERS: 0,
  /** Unix time of the last answer, milliseconds. */
  LAST_AT_MS: 1,
  /** TTL of that answer, seconds. */
  LAST_TTL_SECONDS: 2,
  /** The latest Unix time, milliseconds, at which the TTL of any answer runs out: not always the last answer's. */
  EXPIRES_AT_MS: 3,
  SIZE: 4,
} as const;

/** Of the counters. Before them lies the worker's sample of resolvers. */
const BYTES_MIN = 64 * 1024;
/** Room for 16 million pools: more than the arena can hold. */
const BYTES_MAX = 2 ** 29;

/** Bytes of a memory of counters that never grows: room for all pools that an arena of so many bytes can hold. */
export function counterBytes(arenaBytes: number): number {
  // A pool takes 128 bytes of the arena at the least, and 32 here.
  return RESOLVER_BYTES + Math.min(BYTES_MAX, Math.max(BYTES_MIN, arenaBytes / 4));
}

/** Memory for one worker's counters. */
export function createCounterMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(RESOLVER_BYTES + BYTES_MIN, { maxByteLength: RESOLVER_BYTES + BYTES_MAX });
}

/** One worker's view of its own counters. */
export class CounterView {
  values: Float64Array<SharedArrayBuffer>;
  readonly resolvers: ResolverSample;
  readonly #memory: SharedArrayBuffer;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.resolvers = new ResolverSample(memory);
    this.values = valuesOf(memory);
  }

  /** Makes the view as long as the memory is now. */
  refresh(): void {
    if (this.#memory.byteLength - RESOLVER_BYTES !== this.values.byteLength) this.values = valuesOf(this.#memory);
  }
}

function valuesOf(memory: SharedArrayBuffer): Float64Array<SharedArrayBuffer> {
  return new Float64Array(memory, RESOLVER_BYTES, (memory.byteLength - RESOLVER_BYTES) >>> 3);
}

/** Bytes of a memory of counters that are in use; `notes`: those of the same table. */
export function countersUsed(notes: SharedArrayBuffer): number {
  return RESOLVER_BYTES + 8 * (valuesOf(notes)[NOTE_NEXT] || COUNTER.FIRST_POOL);
}

/** Sums of all workers for one pool. */
export interface PoolCount {
  readonly answers: number;
  /** Unix time, milliseconds; 0: never. */
  readonly lastAtMs: number;
  readonly lastTtlSeconds: number;
  /** Unix time, milliseconds, when the TTL of the last of these answers to expire runs out; 0: there were none. */
  readonly expiresAtMs: number;
  /** The same of answers that these counters have not seen: they were given before the process began. */
  readonly heldUntilMs: number;
  /** How many of the answers were given before the weights in force. */
  readonly answersBefore: number;
}

function stampsOf(values: Float64Array, line: number): Stamps {
  return {
    lastAtMs: values[line + POOL_COUNTER.LAST_AT_MS],
    lastTtlSeconds: values[line + POOL_COUNTER.LAST_TTL_SECONDS],
    expiresAtMs: values[line + POOL_COUNTER.EXPIRES_AT_MS],
  };
}

/** What the main thread notes of a pool beside the workers' lines, at the same place. */
const NOTE = {
  HELD_UNTIL_MS: 0,
  ANSWERS_BEFORE: 1,
  /** The Unix time, milliseconds, of the weights that ANSWERS_BEFORE is about; 0: those that the pool began with. */
  MARKED_SINCE_MS: 2,
} as const;
/** Among the notes, where the fixed counters are in the workers' memories: the first value that no pool has had. */
const NOTE_NEXT = 0;

/** The main thread's side: gives out lines and reads them. A line keeps its pool across shifts. */
export class CounterRegistry {
  readonly #views: CounterView[];
  readonly #memories: readonly SharedArrayBuffer[];
  /** The main thread's own. */
  readonly #notes: CounterView;
  readonly #free: number[] = [];
  /** By view. */
  readonly #clocks: readonly SetClock[];

  readonly #places: number;

  /**
   * `key`: 32 random bits; a stranger cannot tell which resolvers are sampled. `places`: data processes that may count at
   * once; the memories are those of the first one's workers, then those of the next. `notes`: memory like theirs.
   */
  constructor(memories: readonly SharedArrayBuffer[], key: number, places = 1, notes = createCounterMemory()) {
    this.#places = places;
    if (key !== undefined) for (const memory of memories) keySample(memory, key);
    this.#views = memories.map((memory) => new CounterView(memory));
    this.#clocks = memories.map(() => new SetClock());
    this.#notes = new CounterView(notes);
    this.#memories = [...memories, notes];
  }

  /**
   * A line for one pool with no answers; the index of its first value. `heldUntilMs`: Unix time, milliseconds, when the
   * TTL of the answers that it gave before the counters began has run out. `sinceMs`: since when its weights are in force.
   */
  allocate(heldUntilMs: number, sinceMs = 0): number {
    const line = this.#reuse() ?? this.#takeNew();
    this.#notes.values[line + NOTE.HELD_UNTIL_MS] = heldUntilMs;
    this.#notes.values[line + NOTE.ANSWERS_BEFORE] = 0;
    this.#notes.values[line + NOTE.MARKED_SINCE_MS] = sinceMs;
    return line;
  }

  #reuse(): number | undefined {
    const line = this.#free.pop();
    if (line === undefined) return undefined;
    for (const { values } of this.#views) values.fill(0, line, line + POOL_COUNTER.SIZE);
    for (const clock of this.#clocks) clock.forget(line);
    return line;
  }

  #takeNew(): number {
    const line = this.#next;
    const next = line + POOL_COUNTER.SIZE;
    for (const memory of this.#memories) {
      const bytes = memory.byteLength - RESOLVER_BYTES;
      if (next * 8 > bytes) memory.grow(RESOLVER_BYTES + Math.min(bytes * 2, BYTES_MAX));
    }
    for (const view of [...this.#views, this.#notes]) view.refresh();
    this.#notes.values[NOTE_NEXT] = next;
    return line;
  }

  get #next(): number {
    return this.#notes.values[NOTE_NEXT] || COUNTER.FIRST_POOL;
  }

  /** Gives a line back; no plan that names it may be readable any more. */
  free(line: number): void {
    this.#free.push(line);
  }

  /** Answers that these counters have not seen may be held until then; Unix time, milliseconds. */
  hold(line: number, untilMs: number): void {
    const at = line + NOTE.HELD_UNTIL_MS;
    this.#notes.values[at] = Math.max(this.#notes.values[at], untilMs);
  }

  /** What was stamped before the wall clock was set is read by that; also by the next process where it would seem to be over else. */
  setClock(step: ClockStep): void {
    const { nowMs, byMs } = step;
    const notes = this.#notes.values;
    for (let line = COUNTER.FIRST_POOL; line < this.#next; line += POOL_COUNTER.SIZE) {
      for (const [i, { values }] of this.#views.entries()) this.#clocks[i].set(line, stampsOf(values, line), step);
      if (notes[line + NOTE.HELD_UNTIL_MS] > nowMs - byMs) notes[line + NOTE.HELD_UNTIL_MS] += byMs;
      const { expiresAtMs } = this.pool(line);
      if (byMs > 0 && expiresAtMs > nowMs) this.hold(line, expiresAtMs);
    }
  }

  /** From now on the pool's weight is another one. */
  markWeight(line: number, sinceMs: number): void {
    this.#notes.values[line + NOTE.ANSWERS_BEFORE] = this.pool(line).answers;
    this.#notes.values[line + NOTE.MARKED_SINCE_MS] = sinceMs;
  }

  /** The Unix time, milliseconds, of the weights that the pool's answers are told apart by. */
  markedSinceMs(line: number): number {
    return this.#notes.values[line + NOTE.MARKED_SINCE_MS];
  }

  /** Whether a pool may have had the line. */
  hasGiven(line: number): boolean {
    return (
      Number.isInteger((line - COUNTER.FIRST_POOL) / POOL_COUNTER.SIZE) &&
      line >= COUNTER.FIRST_POOL &&
      line < this.#next
    );
  }

  /** The lines that a pool has had and that none of `used` is. */
  unused(used: ReadonlySet<number>): number[] {
    const lines: number[] = [];
    for (let line = COUNTER.FIRST_POOL; line < this.#next; line += POOL_COUNTER.SIZE)
      if (!used.has(line)) lines.push(line);
    return lines;
  }

  pool(line: number): PoolCount {
    let answers = 0;
    let lastAtMs = 0;
    let lastTtlSeconds = 0;
    let expiresAtMs = 0;
    for (const [i, { values }] of this.#views.entries()) {
      answers += values[line + POOL_COUNTER.ANSWERS];
      const stamps = this.#clocks[i].read(line, stampsOf(values, line));
      expiresAtMs = Math.max(expiresAtMs, stamps.expiresAtMs);
      if (stamps.lastAtMs < lastAtMs) continue;
      lastAtMs = stamps.lastAtMs;
      lastTtlSeconds = stamps.lastTtlSeconds;
    }
    const notes = this.#notes.values;
    const heldUntilMs = notes[line + NOTE.HELD_UNTIL_MS];
    const answersBefore = notes[line + NOTE.ANSWERS_BEFORE];
    return { answers, lastAtMs, lastTtlSeconds, expiresAtMs, heldUntilMs, answersBefore };
  }

  /** What the workers saw of the resolvers that pools, by their ids, answered. */
  sightings(pools: readonly number[]): Sightings {
    return readSightings(this.#memories.slice(0, this.#views.length), pools);
  }

  /** Has all workers tell resolvers apart by another key; false where one of them cannot. What they saw so far is lost. */
  rekey(key: number): boolean {
    const memories = this.#memories.slice(0, this.#views.length);
    return memories.map((memory) => rekeySample(memory, key)).every((isTaken) => isTaken);
  }

  /** Readers that count. */
  get readers(): number {
    return this.#views.length / this.#places;
  }

  /** One worker's fixed counter, of all data processes that it has been in. */
  of(reader: number, counter: number): number {
    let sum = 0;
    for (let view = reader; view < this.#views.length; view += this.readers) sum += this.#views[view].values[counter];
    return sum;
  }
}
