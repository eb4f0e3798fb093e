/** The words that the thread which changes and the thread of the clients share. */
export const WORD = {
  /** 1: the clients end. */
  DONE: 0,
  UDP_ANSWERS: 1,
  TCP_ANSWERS: 2,
  NXDOMAIN: 3,
  NODATA: 4,
  /** SERVFAIL, REFUSED, and no reply at all. */
  FAILURES: 5,
  /** Answers from before a change that was acknowledged when the query was sent. */
  STALE: 6,
  /** Answers older than one that the same client had before for the same name. */
  BACKWARDS: 7,
  /** From here on, by name that changes: the newest state that is acknowledged. */
  ACKNOWLEDGED: 8,
  WORDS: 16,
} as const;

/** What is asked, and by which name that changes it is answered; undefined: by one that never does. */
export const QUESTIONS: readonly { readonly name: string; readonly type: string; readonly of?: number }[] = [
  { name: 'live.example.test', type: 'A', of: 0 },
  { name: 'alias.example.test', type: 'A', of: 0 },
  { name: 'x.wild.example.test', type: 'A', of: 1 },
  { name: 'deep.below.live.example.test', type: 'TXT' },
  { name: 'example.test', type: 'A', of: 2 },
  { name: 'example.test', type: 'MX' },
];

/** The names that change. The apex is never an alias. */
export const CHANGING = ['live.example.test', '*.wild.example.test', 'example.test'] as const;
