/** What the table asks of whoever signs a zone: the one seam between answers and keys. No worker ever calls it. */
import type { Problem } from '../model/errors.ts';

/** What was to be signed cannot be now: what needs it is refused. */
export class SigningRefused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Signs the RRsets of one zone. */
export interface RRsetSigner {
  /**
   * The RDATA of the RRSIG records of an RRset, one for each key that signs its type; none: it goes unsigned. `owner`: in
   * lower-case wire form, a wildcard's with its `*`. `rdata`: names whole, in any order and case. Synchronous: a cache
   * in front of the keys, filled beforehand where there is much to sign. Throws SigningRefused.
   */
  sign(owner: Uint8Array, type: number, ttlSeconds: number, rdata: readonly Uint8Array[]): readonly Uint8Array[];
}

/** Which zones are signed. */
export interface ZoneSigners {
  /** Undefined: the zone (canonical name) is not signed. */
  of(zone: string): RRsetSigner | undefined;
}

/** For a table in which no zone is signed. */
export const NO_SIGNERS: ZoneSigners = { of: () => undefined };
