/** Which code of ours has run: V8's own block coverage, so that the fuzzer sees when an input reached something new. */
import { type Profiler, Session } from 'node:inspector';

/** Scripts whose coverage counts. */
const OURS = new URL('../../src/', import.meta.url).href;

export class Coverage {
  /** Characters of src/ that are known to have run. */
  reached = 0;
  readonly #session = new Session();
  /** By script: a byte for each character of the source, 1 where it is known to have run. */
  readonly #known = new Map<string, Uint8Array>();

  start(): void {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  stop(): void {
    this.#session.disconnect();
  }

  /**
   * Characters that have run since the last call and were not known to, and forgets them again unless they are to be
   * `learned`. Costs milliseconds: not to be asked after every input.
   */
  fresh(learned: boolean): number {
    let fresh = 0;
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      for (const script of taken.result) if (script.url.startsWith(OURS)) fresh += this.#freshIn(script, learned);
    });
    if (learned) this.reached += fresh;
    return fresh;
  }

  #freshIn({ url, functions }: Profiler.ScriptCoverage, learned: boolean): number {
    const length = Math.max(...functions.map(({ ranges }) => ranges[0]?.endOffset ?? 0));
    const ran = new Uint8Array(length);
    // Inner ranges and functions follow the outer ones and say what of those has run.
    for (const { ranges } of functions) {
      for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    }
    const known = this.#knownOf(url, length);
    let fresh = 0;
    for (let at = 0; at < length; at++) {
      if (ran[at] !== 1 || known[at] === 1) continue;
      fresh++;
      if (learned) known[at] = 1;
    }
    return fresh;
  }

  /** Of a script only what has run since the last look is told, so that it may turn out to be longer. */
  #knownOf(url: string, length: number): Uint8Array {
    const before = this.#known.get(url);
    if (before !== undefined && before.length >= length) return before;
    const known = new Uint8Array(length);
    if (before !== undefined) known.set(before);
    this.#known.set(url, known);
    return known;
  }
}
