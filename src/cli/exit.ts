/** The exit codes of `teal`, after sysexits.h where it has one. README.md and docs/cli.md list them for users. */
export const EXIT = {
  OK: 0,
  /** What was asked was done, and the answer is no: a check found errors, a watched release was aborted. */
  NEGATIVE: 1,
  /** EX_USAGE: an unknown command or flag, or a value that cannot be meant. */
  USAGE: 64,
  /** EX_DATAERR: the server refuses what was asked as wrong or in conflict with what is there; a file's content is wrong. */
  REFUSED: 65,
  /** EX_NOINPUT: a file that was named cannot be read. */
  NO_INPUT: 66,
  /** EX_UNAVAILABLE: a server, an address, the data directory, or Node itself is not to be had. */
  UNAVAILABLE: 69,
  /** EX_SOFTWARE: a fault of teal. */
  INTERNAL: 70,
  /** EX_CANTCREAT: a file that would be written is there already, or cannot be written. */
  CANNOT_WRITE: 73,
  /** EX_TEMPFAIL: the server cannot do it now; the same may work later. */
  TRY_LATER: 75,
  /** EX_NOPERM: no token, a wrong one, or one that may not do this. */
  NO_PERMISSION: 77,
  /** EX_CONFIG: wrong settings. */
  CONFIG: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What a shell sees of a process that a signal ended. */
export const EXIT_BY_SIGNAL = { SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;

/** The reader of a watching command went away: what a shell sees of a process that SIGPIPE ended. */
export const EXIT_UNREAD = 141;
