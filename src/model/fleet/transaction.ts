/** What a fleet asks of the engine that holds its log: transactions over keys, each of which sees and makes one instant. */

/** What stands under a key. Places are numbers of the engine's own that only grow: one for each transaction that wrote. */
export interface Stored {
  readonly key: string;
  readonly value: Uint8Array;
  /** The place of the last change. */
  readonly changedAt: number;
  /** The place at which it was made, after it was last deleted. */
  readonly createdAt: number;
}

/** What must hold for a transaction to write. */
export type Compare =
  | { readonly key: string; readonly value: Uint8Array }
  /** 0: the key is not there. */
  | { readonly key: string; readonly changedAt: number }
  | { readonly key: string; readonly createdAt: number };

export type Put =
  /** `lease`: the key goes with it. */
  | { readonly key: string; readonly value: Uint8Array; readonly lease?: string }
  | { readonly key: string; readonly isDeleted: true };

export interface Read {
  readonly key: string;
  /** All keys that begin like this. */
  readonly isPrefix?: boolean;
}

export interface Transaction {
  readonly compares: readonly Compare[];
  readonly puts: readonly Put[];
  /** What is read after the puts. */
  readonly reads: readonly Read[];
  /** What is read where a compare does not hold, and nothing was put. */
  readonly otherwise: readonly Read[];
}

export interface TransactionReply {
  /** All compares held. */
  readonly succeeded: boolean;
  /** The engine's place when it was done; of what was put, where it succeeded. */
  readonly at: number;
  /** Of all reads, one after the other. What is not there is not in it. */
  readonly found: readonly Stored[];
}

/** A transaction that only reads. */
export function reading(reads: readonly Read[]): Transaction {
  return { compares: [], puts: [], reads, otherwise: [] };
}
