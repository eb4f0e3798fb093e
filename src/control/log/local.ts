/** The log of one node: it is in the store, where each entry is written by the transaction that applies it. */
import type { Log } from './log.ts';

export const localLog: Log = { isLocal: true, append: () => 'appended' };
