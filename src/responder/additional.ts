/** The additional section: glue of a referral, and addresses of the hosts that an answer names. */
import { HashedName } from '../table/hash.ts';
import { PLAN, PLAN_HOST, POOL } from '../table/layout.ts';
import type { Lookup } from '../table/lookup.ts';
import { TYPE } from '../wire/constants.ts';
import { RDATA_AT, type Reply } from './reply.ts';
import type { ServicePick } from './service-pick.ts';

/** Hosts of an MX or SRV RRset that a reply adds addresses of: bounds the work of one query. */
const HOSTS_MAX = 64;
/** Above all others, SVCB says `.` for the owner itself (RFC 9460 §2.5.2). */
const ROOT = 0;

/** Where in the RDATA of a type the host stands whose addresses help the client next; -1: nowhere. */
export function hostAt(type: number): number {
  switch (type) {
    case TYPE.NS:
      return 0;
    // RFC 1035 §3.3.9; RFC 1183 §1; RFC 9460 §4.1.
    case TYPE.MX:
    case TYPE.AFSDB:
    case TYPE.SVCB:
    case TYPE.HTTPS:
      return 2;
    // RFC 2782, "Usage rules".
    case TYPE.SRV:
      return 6;
    default:
      return -1;
  }
}

/** One for each responder. */
export class Additional {
  readonly #lookup: Lookup;
  readonly #reply: Reply;
  readonly #pick: ServicePick;
  readonly #host: HashedName;
  /** Names whose addresses stand in the reply already: what answers for them, and their hash. */
  readonly #seen = new Int32Array(2 * HOSTS_MAX);
  #seenCount = 0;

  constructor(lookup: Lookup, reply: Reply, pick: ServicePick) {
    this.#host = new HashedName(lookup.view.keys);
    this.#lookup = lookup;
    this.#reply = reply;
    this.#pick = pick;
  }

  /** Addresses for the hosts in the records at `[start, end)`; what does not fit is left out (RFC 2181 §9). */
  appendHosts(type: number, start: number, end: number, ownerPosition: number): void {
    const reply = this.#reply;
    const offset = hostAt(type);
    this.#seenCount = 0;
    for (let at = start; at < end; at = reply.recordEnd(at)) {
      let position = at - reply.start + RDATA_AT + offset;
      if (reply.bytes[at + RDATA_AT + offset] === ROOT) {
        if (type !== TYPE.SVCB && type !== TYPE.HTTPS) continue;
        position = ownerPosition;
      }
      reply.readName(position, this.#host);
      // An apex's NS records name hosts as a referral's do, glue with them (RFC 9471 does not demand it here).
      this.#appendAddresses(position, type === TYPE.NS);
    }
  }

  /**
   * Glue for the NS records at `[start, end)` of the cut whose name is `cut` from its label `cutLabel` on. Hosts at or
   * below the cut first: without their addresses the child cannot be reached, so a reply without room for them is cut
   * (RFC 9471 §3.1) and false is returned. Others may be left out (§3.2).
   */
  appendGlue(start: number, end: number, cut: HashedName, cutLabel: number): boolean {
    const reply = this.#reply;
    let others = 0;
    for (let at = start; at < end; at = reply.recordEnd(at)) {
      const position = at - reply.start + RDATA_AT;
      reply.readName(position, this.#host);
      if (!isAtOrBelow(this.#host, cut, cutLabel)) others++;
      else if (!this.#appendAddresses(position, true)) return false;
    }
    if (others === 0) return true;
    for (let at = start; at < end; at = reply.recordEnd(at)) {
      const position = at - reply.start + RDATA_AT;
      reply.readName(position, this.#host);
      if (!isAtOrBelow(this.#host, cut, cutLabel)) this.#appendAddresses(position, true);
    }
    return true;
  }

  /** A and AAAA of the host at `position`; false where they do not fit. */
  #appendAddresses(position: number, glue: boolean): boolean {
    const { words } = this.#lookup.view;
    const version = this.#lookup.findAdditional(this.#host, glue);
    if (version === 0 || !this.#reply.canPointTo(position)) return true;
    // Two records may name one host (MX, SRV): its addresses are added once (RFC 2181 §5.5). Not so glue.
    if (!glue && this.#isSeen(version)) return true;
    // Services below a child are the child's; what leads there from here may not be cleared away yet.
    const plan = this.#lookup.isHidden ? 0 : this.#lookup.planOf(version);
    if (plan === 0) {
      const fits = this.#append(this.#lookup.rrsetOf(version, TYPE.A), position);
      return this.#append(this.#lookup.rrsetOf(version, TYPE.AAAA), position) && fits;
    }
    if ((words[plan + PLAN.FLAGS] & PLAN_HOST) !== 0) return true;
    // Both of one pool, as everywhere.
    const pool = this.#pick.pickForSender(plan);
    const before = this.#reply.additionals;
    const fits = this.#append(words[pool + POOL.FIRST], position);
    const both = this.#append(words[pool + POOL.SECOND], position) && fits;
    if (this.#reply.additionals > before) this.#pick.count(plan, pool);
    return both;
  }

  #append(rrset: number, position: number): boolean {
    if (rrset === 0) return true;
    const reply = this.#reply;
    let count = reply.append(rrset, position, 0, 0);
    if (count === 0 && reply.dnssecOk) {
      // The addresses alone are better than nothing (RFC 4035 §3.1.1).
      reply.dnssecOk = false;
      count = reply.append(rrset, position, 0, 0);
      reply.dnssecOk = true;
    }
    reply.additionals += count;
    return count > 0;
  }

  #isSeen(version: number): boolean {
    const hash = this.#host.states[0];
    const seen = this.#seen;
    for (let i = 0; i < this.#seenCount; i++) if (seen[2 * i] === version && seen[2 * i + 1] === hash) return true;
    if (this.#seenCount === HOSTS_MAX) return true;
    seen[2 * this.#seenCount] = version;
    seen[2 * this.#seenCount + 1] = hash;
    this.#seenCount++;
    return false;
  }
}

/** Whether a name is `other` from its label `label` on, or below it. */
function isAtOrBelow(name: HashedName, other: HashedName, label: number): boolean {
  const start = other.starts[label];
  const length = other.length - start;
  const own = name.length - length;
  const nameLabel = name.labels - (other.labels - label);
  if (nameLabel < 0 || name.starts[nameLabel] !== own) return false;
  for (let i = 0; i < length; i++) if (name.bytes[own + i] !== other.bytes[start + i]) return false;
  return true;
}
