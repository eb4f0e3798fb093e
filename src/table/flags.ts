/** What a node's and a zone's version say of their contents, so that most lookups need look no further. */
import { TYPE } from '../wire/constants.ts';
import {
  NODE_EXISTS,
  NODE_HAS_CNAME,
  NODE_HAS_DNAME,
  NODE_IS_APEX,
  NODE_IS_CUT,
  ZONE_HAS_BORDER,
  ZONE_HAS_WILDCARD,
} from './layout.ts';

/** NODE_* of a node that owns RRsets of these types. */
export function nodeFlags(types: Iterable<number>, exists: boolean, isApex: boolean): number {
  let flags = (exists ? NODE_EXISTS : 0) | (isApex ? NODE_IS_APEX : 0);
  for (const type of types) flags |= flagOf(type, isApex);
  return flags;
}

/** What an RRset of the type adds to those. */
export function flagOf(type: number, isApex: boolean): number {
  if (type === TYPE.CNAME) return NODE_HAS_CNAME;
  if (type === TYPE.DNAME) return NODE_HAS_DNAME;
  return type === TYPE.NS && !isApex ? NODE_IS_CUT : 0;
}

/** ZONE_* that an owner (from `start` on) brings into its zone, with an RRset of the type (0: with a service). */
export function zoneFlags(owner: Uint8Array, type: number, isApex: boolean, start = 0): number {
  const isBorder = type === TYPE.DNAME || (type === TYPE.NS && !isApex);
  return (hasWildcardLabel(owner, start) ? ZONE_HAS_WILDCARD : 0) | (isBorder ? ZONE_HAS_BORDER : 0);
}

/**
 * Whether a label of the name is `*`. It need not be the first: an owner below `*.example.` brings that name into being
 * as an empty non-terminal, and it is a source of synthesis too (RFC 4592 §2.1.3 and §2.2.2).
 */
function hasWildcardLabel(owner: Uint8Array, start: number): boolean {
  for (let at = start; owner[at] !== 0; at += 1 + owner[at]) {
    if (owner[at] === 1 && owner[at + 1] === 0x2a) return true;
  }
  return false;
}
