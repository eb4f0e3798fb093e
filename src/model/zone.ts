/** A zone: a domain that Teal is authoritative for, with what its SOA and NS records say. */

/** Names are canonical text: lower case, `\DDD` for unusual bytes, no trailing dot (the root is the empty string). */
export interface Zone {
  readonly name: string;
  /** Host names of the NS RRset at the apex, at least one. */
  readonly nameservers: readonly string[];
  /** Mailbox of the SOA RNAME as a host name (RFC 1035 §3.3.13). */
  readonly hostmaster: string;
  /** TTL of the SOA and NS RRsets, seconds. */
  readonly ttlSeconds: number;
  /** SOA MINIMUM: with the SOA's TTL it bounds how long a negative answer is cached (RFC 2308 §5). */
  readonly negativeTtlSeconds: number;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  /** SOA SERIAL (RFC 1982), raised by every change of the zone's content, not by shifts. */
  readonly serial: number;
  /** The last revision that changed the zone itself; its ETag. */
  readonly revision: number;
}
