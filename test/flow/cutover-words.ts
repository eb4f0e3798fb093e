/** The words that the thread which shifts and the thread of the clients share. */
export const WORD = {
  /** The newest state whose shift is acknowledged. */
  ACKNOWLEDGED: 0,
  /** 1: the clients end. */
  DONE: 1,
  /** Clients that have had their first answer. */
  STARTED: 2,
  UDP_ANSWERS: 3,
  TCP_ANSWERS: 4,
  /** Answers to queries sent after a newer state was acknowledged. */
  STALE: 5,
  /** Answers older than one that the same client had received before it sent the query. */
  BACKWARDS: 6,
  /** Queries that had no whole answer, or a torn one. */
  FAILURES: 7,
  WORDS: 8,
} as const;
