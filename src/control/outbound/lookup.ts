/** Host names to addresses through the system's resolver, a few at a time. */
import { type LookupAddress, lookup } from 'node:dns';
import { guarded } from '../../guard.ts';

/**
 * Each holds one of the four threads that Node has for such work, for as long as a dead resolver lets it: others need
 * them too.
 */
const LOOKUPS_AT_ONCE = 2;

export type FoundAddresses = readonly LookupAddress[] | Error;
export type LookupName = (name: string, done: (found: FoundAddresses) => void) => void;

const systemLookup: LookupName = (name, done) => {
  lookup(name, { all: true }, (error, addresses) => done(error ?? addresses));
};

/** Requests for a name that is being looked up wait for one answer, so that no more wait than there are names. */
export class Lookups {
  readonly #lookup: LookupName;
  readonly #wanted = new Map<string, ((found: FoundAddresses) => void)[]>();
  readonly #waiting: string[] = [];
  #running = 0;

  constructor(lookup: LookupName = systemLookup) {
    this.#lookup = lookup;
  }

  /** Never rejects; how long it takes is for the system to say. */
  find(name: string): Promise<FoundAddresses> {
    return new Promise((resolve) => {
      const others = this.#wanted.get(name);
      if (others !== undefined) {
        others.push(resolve);
        return;
      }
      this.#wanted.set(name, [resolve]);
      this.#waiting.push(name);
      this.#next();
    });
  }

  #next(): void {
    while (this.#running < LOOKUPS_AT_ONCE) {
      const name = this.#waiting.shift();
      if (name === undefined) return;
      this.#running++;
      const told = (found: FoundAddresses): void => {
        this.#running--;
        const wanted = this.#wanted.get(name) ?? [];
        this.#wanted.delete(name);
        for (const resolve of wanted) resolve(found);
        this.#next();
      };
      this.#lookup(name, guarded('a look-up of a name', told));
    }
  }
}
