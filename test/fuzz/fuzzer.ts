/**
 * A fuzzer: damages inputs, checks what must hold, and keeps the inputs that reached new code, so that it goes on from
 * there. The same seed gives the same inputs. jazzer.js would do as much and faster, but its binary asks for a newer C
 * library than Debian 12 has.
 */
import { mulberry32 } from '../fixtures/mutate.ts';
import { Coverage } from './coverage.ts';

/** Integer in [0, limit). */
export type Draw = (limit: number) => number;

export interface FuzzTarget {
  /** Good inputs to begin with. */
  readonly corpus: readonly Uint8Array[];
  /** An input made from one of the corpus, which must stay as it is. */
  mutate(input: Uint8Array, draw: Draw): Uint8Array;
  /** Throws where something that must hold does not. */
  check(input: Uint8Array): void;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly executionsMax: number;
  readonly secondsMax?: number;
}

export interface FuzzResult {
  readonly executions: number;
  /** Inputs to go on from, those of the target included. */
  readonly corpus: number;
  /** Characters of src/ that ran. */
  readonly reached: number;
  readonly failure: FuzzFailure | undefined;
}

export interface FuzzFailure {
  readonly input: Uint8Array;
  readonly error: Error;
}

/** Executions between two looks at the coverage. */
const BATCH = 5000;
/** Of so many inputs one comes from those found last, which are the least explored. */
const RECENT_EVERY = 4;
const RECENT = 16;

/** Runs until something fails, or until the executions or the seconds are used up. */
export function fuzz(target: FuzzTarget, { seed, executionsMax, secondsMax = Infinity }: FuzzOptions): FuzzResult {
  const random = mulberry32(seed);
  const draw: Draw = (limit) => Math.floor(random() * limit);
  const corpus = [...target.corpus];
  const coverage = new Coverage();
  const endMs = performance.now() + secondsMax * 1000;
  let executions = 0;
  let failure: FuzzFailure | undefined;
  const run = (inputs: readonly Uint8Array[]): void => {
    for (const input of inputs) {
      if (failure !== undefined) return;
      failure = failureOf(target, input);
      executions++;
    }
  };
  coverage.start();
  run(corpus);
  while (failure === undefined && executions < executionsMax && performance.now() < endMs) {
    const size = Math.min(BATCH, executionsMax - executions);
    const batch = Array.from({ length: size }, () => target.mutate(parentOf(corpus, draw), draw));
    run(batch);
    // What the first inputs reach is easily reached again: nothing to go on from.
    const isFirst = coverage.reached === 0;
    if (coverage.fresh(isFirst) > 0 && !isFirst && failure === undefined) {
      corpus.push(...pioneers(target, batch, coverage));
    }
  }
  coverage.stop();
  return { executions, corpus: corpus.length, reached: coverage.reached, failure };
}

function failureOf(target: FuzzTarget, input: Uint8Array): FuzzFailure | undefined {
  try {
    target.check(input);
    return undefined;
  } catch (error) {
    return { input, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function parentOf(corpus: readonly Uint8Array[], draw: Draw): Uint8Array {
  const recent = draw(RECENT_EVERY) === 0 ? Math.min(RECENT, corpus.length) : corpus.length;
  return corpus[corpus.length - 1 - draw(recent)];
}

/** Those of the inputs that reach something new, found by halving. They have passed before and are run again. */
function pioneers(target: FuzzTarget, inputs: readonly Uint8Array[], coverage: Coverage): Uint8Array[] {
  for (const input of inputs) failureOf(target, input);
  if (coverage.fresh(inputs.length === 1) === 0) return [];
  if (inputs.length === 1) return [...inputs];
  const half = inputs.length >> 1;
  return [...pioneers(target, inputs.slice(0, half), coverage), ...pioneers(target, inputs.slice(half), coverage)];
}
