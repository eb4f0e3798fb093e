/** One query in, one answer out: the whole path from bytes to bytes, free of sockets, clocks and allocation. */
import { COUNTER, type CounterView } from '../table/counters.ts';
import { HashedName } from '../table/hash.ts';
import { PLAN, RRSET } from '../table/layout.ts';
import {
  ALIAS,
  CHOICE,
  DELEGATION,
  FOUND,
  type Lookup,
  type LookupResult,
  NO_DATA,
  NO_NAME,
  REFUSED,
  REWRITE,
} from '../table/lookup.ts';
import type { Random } from '../table/pick.ts';
import {
  CLASS,
  EXTENDED_ERROR,
  FLAG,
  HEADER_BYTES,
  MAX_NAME_BYTES,
  RCODE,
  TYPE,
  UDP_CLASSIC_BYTES,
} from '../wire/constants.ts';
import { ACCEPT, COOKIE_ONLY, DROP, Query } from '../wire/message.ts';
import { Additional, hostAt } from './additional.ts';
import { Chain } from './chain.ts';
import { Chaos } from './chaos.ts';
import { Choice } from './choice.ts';
import { Client } from './client.ts';
import { EdnsReply } from './edns-reply.ts';
import type { ResponderOptions } from './options.ts';
import { PASS, RateLimiter, SLIP } from './rate-limit.ts';
import { RDATA_AT, Reply, TTL_AT } from './reply.ts';

/** The two-byte length before a message over TCP bounds it (RFC 7766 §8). */
export const TCP_REPLY_BYTES_MAX = 65535;

/** Above all types: for the rate limit, results that are the same for every type are told apart by these. */
const NOT_BY_TYPE = 2 ** 16;

/** Answers queries from the table. One for each thread; its parts are reused for every answer. */
export class Responder {
  readonly lookup: Lookup;
  /** The sender of the query; the transport sets it before each `answer`. */
  readonly client = new Client();
  readonly #counters: CounterView;
  readonly #options: ResponderOptions;
  readonly #question = new HashedName();
  readonly #query = new Query(this.#question.bytes, this.#question.starts);
  readonly #reply: Reply;
  readonly #edns: EdnsReply;
  readonly #choice: Choice;
  readonly #additional: Additional;
  readonly #chaos: Chaos;
  readonly #chain: Chain;
  readonly #limiter: RateLimiter | undefined;
  /** Tells this answer from others to the same clients, for the rate limit. */
  #answerHash = 0;
  /** The name that an alias leads to. */
  readonly #alias = new HashedName();

  constructor(lookup: Lookup, counters: CounterView, random: Random, options: ResponderOptions) {
    this.lookup = lookup;
    this.#counters = counters;
    this.#options = options;
    this.#reply = new Reply(lookup.view, random);
    this.#edns = new EdnsReply(options, this.client);
    this.#choice = new Choice(lookup.view, counters, random);
    this.#additional = new Additional(lookup, this.#reply, this.#choice);
    this.#chaos = new Chaos(options);
    this.#chain = new Chain(this.#reply);
    this.#limiter = options.rateLimit === undefined ? undefined : new RateLimiter(options.rateLimit);
  }

  /**
   * To be called after each receive, before the answers to what it brought; see Lookup.enter. `nowMs`: Unix time in
   * milliseconds.
   */
  enter(nowMs: number): void {
    const before = this.lookup.generation;
    this.lookup.enter();
    if (this.lookup.generation !== before) this.#counters.refresh();
    this.#choice.nowMs = nowMs;
  }

  /** To be called before blocking. */
  leave(): void {
    this.lookup.leave();
  }

  /**
   * Answers the message at `request[start..end)` into `bytes` from `at` on, where there must be room for the largest
   * reply of the transport. Returns the reply's length in bytes, 0 for none.
   */
  answer(request: Uint8Array, start: number, end: number, bytes: Uint8Array, at: number, udp: boolean): number {
    const query = this.#query;
    const reply = this.#reply;
    const parsed = query.parse(request, start, end);
    if (parsed === DROP) {
      this.#count(COUNTER.DROPPED);
      return 0;
    }
    this.#edns.begin(query.edns, request, udp, this.#choice.nowMs);
    const limit = at + this.#replyBytesMax(udp) - this.#edns.bytes;
    reply.begin(bytes, at, limit, query, request, start);
    this.#answerHash = 0;
    if (parsed > ACCEPT) reply.rcode = parsed;
    else if (this.#wantsCookie(udp)) reply.rcode = RCODE.BADCOOKIE;
    else if (parsed !== COOKIE_ONLY) this.#answerQuestion();
    if (udp && !this.#isWithinLimit()) return 0;
    if (query.edns.present) this.#edns.write(reply, query.edns, request);
    reply.writeHeader(query, query.edns.present ? 1 : 0);
    this.#count(COUNTER.ANSWERS);
    this.#count(COUNTER.RCODE + (reply.rcode < 15 ? reply.rcode : 15));
    return reply.at - at;
  }

  /** False: the answer is not sent, as this prefix has had too many; or it is truncated to make the client use TCP. */
  #isWithinLimit(): boolean {
    // Who shows a cookie of ours asks from his own address (RFC 7873 §5.2.4): nobody else gets his answers.
    if (this.#limiter === undefined || this.#edns.clientIsKnown) return true;
    const verdict = this.#limiter.check(this.client, this.#answerHash, this.#choice.nowMs);
    if (verdict === PASS) return true;
    this.#count(verdict === SLIP ? COUNTER.SLIPPED : COUNTER.LIMITED);
    if (verdict !== SLIP) return false;
    this.#edns.shorten();
    // An error is as short as its truncation, and would be the same over TCP.
    const { rcode } = this.#reply;
    if (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN) this.#reply.truncate();
    return true;
  }

  #replyBytesMax(udp: boolean): number {
    if (!udp) return TCP_REPLY_BYTES_MAX;
    const { edns } = this.#query;
    return edns.present ? Math.min(edns.udpBytes, this.#options.udpMaxBytes) : UDP_CLASSIC_BYTES;
  }

  /** Over TCP the client's address is no forgery, so that a cookie proves nothing more (RFC 7873 §5.2.3). */
  #wantsCookie(udp: boolean): boolean {
    return udp && this.#options.cookiesRequired && this.#edns.sendsCookie && !this.#edns.clientIsKnown;
  }

  /** What is no lookup in our zones is told apart here. */
  #answerQuestion(): void {
    const query = this.#query;
    // Zone transfers are not offered.
    if (query.type === TYPE.AXFR || query.type === TYPE.IXFR) return this.#refuse(EXTENDED_ERROR.PROHIBITED);
    if (query.class === CLASS.IN) return this.#resolve();
    if (query.class === CLASS.ANY) {
      this.#resolve();
      // There may be other classes, of which we know nothing (RFC 1035 §6.2).
      this.#reply.flags &= ~FLAG.AA;
      return;
    }
    if (query.class !== CLASS.CH) return this.#refuse(EXTENDED_ERROR.NOT_SUPPORTED);
    if (this.#chaos.answer(query, this.#reply)) this.#reply.flags |= FLAG.AA;
    else this.#refuse(EXTENDED_ERROR.PROHIBITED);
  }

  #refuse(extendedError: number): void {
    this.#reply.rcode = RCODE.REFUSED;
    this.#edns.extendedError = extendedError;
  }

  /** The decisions (RFC 1034 §4.3.2): follows aliases until something else is found. */
  #resolve(): void {
    const { lookup } = this;
    const reply = this.#reply;
    const { type } = this.#query;
    let name = this.#question;
    name.length = this.#query.nameLength;
    name.labels = this.#query.labels;
    name.hash();
    // Where the name stands in the reply: first as the question, then as the target of an alias.
    let position = HEADER_BYTES;
    this.#chain.begin();
    for (;;) {
      const found = lookup.find(name, type);
      if (this.#chain.length === 0) this.#answerHash = this.#hashAnswer(found, name);
      let alias = 0;
      switch (found) {
        case REFUSED:
          // An alias that leaves our zones ends there; the resolver goes on by itself.
          if (this.#chain.length === 0) this.#refuse(EXTENDED_ERROR.NOT_AUTHORITATIVE);
          return;
        case DELEGATION:
          // The alias before it is ours, the referral is not (RFC 1035 §4.1.1 on AA: the first owner counts).
          if (this.#chain.length > 0) reply.flags |= FLAG.AA;
          return this.#refer(name, position);
        case NO_NAME:
          reply.flags |= FLAG.AA;
          // After an alias it is the last name that the RCODE is about (RFC 6604 §3).
          reply.rcode = RCODE.NXDOMAIN;
          return this.#deny(name, position);
        case NO_DATA:
          reply.flags |= FLAG.AA;
          return this.#deny(name, position);
        case FOUND:
          reply.flags |= FLAG.AA;
          return this.#give(lookup.rrset, name, position);
        case ALIAS:
          reply.flags |= FLAG.AA;
          alias = lookup.rrset;
          break;
        case CHOICE:
          reply.flags |= FLAG.AA;
          alias = this.#choice.rrset(lookup.plan, type);
          if (alias === 0) return this.#deny(name, position);
          if (!this.#isAlias(alias, type)) return this.#give(alias, name, position);
          break;
        case REWRITE:
          reply.flags |= FLAG.AA;
          break;
      }
      const next = found === REWRITE ? this.#rewrite(name, position) : this.#follow(alias, name, position);
      if (next === 0) return;
      name = this.#alias;
      position = next;
    }
  }

  /**
   * Answers that come from one place are the same: all names below a DNAME or zone cut, or made by one wildcard, and
   * all that a zone does not hold, or random names would each have a limit of their own. Refusals are all the same.
   */
  #hashAnswer(found: LookupResult, name: HashedName): number {
    const { lookup } = this;
    let label = lookup.wildcard ? lookup.encloserLabel : 0;
    if (found === REFUSED) return 0;
    if (found === NO_NAME) label = lookup.apexLabel;
    if (found === DELEGATION || found === REWRITE) label = lookup.cutLabel;
    const isByType = found === FOUND || found === CHOICE || found === ALIAS;
    const kind = isByType ? this.#query.type : NOT_BY_TYPE + found;
    return (name.states[label] as number) ^ Math.imul(kind, 0x9e3779b1);
  }

  #isAlias(rrset: number, type: number): boolean {
    return this.lookup.view.words[rrset + RRSET.TARGET] !== 0 && type !== TYPE.CNAME && type !== TYPE.ANY;
  }

  /** Bytes of the name before the part that the RRset's pointers count from. */
  #suffixShift(name: HashedName): number {
    // A wildcard's RRset counts from `*`, which is two bytes and stands for what precedes the closest encloser.
    return this.lookup.wildcard ? (name.starts[this.lookup.encloserLabel] as number) - 2 : 0;
  }

  /** The RRset that was asked for, and what helps with the next query. */
  #give(rrset: number, name: HashedName, position: number): void {
    const reply = this.#reply;
    const { type } = this.#query;
    const start = reply.at;
    const count = reply.append(rrset, position, 0, this.#suffixShift(name));
    if (count === 0) return this.#truncate();
    reply.answers += count;
    if (hostAt(type) >= 0) this.#additional.appendHosts(type, start, reply.at, position);
  }

  /** Appends a CNAME; where its target stands in the reply, 0 where the chain ends here. */
  #follow(cname: number, name: HashedName, position: number): number {
    const reply = this.#reply;
    const target = reply.at - reply.start + RDATA_AT;
    if (reply.append(cname, position, 0, this.#suffixShift(name)) === 0) return this.#cutShort();
    reply.answers++;
    this.#chain.add(name, position);
    this.#alias.set(this.lookup.view.bytes, this.lookup.aliasTarget(cname));
    return this.#chain.ends(this.#alias) ? 0 : target;
  }

  /** Appends a DNAME and the CNAME that it makes of the name (RFC 6672 §3.1); as `#follow`. */
  #rewrite(name: HashedName, position: number): number {
    const { lookup } = this;
    const reply = this.#reply;
    const label = lookup.cutLabel;
    const prefix = name.starts[label] as number;
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
    if (this.#query.type === TYPE.CNAME) return 0;
    // A DNAME that leads below itself makes ever longer names; where that goes is for the resolver to find out.
    if (lookup.isAtOrBelow(target, name, label)) return 0;
    this.#alias.setJoined(name, label, lookup.view.bytes, target);
    return this.#chain.ends(this.#alias) ? 0 : next;
  }

  /** Appends a DNAME unless the answer holds it already; where it stands, 0 where it does not fit. */
  #appendDname(rrset: number, position: number, ownerSkip: number): number {
    const reply = this.#reply;
    const before = this.#chain.recordOf(rrset);
    if (before !== 0) return before;
    const record = reply.at - reply.start;
    if (reply.append(rrset, position, ownerSkip, ownerSkip) === 0) return 0;
    reply.answers++;
    this.#chain.addDname(rrset, record);
    return record;
  }

  /** SOA in the authority section, with the TTL of the denial (RFC 2308 §3 and §5). */
  #deny(name: HashedName, position: number): void {
    const { lookup } = this;
    const reply = this.#reply;
    const { bytes } = reply;
    const skip = name.starts[lookup.apexLabel] as number;
    const record = reply.at;
    if (reply.append(lookup.soa(), position, skip, skip) === 0) return this.#truncate();
    reply.authorities = 1;
    let ttl = Math.min(read32(bytes, record + TTL_AT), read32(bytes, reply.at - 4));
    // A denial at a service's name must not outlive what the service may answer next.
    if (lookup.service) ttl = Math.min(ttl, lookup.view.words[lookup.plan + PLAN.TTL] as number);
    bytes[record + TTL_AT] = ttl >>> 24;
    bytes[record + TTL_AT + 1] = (ttl >>> 16) & 0xff;
    bytes[record + TTL_AT + 2] = (ttl >>> 8) & 0xff;
    bytes[record + TTL_AT + 3] = ttl & 0xff;
  }

  /** A referral: the NS records of the cut, and the addresses that we hold for their names (RFC 1034 §4.3.2 3b). */
  #refer(name: HashedName, position: number): void {
    const { lookup } = this;
    const reply = this.#reply;
    const skip = name.starts[lookup.cutLabel] as number;
    const start = reply.at;
    const count = reply.append(lookup.rrset, position, skip, skip);
    if (count === 0) return this.#truncate();
    reply.authorities = count;
    if (!this.#additional.appendGlue(start, reply.at, name, lookup.cutLabel)) this.#truncate();
  }

  /** Ends a chain that has no room. */
  #cutShort(): 0 {
    this.#truncate();
    return 0;
  }

  #truncate(): void {
    this.#reply.truncate();
    this.#count(COUNTER.TRUNCATED);
  }

  #count(counter: number): void {
    const values = this.#counters.values;
    values[counter] = (values[counter] as number) + 1;
  }
}

function read32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
