/** The exit codes of `teal`, after sysexits.h where it has one. README.md lists them for users. */
export const EXIT = {
  OK: 0,
  /** EX_USAGE: an unknown command or flag. */
  USAGE: 64,
  /** EX_UNAVAILABLE: an address, the data directory, or Node itself is not to be had. */
  UNAVAILABLE: 69,
  /** EX_SOFTWARE: a fault of teal. */
  INTERNAL: 70,
  /** EX_CONFIG: wrong settings. */
  CONFIG: 78,
} as const;

/** What a shell sees of a process that a signal ended. */
export const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;
