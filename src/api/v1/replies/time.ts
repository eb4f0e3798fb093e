/** Times as they are shown: RFC 3339, in UTC. */

/** `ms`: Unix time, milliseconds. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
