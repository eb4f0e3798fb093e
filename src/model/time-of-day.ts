/** Times in sentences for people: always with their zone, since those who read them are in several. */

/** `12:03:05 UTC`, with the date where it is not that of now: `2026-01-31 12:03:05 UTC`. Unix times, milliseconds. */
export function timeOfDay(atMs: number, nowMs: number): string {
  const isToday = new Date(atMs).toISOString().startsWith(new Date(nowMs).toISOString().slice(0, 10));
  const text = dateAndTime(atMs);
  return isToday ? text.slice(11) : text;
}

/** `2026-01-31 12:03:05 UTC`, where now is not known or the text is kept. Unix time, milliseconds. */
export function dateAndTime(atMs: number): string {
  const text = new Date(atMs).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}
