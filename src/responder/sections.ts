/** What a lookup found, put into the sections of the reply (RFC 1034 §3.7). */
import { HashedName } from '../table/hash.ts';
import { NODE, NSEC_IN_CHAIN, POOL } from '../table/layout.ts';
import type { Lookup } from '../table/lookup.ts';
import { FLAG, MAX_NAME_BYTES, RCODE, TYPE } from '../wire/constants.ts';
import { type Additional, hostAt } from './additional.ts';
import type { Chain } from './chain.ts';
import type { Proofs } from './proofs.ts';
import { RDATA_AT, type Reply } from './reply.ts';

/** What stands in a node under more than this is no type that can be asked for. */
const TYPE_MAX = 0xffff;

/**
 * One for each responder, reused for every reply. `name` is the name that was looked up last, `position` where it
 * stands in the reply: first as the question, then as the target of an alias.
 */
export class Sections {
  /** The name that the last alias leads to. */
  readonly alias: HashedName;
  readonly #lookup: Lookup;
  readonly #reply: Reply;
  readonly #chain: Chain;
  readonly #additional: Additional;
  readonly #proofs: Proofs;

  constructor(lookup: Lookup, reply: Reply, chain: Chain, additional: Additional, proofs: Proofs) {
    this.#proofs = proofs;
    this.alias = new HashedName(lookup.view.keys);
    this.#lookup = lookup;
    this.#reply = reply;
    this.#chain = chain;
    this.#additional = additional;
  }

  /** The RRset that was asked for, and what helps with the next query. */
  give(rrset: number, type: number, name: HashedName, position: number): void {
    const reply = this.#reply;
    // A DNAME led here from a name below this one: each record is given once (RFC 2181 §5.5).
    if (!this.#lookup.wildcard && this.#chain.recordOf(rrset) !== 0) return;
    const start = reply.at;
    const count = reply.append(rrset, position, 0, this.#suffixShift(name));
    if (count === 0) {
      // Aliases before it are an answer, from which the resolver goes on; TC over TCP would be one for nobody.
      if (!reply.overTcp || reply.answers === 0) reply.truncate();
      return;
    }
    reply.answers += count;
    const end = reply.recordsEnd;
    if (this.#lookup.wildcard && this.#proofs.areWanted) this.#proofs.expanded(name, position);
    if (!this.#proofs.flush()) return;
    if (hostAt(type) >= 0) this.#additional.appendHosts(type, start, end, position);
  }

  /** The signatures of all that a name has; false where it has none. `pool`: that of the service which stands there, or 0. */
  giveSignatures(name: HashedName, position: number, pool: number): boolean {
    const { words } = this.#lookup.view;
    const { version } = this.#lookup;
    let given = pool === 0 ? 0 : this.#signaturesOf(words[pool + POOL.FIRST], position);
    if (pool !== 0) given += this.#signaturesOf(words[pool + POOL.SECOND], position);
    const end = version + NODE.PAIRS + 2 * words[version + NODE.COUNT];
    for (let at = version + NODE.PAIRS; at < end; at += 2) {
      // Of the forms of a service's NSEC one is enough.
      if (words[at] <= TYPE_MAX || words[at] === NSEC_IN_CHAIN) given += this.#signaturesOf(words[at + 1], position);
    }
    if (given === 0) return false;
    if (this.#lookup.wildcard && this.#proofs.areWanted) this.#proofs.expanded(name, position);
    return true;
  }

  #signaturesOf(rrset: number, position: number): number {
    const reply = this.#reply;
    if (rrset === 0 || (reply.flags & FLAG.TC) !== 0) return 0;
    const count = reply.appendSignatures(rrset, position);
    if (count < 0) {
      reply.truncate();
      return 1;
    }
    reply.answers += count;
    return count;
  }

  /** Appends a CNAME; where its target stands in the reply, 0 where the chain ends here. */
  follow(cname: number, name: HashedName, position: number): number {
    const reply = this.#reply;
    const target = reply.at - reply.start + RDATA_AT;
    const count = reply.append(cname, position, 0, this.#suffixShift(name));
    if (count === 0) return this.#cutShort();
    reply.answers += count;
    if (this.#lookup.wildcard && this.#proofs.areWanted) this.#proofs.expanded(name, position);
    this.#chain.add(name, position);
    this.alias.set(this.#lookup.view.bytes, this.#lookup.aliasTarget(cname));
    return this.#chain.ends(this.alias) ? 0 : target;
  }

  /** Appends a DNAME and the CNAME that it makes of the name (RFC 6672 §3.1); as `follow`. */
  rewrite(type: number, name: HashedName, position: number): number {
    const lookup = this.#lookup;
    const reply = this.#reply;
    const label = lookup.cutLabel;
    const prefix = name.starts[label];
    const target = lookup.aliasTarget(lookup.rrset);
    const dname = this.#appendDname(lookup.rrset, position, prefix);
    if (dname === 0) return this.#cutShort();
    if (prefix + lookup.nameLengthAt(target) > MAX_NAME_BYTES) {
      // RFC 6672 §2.2: the new name would be too long to exist.
      reply.rcode = RCODE.YXDOMAIN;
      return 0;
    }
    const next = reply.at - reply.start + RDATA_AT;
    if (!reply.appendSynthesized(name, prefix, position, dname)) return this.#cutShort();
    reply.answers++;
    this.#chain.add(name, position);
    // Asked for, a CNAME is the answer and is not followed, this one neither (RFC 1034 §4.3.2 3a).
    if (type === TYPE.CNAME) return 0;
    // A DNAME that leads below itself makes ever longer names; where that goes is for the resolver to find out.
    if (lookup.isAtOrBelow(target, name, label)) return 0;
    this.alias.setJoined(name, label, lookup.view.bytes, target);
    return this.#chain.ends(this.alias) ? 0 : next;
  }

  /** Appends a DNAME unless the answer holds it already; where it stands, 0 where it does not fit. */
  #appendDname(rrset: number, position: number, ownerSkip: number): number {
    const reply = this.#reply;
    const before = this.#chain.recordOf(rrset);
    if (before !== 0) return before;
    const record = reply.at - reply.start;
    const count = reply.append(rrset, position, ownerSkip, ownerSkip);
    if (count === 0) return 0;
    reply.answers += count;
    this.#chain.addDname(rrset, record);
    return record;
  }

  /** A referral: the NS records of the cut, and the addresses that we hold for their names (RFC 1034 §4.3.2 3b). */
  refer(name: HashedName, position: number): void {
    const lookup = this.#lookup;
    const reply = this.#reply;
    const skip = name.starts[lookup.cutLabel];
    const start = reply.at;
    const count = reply.append(lookup.rrset, position, skip, skip);
    if (count === 0) return reply.truncate();
    reply.authorities += count;
    const end = reply.recordsEnd;
    if (this.#proofs.areWanted && !this.#appendCutProof(name, position, skip)) return;
    // Over TCP some glue is better than none.
    if (!this.#additional.appendGlue(start, end, name, lookup.cutLabel) && !reply.overTcp) reply.truncate();
  }

  /** The cut's DS, or what proves that it has none (RFC 4035 §3.1.4); false where there is no room. */
  #appendCutProof(name: HashedName, position: number, skip: number): boolean {
    const reply = this.#reply;
    const ds = this.#lookup.rrsetOf(this.#lookup.version, TYPE.DS);
    if (ds === 0) {
      this.#proofs.unsignedCut(name, position);
      return this.#proofs.flush();
    }
    const count = reply.append(ds, position, skip, skip);
    reply.authorities += count;
    if (count === 0) reply.truncate();
    return count > 0 && this.#proofs.flush();
  }

  /** Bytes of the name before the part that the RRset's pointers count from. */
  #suffixShift(name: HashedName): number {
    // A wildcard's RRset counts from `*`, which is two bytes and stands for what precedes the closest encloser.
    return this.#lookup.wildcard ? name.starts[this.#lookup.encloserLabel] - 2 : 0;
  }

  /** Ends a chain that has no room. */
  #cutShort(): 0 {
    this.#reply.truncate();
    return 0;
  }
}
