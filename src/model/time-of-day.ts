/** Times in sentences for people: always with their zone, since those who read them are in several. */

/** `12:03:05 UTC`, with the date where it is not that of now: `2026-01-31 12:03:05 UTC`. Unix times, milliseconds. */
export function timeOfDay(atMs: number, nowMs: number): string {
  const text = new Date(atMs).toISOString();
  const isToday = text.startsWith(new Date(nowMs).toISOString().slice(0, 10));
  return `${isToday ? '' : `${text.slice(0, 10)} `}${text.slice(11, 19)} UTC`;
}
