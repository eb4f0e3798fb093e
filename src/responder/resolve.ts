/** The decisions of name resolution (RFC 1034 §4.3.2): what a question gets, aliases followed. */
import type { HashedName } from '../table/hash.ts';
import { RRSET } from '../table/layout.ts';
import type { Lookup } from '../table/lookup.ts';
import {
  ALIAS,
  DELEGATION,
  FOUND,
  type LookupResult,
  NO_DATA,
  NO_NAME,
  PICK,
  REFUSED,
  REWRITE,
  SIGNATURES,
  UNAVAILABLE,
} from '../table/lookup-result.ts';
import { EXTENDED_ERROR, FLAG, HEADER_BYTES, RCODE, TYPE } from '../wire/constants.ts';
import { Additional, hostAt } from './additional.ts';
import { Chain } from './chain.ts';
import { Denial } from './denial.ts';
import { Proofs } from './proofs.ts';
import type { Reply } from './reply.ts';
import { Sections } from './sections.ts';
import type { ServicePick } from './service-pick.ts';

/** Above all types: for the rate limit, results that are the same for every type are told apart by these. */
const NOT_BY_TYPE = 2 ** 16;

/** What tells the answers of a kind to the name from its label `label` on from others, for the rate limit. */
export function hashAnswer(name: HashedName, label: number, kind: number): number {
  return name.states[label] ^ Math.imul(kind, 0x9e3779b1);
}

function isOfAddress(type: number): boolean {
  return type === TYPE.A || type === TYPE.AAAA;
}

/** One for each responder, reused for every question. */
export class Resolution {
  /** INFO-CODE of an extended error (RFC 8914); 0: none. */
  extendedError = 0;
  /** Tells this answer from others to the same clients, for the rate limit. */
  answerHash = 0;
  /** Whoever asks the same gets the same of this generation: nothing was picked, and nothing is behind the answer. */
  isFixed = false;
  /** What was asked for is of this service's plan alone: of addresses, or none; 0: of none. */
  plan = 0;
  readonly #lookup: Lookup;
  readonly #reply: Reply;
  readonly #pick: ServicePick;
  readonly #denial: Denial;
  readonly #chain: Chain;
  readonly #sections: Sections;
  readonly #proofs: Proofs;

  constructor(lookup: Lookup, reply: Reply, pick: ServicePick) {
    this.#lookup = lookup;
    this.#reply = reply;
    this.#pick = pick;
    this.#proofs = new Proofs(lookup, reply);
    this.#denial = new Denial(lookup, reply, this.#proofs);
    this.#chain = new Chain(reply);
    this.#sections = new Sections(lookup, reply, this.#chain, new Additional(lookup, reply, pick), this.#proofs);
  }

  /** Writes the reply to a question of class IN: follows aliases until something else is found. */
  resolve(question: HashedName, type: number): void {
    this.extendedError = 0;
    this.answerHash = 0;
    this.isFixed = false;
    this.plan = 0;
    this.#chain.begin();
    this.#pick.begin();
    this.#proofs.begin();
    this.#follow(question, type);
    // What was noted of aliases is due also where the answer ends with one of them.
    this.#proofs.flush();
  }

  #follow(question: HashedName, type: number): void {
    const lookup = this.#lookup;
    const reply = this.#reply;
    const sections = this.#sections;
    let name = question;
    // Where the name stands in the reply: first as the question, then as the target of an alias.
    let position = HEADER_BYTES;
    for (;;) {
      const found = lookup.find(name, type);
      if (this.#chain.length === 0) {
        this.answerHash = this.#hashAnswer(found, type, name);
        this.isFixed = !lookup.wildcard && !lookup.service && this.#isFixed(found, type);
      } else {
        this.isFixed = false;
        this.plan = 0;
      }
      let alias = 0;
      switch (found) {
        case REFUSED:
          // An alias that leaves our zones ends there; the resolver goes on by itself.
          if (this.#chain.length === 0) this.#refuse();
          return;
        case UNAVAILABLE:
          // The same as from a server that cannot load a zone: resolvers ask the zone's other nameservers (RFC 2308 §7.1).
          if (this.#chain.length === 0) this.#fail();
          return;
        case DELEGATION:
          // No AA for a referral, unless an alias before it has set it (RFC 1035 §4.1.1: it is about the first owner).
          return sections.refer(name, position);
        case NO_NAME:
          reply.flags |= FLAG.AA;
          // After an alias it is the last name that the RCODE is about (RFC 6604 §3).
          reply.rcode = RCODE.NXDOMAIN;
          return this.#denial.noName(name, position);
        case NO_DATA:
          reply.flags |= FLAG.AA;
          return this.#denial.noData(name, position, type);
        case FOUND:
          reply.flags |= FLAG.AA;
          return sections.give(lookup.rrset, type, name, position);
        case ALIAS:
          reply.flags |= FLAG.AA;
          alias = lookup.rrset;
          break;
        case PICK:
          reply.flags |= FLAG.AA;
          alias = this.#pick.rrset(lookup.plan, type);
          if (this.#chain.length === 0 && !lookup.wildcard && isOfAddress(type)) this.plan = lookup.plan;
          if (alias === 0) return this.#denial.noData(name, position, type);
          if (!this.#isAlias(alias, type)) return sections.give(alias, type, name, position);
          break;
        case REWRITE:
          reply.flags |= FLAG.AA;
          break;
        case SIGNATURES:
          reply.flags |= FLAG.AA;
          if (sections.giveSignatures(name, position, lookup.service ? this.#pick.pick(lookup.plan) : 0)) return;
          return this.#denial.noData(name, position, type);
      }
      const next = found === REWRITE ? sections.rewrite(type, name, position) : sections.follow(alias, name, position);
      if (next === 0) return;
      name = sections.alias;
      position = next;
    }
  }

  #isFixed(found: LookupResult, type: number): boolean {
    if (found === NO_NAME || found === NO_DATA) return true;
    // Several records take turns, and hosts that are named in them may be services.
    const lookup = this.#lookup;
    return found === FOUND && hostAt(type) < 0 && lookup.view.words[lookup.rrset + RRSET.COUNT] === 1;
  }

  /**
   * Answers that come from one place are the same: all names below a DNAME or zone cut, or made by one wildcard, and
   * all that a zone does not hold, or random names would each have a limit of their own. Refusals are all the same.
   */
  #hashAnswer(found: LookupResult, type: number, name: HashedName): number {
    const lookup = this.#lookup;
    let label = lookup.wildcard ? lookup.encloserLabel : 0;
    if (found === REFUSED) return 0;
    if (found === NO_NAME || found === UNAVAILABLE) label = lookup.apexLabel;
    if (found === DELEGATION || found === REWRITE) label = lookup.cutLabel;
    const isByType = found === FOUND || found === PICK || found === ALIAS;
    const kind = isByType ? type : NOT_BY_TYPE + found;
    return hashAnswer(name, label, kind);
  }

  #isAlias(rrset: number, type: number): boolean {
    return this.#lookup.view.words[rrset + RRSET.TARGET] !== 0 && type !== TYPE.CNAME && type !== TYPE.ANY;
  }

  #fail(): void {
    this.#reply.rcode = RCODE.SERVFAIL;
    this.extendedError = EXTENDED_ERROR.NOT_READY;
  }

  #refuse(): void {
    this.#reply.rcode = RCODE.REFUSED;
    this.extendedError = EXTENDED_ERROR.NOT_AUTHORITATIVE;
  }
}
