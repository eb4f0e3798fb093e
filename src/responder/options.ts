/** What an operator can set about answers: one plain object, given to every worker. */
import type { SharedRateLimit } from './rate-limit.ts';

export interface ResponderOptions {
  /** Longest UDP reply, bytes, whatever the client says it takes (RFC 9715 §3.1). */
  readonly udpMaxBytes: number;
  /** Told to clients that ask for it with the NSID option (RFC 5001), as UTF-8; '' keeps silent. */
  readonly nsid: string;
  /** Answers CH TXT `id.server` and `hostname.bind` (RFC 4892 §2); '' refuses. */
  readonly identity: string;
  /** Answers CH TXT `version.server` and `version.bind`; '' refuses. */
  readonly version: string;
  /**
   * Secrets of server cookies, 16 bytes each: the first makes them, all of them check (RFC 9018 §5). Servers that
   * share an address share them.
   */
  readonly cookieSecrets: readonly Uint8Array[];
  /** UDP queries with a cookie option but no good server cookie get BADCOOKIE instead of an answer (RFC 7873 §5.2.3). */
  readonly cookiesRequired: boolean;
  /** How long a TCP connection may idle; told to clients that ask (RFC 7828). */
  readonly tcpIdleSeconds: number;
  /** Of a node of a fleet: it answers only while it may claim to be current. */
  readonly withdrawsWhenStale?: boolean;
  /** For UDP; undefined: no limit. */
  readonly rateLimit: SharedRateLimit | undefined;
}
