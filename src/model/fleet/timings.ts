/** The times that a fleet lives by. All are of steady clocks, which differ by less than `marginMs` in `staleAfterMs`. */

export interface Timings {
  /** For how long a node may claim to be current after it asked: what a shift waits for a node that does not answer. */
  readonly staleAfterMs: number;
  /** By how much longer it waits, for clocks that run slower than the writer's. */
  readonly marginMs: number;
  /** How often a node asks where the log is. */
  readonly heartbeatMs: number;
  /** Until a transaction without a reply counts as lost. */
  readonly rpcTimeoutMs: number;
  /** For how long a change is tried without knowing what became of it. */
  readonly giveUpMs: number;
  /** Before what was lost or refused is tried again. */
  readonly retryMs: number;
}

/** Clocks that run within 5 % of each other are within it, for the default of five seconds. */
const MARGIN_SHARE = 0.1;
const HEARTBEAT_MS = 1000;
const RPC_TIMEOUT_MS = 1500;
/** The engine has a new leader of its own within this time, after it lost one. */
const GIVE_UP_MS = 6000;
const RETRY_MS = 250;

export function timingsOf(staleAfterMs: number): Timings {
  return {
    staleAfterMs,
    marginMs: Math.max(staleAfterMs * MARGIN_SHARE, RETRY_MS),
    heartbeatMs: HEARTBEAT_MS,
    rpcTimeoutMs: RPC_TIMEOUT_MS,
    giveUpMs: GIVE_UP_MS,
    retryMs: RETRY_MS,
  };
}

/** `append`: until etcd's quorum has the entry. `answer`: from then until every node that claims to be current answers from it. */
export const CHANGE_STEPS = ['append', 'answer'] as const;
export type ChangeStep = (typeof CHANGE_STEPS)[number];
