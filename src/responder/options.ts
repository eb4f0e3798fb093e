/** What an operator can set about answers: one plain object, given to every worker. */

export interface ResponderOptions {
  /** Longest UDP reply, bytes, whatever the client says it takes (RFC 9715 §3.1). */
  readonly udpMaxBytes: number;
}
