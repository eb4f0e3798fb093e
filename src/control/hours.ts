/**
 * What each service answered, hour by hour, for a week: coarse and bounded, so that whoever asks what the split was last
 * night needs no other tool. It is no revision: each node counts its own, and what is lost of it is lost.
 */
import type { Table } from '../table/table.ts';
import type { Sliced } from './slices.ts';

export const HOUR_MS = 3_600_000;
/** A week. */
const HOURS_KEPT = 7 * 24;
/** Of all services together, so that ten thousand that are always asked keep a day; about 150 bytes each. */
export const ENTRIES_MAX = 250_000;
/** Services that one slice counts: a millisecond or two. */
const COUNTED_AT_ONCE = 500;
/** The form of the file; another one is not read. */
const FORM = 1;

/** Answers by pool. */
type Answers = Record<string, number>;

interface Hour {
  /** Unix time, milliseconds, of its beginning. */
  readonly atMs: number;
  readonly answers: Readonly<Answers>;
}

export class AnswerHours {
  readonly #observed: Pick<Table['observed'], 'services' | 'poolCounts'>;
  /** What the counters were when they were looked at last, by service and pool. */
  readonly #seen = new Map<string, Answers>();
  /** By hour, the oldest first; then by service. */
  readonly #hours = new Map<number, Map<string, Answers>>();
  #entries = 0;

  constructor(observed: Pick<Table['observed'], 'services' | 'poolCounts'>) {
    this.#observed = observed;
  }

  /** Counts what was answered since the last time, to the hour that it is now. */
  *sample(nowMs: number): Sliced<void> {
    const hour = Math.floor(nowMs / HOUR_MS);
    const names = [...this.#observed.services()].map(({ name }) => name);
    for (const [i, name] of names.entries()) {
      this.#count(name, hour);
      if (i % COUNTED_AT_ONCE === COUNTED_AT_ONCE - 1) yield;
    }
    const there = new Set(names);
    for (const name of this.#seen.keys()) if (!there.has(name)) this.#seen.delete(name);
    this.#forget(hour);
  }

  #count(name: string, hour: number): void {
    const before = this.#seen.get(name);
    const now: Answers = {};
    const gained: Answers = {};
    for (const [pool, { answers }] of Object.entries(this.#observed.poolCounts(name))) {
      now[pool] = answers;
      // Counters that fell, or were not there, are those of a pool that was made anew.
      const from = before?.[pool] ?? 0;
      if (before !== undefined && answers > from) gained[pool] = answers - from;
    }
    this.#seen.set(name, now);
    if (Object.keys(gained).length > 0) this.#add(hour, name, gained);
  }

  #add(hour: number, name: string, gained: Answers): void {
    const services = this.#hours.get(hour) ?? new Map<string, Answers>();
    this.#hours.set(hour, services);
    const answers = services.get(name);
    if (answers === undefined) {
      services.set(name, gained);
      this.#entries += 1;
      return;
    }
    for (const [pool, count] of Object.entries(gained)) answers[pool] = (answers[pool] ?? 0) + count;
  }

  #forget(now: number): void {
    for (const [hour, services] of [...this.#hours].sort(([one], [other]) => one - other)) {
      // A clock that went back leaves hours to come.
      const isOld = hour <= now - HOURS_KEPT || hour > now;
      if (!isOld && this.#entries <= ENTRIES_MAX) continue;
      this.#entries -= services.size;
      this.#hours.delete(hour);
    }
  }

  /** The hours of a service in which something was answered, the oldest first. */
  of(service: string): Hour[] {
    return [...this.#hours]
      .sort(([one], [other]) => one - other)
      .flatMap(([hour, services]) => {
        const answers = services.get(service);
        return answers === undefined ? [] : [{ atMs: hour * HOUR_MS, answers }];
      });
  }

  /** For a file. */
  text(): string {
    const hours = [...this.#hours].map(([hour, services]) => [hour, Object.fromEntries(services)]);
    return JSON.stringify({ form: FORM, hours });
  }

  /** Takes what a file has; false: it is none of this form, and nothing is taken. */
  read(text: string, nowMs: number): boolean {
    const hours = parse(text);
    if (hours === undefined) return false;
    for (const [hour, services] of hours) {
      for (const [name, answers] of Object.entries(services)) this.#add(hour, name, { ...answers });
    }
    this.#forget(Math.floor(nowMs / HOUR_MS));
    return true;
  }
}

/** What is whole in it; undefined: it is not of this form. */
function parse(text: string): [number, Record<string, Answers>][] | undefined {
  try {
    const { form, hours } = JSON.parse(text) as { form?: unknown; hours?: unknown };
    if (form !== FORM || !Array.isArray(hours)) return undefined;
    return hours.every(isHour) ? hours : undefined;
  } catch {
    return undefined;
  }
}

function isHour(value: unknown): value is [number, Record<string, Answers>] {
  if (!Array.isArray(value) || !Number.isSafeInteger(value[0])) return false;
  return isMap(value[1]) && Object.values(value[1]).every((each) => isMap(each) && Object.values(each).every(isCount));
}

const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
