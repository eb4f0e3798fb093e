/** Whether the store can be read and written, as far as is known: every read and write of the main thread goes through here. */
import { AssertionError } from 'node:assert';
import { type Problem, StoreUnavailable } from '../model/errors.ts';

/** Runs a read; throws StoreUnavailable where it fails. `what`: names it, so that it can be tried again. */
export type Read = <Result>(what: string, work: () => Result) => Result;

export class Condition {
  #writeFailure: Problem | undefined;
  /** Reads that failed, and how to try them again; one of a kind. */
  readonly #failedReads = new Map<string, { readonly problem: Problem; readonly again: () => void }>();

  /** What the last write failed with; undefined when it went through. */
  get writeFailure(): Problem | undefined {
    return this.#writeFailure;
  }

  /** What a read failed with that has not worked since. */
  get readFailure(): Problem | undefined {
    return this.#failedReads.values().next().value?.problem;
  }

  readonly read: Read = (what, work) => {
    try {
      return work();
    } catch (error) {
      const failed = unreadable(error);
      if (failed === undefined) throw error;
      this.#failedReads.set(what, { problem: failed.problem, again: work });
      throw failed;
    }
  };

  /** Runs a write. An error that is no fault of ours is given back. */
  write(work: () => void): Problem | undefined {
    try {
      work();
      this.#writeFailure = undefined;
    } catch (error) {
      const failed = unavailable(error, 'the store refused the change, nothing was changed');
      if (failed === undefined) throw error;
      this.#writeFailure = failed.problem;
    }
    return this.#writeFailure;
  }

  /** Tries again the reads that failed. */
  readAgain(): void {
    for (const [what, { again }] of [...this.#failedReads]) {
      try {
        again();
        this.#failedReads.delete(what);
      } catch (error) {
        if (unreadable(error) === undefined) throw error;
      }
    }
  }
}

/** The failure, where the store is to blame and not this program. */
function unavailable(error: unknown, what: string): StoreUnavailable | undefined {
  if (error instanceof StoreUnavailable) return error;
  const { code, message } = error as { code?: string; message?: string };
  // A constraint is a fault of ours. Everything else is the disk's, or of somebody who wrote to the file.
  if (code?.startsWith('SQLITE_') !== true || code.startsWith('SQLITE_CONSTRAINT')) return undefined;
  return new StoreUnavailable(`${what}: ${message} (${code})`, error);
}

/** The same for what was read: rows hold JSON and packed records, and this program wrote them well. */
function unreadable(error: unknown): StoreUnavailable | undefined {
  const what = 'the store cannot be read';
  const isGarbage = error instanceof SyntaxError || error instanceof AssertionError || error instanceof RangeError;
  return isGarbage
    ? new StoreUnavailable(`${what}: a row is damaged: ${error.message}`, error)
    : unavailable(error, what);
}
