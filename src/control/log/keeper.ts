/** The engine that keeps a fleet's log, as the log sees it. Keys are without the fleet's own prefix. */
import type { Stored, Transaction, TransactionReply } from '../../model/fleet/transaction.ts';

/** A transaction of which there is no reply, or a refusal. */
export class Lost {
  /** It may have been carried out all the same. */
  readonly isSent: boolean;
  /** For people. */
  readonly words: string;
  /** The engine answered, and will not do it: it is full, say. To ask again soon helps nobody. */
  readonly isRefused: boolean;

  constructor(isSent: boolean, words: string, isRefused = false) {
    this.isSent = isSent;
    this.words = words;
    this.isRefused = isRefused;
  }
}

export interface KeeperListener {
  /** Writes of keys, each key's in order. Some may be told twice, and after a break some not at all. */
  changed(puts: readonly Stored[], deletes: readonly { readonly key: string; readonly at: number }[]): void;
  /** What is told may have gaps, since. */
  broken(words: string): void;
}

export interface Keeper {
  /** All that it compares, puts and reads is of one instant. Never rejects. */
  transact(transaction: Transaction): Promise<TransactionReply | Lost>;
  /** Tells of what becomes of keys that begin with one of the prefixes, from about now on; the result ends that. */
  watch(prefixes: readonly string[], listener: KeeperListener): () => void;
}
