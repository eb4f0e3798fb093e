/** How a parent was told that the CDS of a zone has changed (RFC 9859). */

/** What came of it: who took it, or why nobody did; `none`: the parent does not want to be told. */
export type Telling = 'none' | { readonly endpoint: string } | { readonly error: string };

/** What came of the last telling. */
export interface Notice {
  /** Unix time, milliseconds. */
  readonly atMs: number;
  readonly telling: Telling;
}
