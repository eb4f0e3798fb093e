/** How long a stream of events may say nothing. The server says something every 5 s (src/api/v1/event-streams.ts). */

/** From here on it is said that no word has come; a busy server may be a little late. */
export const SILENT_MS = 8000;
/** A stream that is silent for longer is dead, whatever TCP thinks, and another one is asked for. */
export const SILENCE_MAX_MS = 13_000;
