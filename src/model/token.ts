/** A token: what a client of the admin API shows to be let in. */

/** `read` may look, `admin` may do everything. */
export type TokenScope = 'admin' | 'read';

export interface Token {
  /** Named in the log of changes; never the secret. */
  readonly name: string;
  readonly scope: TokenScope;
}

/** What is kept of a token: its secret cannot be found from this. */
export interface StoredToken extends Token {
  /** SHA-256 of the secret. Secrets are 256 random bits, so no slow hash is needed. */
  readonly digest: Uint8Array;
  /** Unix time, milliseconds. */
  readonly createdAtMs: number;
}
