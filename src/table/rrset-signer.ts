/** What the table asks of whoever signs a zone: the one seam between answers and keys. No worker ever calls it. */
import type { ZoneSigning } from '../model/dnssec/signing.ts';
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
  /** Whether these signatures of an RRset need not be made anew; left out: they need not. */
  isCurrent?(type: number, rrsigs: readonly Uint8Array[]): boolean;
}

/** What stands at the apex of a signed zone for its keys. */
export interface ApexRRset {
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdata: readonly Uint8Array[];
}

/** What comes of it that a zone is signed in another way. */
export interface SigningChange {
  /** Others sign than before, so that everything is to be signed anew. */
  readonly isAnew: boolean;
  readonly undo: () => void;
}

/** Which zones are signed. */
export interface ZoneSigners {
  /** Undefined: the zone (canonical name) is not signed. */
  of(zone: string): RRsetSigner | undefined;
  /** Whether the zone (canonical name) proves by NSEC3, and not by NSEC. */
  isHashed(zone: string): boolean;
  /** DNSKEY, CDS and CDNSKEY, and NSEC3PARAM, of the zone (canonical name), as far as it has them. */
  apexOf(zone: string): readonly ApexRRset[];
  /** From now on the zone is signed so; undefined: not at all. */
  set(zone: string, signing: ZoneSigning | undefined): SigningChange;
  /** Equal where the same keys sign its records in the same way; empty: nobody signs them. */
  markOf(zone: string): string;
  /**
   * Whether a change of how a zone is signed, which has at least so many names, is left to who builds it aside. Then it is
   * noted, and nothing else changes until that is done.
   */
  leaves(zone: string, signing: ZoneSigning | undefined, names: number): boolean;
  /**
   * Whether what proves all names of a zone, which has at least so many, is left to who builds it aside to be made anew, the
   * zone being signed as before. Then it is noted, and the result forgets it again; undefined: nobody does it.
   */
  leaveProofs(zone: string, names: number): (() => void) | undefined;
  /** A zone is read whole. Until the result is called, no more signatures than that are made, and the rest is left unsigned. */
  load(zone: string, signatures: number): () => void;
  /** Of a zone that was read with the signatures that are kept: what it wants besides is made soon. */
  leaveRest(zone: string, signing: ZoneSigning): void;
  /** For a table that another writer left, as it holds the zone: signed in some way, or not, and proved by NSEC3, or not. */
  adopt(signing: ZoneSigning, isSigned: boolean, isHashed: boolean): void;
  /** Notes it; returns how to forget it again. */
  want(zone: string, signing: ZoneSigning | undefined): () => void;
  /** All but the services of a zone is signed as it is to be; the result takes that back. */
  begin(zone: string): () => void;
  /** How many names have to be counted for that. */
  readonly namesAtOnce: number;
  /** What is prepared is in the log, of a start or of other nodes: it is not refused for what may turn out later. */
  readonly mustTake: boolean;
}

/** For a table in which no zone is signed. */
export const NO_SIGNERS: ZoneSigners = {
  of: () => undefined,
  isHashed: () => false,
  apexOf: () => [],
  set: () => ({ isAnew: false, undo: () => {} }),
  markOf: () => '',
  leaves: () => false,
  leaveProofs: () => undefined,
  load: () => () => {},
  leaveRest: () => {},
  adopt: () => {},
  want: () => () => {},
  begin: () => () => {},
  namesAtOnce: Number.POSITIVE_INFINITY,
  mustTake: false,
};
