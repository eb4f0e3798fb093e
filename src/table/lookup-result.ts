/** What a lookup found; its fields (lookup.ts) say more. */

/** No zone of ours holds the name. */
export const REFUSED = 0;
/** The name does not exist (RFC 2308 §2.1). */
export const NO_NAME = 1;
/** The name exists but has no such type (RFC 2308 §2.2). */
export const NO_DATA = 2;
/** `rrset` answers. */
export const FOUND = 3;
/** `rrset` is a CNAME at the name, of another type than was asked. */
export const ALIAS = 4;
/** `plan` picks the answer. */
export const PICK = 5;
/** `rrset` holds the NS records of a zone cut at or above the name; `cutLabel` tells where (RFC 1034 §4.3.2 3b). */
export const DELEGATION = 6;
/** `rrset` is a DNAME above the name; `cutLabel` tells where (RFC 6672 §3.2). */
export const REWRITE = 7;
/** RRSIG was asked for: the signatures of all RRsets of `version` answer. */
export const SIGNATURES = 8;

/** The zone of the name is left out of the table: nothing is known of what it holds. */
export const UNAVAILABLE = 9;

export type LookupResult = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
