/** One query in, one answer out: the whole path from bytes to bytes, free of sockets, clocks and allocation. */

import { COUNTER, type CounterView, POOL_COUNTER } from '../table/counters.ts';
import { HashedName } from '../table/hash.ts';
import { PLAN, PLAN_HOST, POOL, RRSET } from '../table/layout.ts';
import { ALIAS, CHOICE, DELEGATION, FOUND, type Lookup, NO_DATA, NO_NAME, REFUSED } from '../table/lookup.ts';
import { pickPool, type Random } from '../table/pick.ts';
import { FLAG, HEADER_BYTES, RCODE, TYPE, UDP_CLASSIC_BYTES } from '../wire/constants.ts';
import { OPT_BYTES, writeOpt } from '../wire/edns.ts';
import { ACCEPT, DROP, Query, writeCount, writeHeader } from '../wire/message.ts';
import { Client } from './client.ts';
import type { ResponderOptions } from './options.ts';

/** Aliases followed in one answer: more than any sane zone has, and a bound on the work of one query. */
export const ALIAS_DEPTH_MAX = 16;
/** The two-byte length before a message over TCP bounds it (RFC 7766 §8). */
export const TCP_REPLY_BYTES_MAX = 65535;
/** TTL and RDATA follow the owner pointer (2), type (2) and class (2) of a record. */
const TTL_AT = 6;
const RDATA_AT = 12;

/** Answers queries from the table. One for each thread; its fields are the answer in the making. */
export class Responder {
  readonly lookup: Lookup;
  /** The sender of the query; the transport sets it before each `answer`. */
  readonly client = new Client();
  readonly #counters: CounterView;
  readonly #random: Random;
  readonly #udpMaxBytes: number;
  readonly #query: Query;
  readonly #question = new HashedName();
  readonly #alias = new HashedName();
  /** RRsets of the chain so far: meeting one again is a loop. */
  readonly #chain = new Int32Array(ALIAS_DEPTH_MAX);
  #nowMs = 0;
  #reply: Uint8Array = new Uint8Array(0);
  /** Where the reply starts in its memory. */
  #start = 0;
  /** Where the next byte goes. */
  #at = 0;
  /** No byte may be written at or after this; room for OPT is already set aside. */
  #limit = 0;
  #flags = 0;
  #rcode = 0;
  #answers = 0;
  #authorities = 0;
  #additionals = 0;

  constructor(lookup: Lookup, counters: CounterView, random: Random, options: ResponderOptions) {
    this.lookup = lookup;
    this.#counters = counters;
    this.#random = random;
    this.#udpMaxBytes = options.udpMaxBytes;
    this.#query = new Query(this.#question.bytes, this.#question.starts);
  }

  /**
   * To be called after each receive, before the answers to what it brought; see Lookup.enter. `nowMs`: Unix time in
   * milliseconds.
   */
  enter(nowMs: number): void {
    const before = this.lookup.generation;
    this.lookup.enter();
    if (this.lookup.generation !== before) this.#counters.refresh();
    this.#nowMs = nowMs;
  }

  /** To be called before blocking. */
  leave(): void {
    this.lookup.leave();
  }

  /**
   * Answers the message at `request[start..end)` into `reply` from `at` on, where there must be room for the largest
   * reply of the transport. Returns the reply's length in bytes, 0 for none.
   */
  answer(request: Uint8Array, start: number, end: number, reply: Uint8Array, at: number, udp: boolean): number {
    const query = this.#query;
    const parsed = query.parse(request, start, end);
    if (parsed === DROP) {
      this.#count(COUNTER.DROPPED);
      return 0;
    }
    const { edns } = query;
    let limit = TCP_REPLY_BYTES_MAX;
    if (udp) limit = edns.present ? Math.min(edns.udpBytes, this.#udpMaxBytes) : UDP_CLASSIC_BYTES;
    this.#reply = reply;
    this.#start = at;
    this.#limit = at + limit - (edns.present ? OPT_BYTES : 0);
    // AA, TC and the RCODE come as they are found; the opcode and RD are the client's (RFC 1035 §4.1.1).
    this.#flags = FLAG.QR | (query.flags & (FLAG.OPCODE_MASK | FLAG.RD));
    this.#rcode = parsed === ACCEPT ? RCODE.NOERROR : parsed;
    this.#answers = 0;
    this.#authorities = 0;
    this.#additionals = 0;
    this.#copyQuestion(request, start);
    if (parsed === ACCEPT) this.#resolve();
    return this.#finish();
  }

  /** The question goes back with its case (and so its 0x20 bits) as it came. */
  #copyQuestion(request: Uint8Array, start: number): void {
    const reply = this.#reply;
    let to = this.#start + HEADER_BYTES;
    if (this.#query.hasQuestion) {
      const end = start + HEADER_BYTES + this.#query.nameLength + 4;
      for (let from = start + HEADER_BYTES; from < end; from++) reply[to++] = request[from] as number;
    }
    this.#at = to;
  }

  /** Header and OPT, once the sections stand. */
  #finish(): number {
    const query = this.#query;
    const reply = this.#reply;
    const start = this.#start;
    writeHeader(reply, start, query, this.#flags | (this.#rcode & FLAG.RCODE_MASK));
    writeCount(reply, start, 6, this.#answers);
    writeCount(reply, start, 8, this.#authorities);
    let additionals = this.#additionals;
    if (query.edns.present) {
      this.#at = writeOpt(reply, this.#at, this.#udpMaxBytes, this.#rcode, query.edns.dnssecOk);
      additionals++;
    }
    writeCount(reply, start, 10, additionals);
    this.#count(COUNTER.ANSWERS);
    this.#count(COUNTER.RCODE + (this.#rcode < 15 ? this.#rcode : 15));
    return this.#at - start;
  }

  /** The decisions (RFC 1034 §4.3.2): follows aliases until something else is found. */
  #resolve(): void {
    const { lookup } = this;
    const { type } = this.#query;
    let name = this.#question;
    name.length = this.#query.nameLength;
    name.labels = this.#query.labels;
    name.hash();
    // Where the name stands in the reply: first as the question, then as the target of an alias.
    let position = HEADER_BYTES;
    for (let depth = 0; ; depth++) {
      const found = lookup.find(name, type);
      let alias = 0;
      switch (found) {
        case REFUSED:
          // An alias that leaves our zones ends there; the resolver goes on by itself.
          if (depth === 0) this.#rcode = RCODE.REFUSED;
          return;
        case DELEGATION:
          if (depth > 0) this.#flags |= FLAG.AA;
          return this.#refer(name, position);
        case NO_NAME:
          this.#flags |= FLAG.AA;
          // After an alias it is the last name that the RCODE is about (RFC 6604 §3).
          this.#rcode = RCODE.NXDOMAIN;
          return this.#deny(name, position);
        case NO_DATA:
          this.#flags |= FLAG.AA;
          return this.#deny(name, position);
        case FOUND:
          this.#flags |= FLAG.AA;
          this.#appendAnswer(lookup.rrset, name, position);
          return;
        case ALIAS:
          this.#flags |= FLAG.AA;
          alias = lookup.rrset;
          break;
        case CHOICE: {
          this.#flags |= FLAG.AA;
          const rrset = this.#choose(type);
          if (rrset === 0) return this.#deny(name, position);
          if (!this.#isAlias(rrset, type)) {
            this.#appendAnswer(rrset, name, position);
            return;
          }
          alias = rrset;
          break;
        }
      }
      const next = this.#at - this.#start + RDATA_AT;
      if (!this.#appendAlias(alias, depth, name, position)) return;
      name = this.#alias;
      name.set(lookup.view.bytes, lookup.aliasTarget(alias));
      position = next;
    }
  }

  /** The RRset that the service's plan gives this time, or 0. One answer holds one pool only. */
  #choose(type: number): number {
    const words = this.lookup.view.words;
    const { plan } = this.lookup;
    const isHost = words[plan + PLAN.KIND] === PLAN_HOST;
    if (!isHost && type !== TYPE.A && type !== TYPE.AAAA && type !== TYPE.ANY) return 0;
    const pool = pickPool(words, plan, this.#random);
    let rrset = words[pool + (type === TYPE.AAAA && !isHost ? POOL.SECOND : POOL.FIRST)] as number;
    // ANY takes one RRset of those that are there (RFC 8482 §4.1).
    if (rrset === 0 && type === TYPE.ANY) rrset = words[pool + POOL.SECOND] as number;
    if (rrset === 0) return 0;
    const values = this.#counters.values;
    const line = words[pool + POOL.COUNTER] as number;
    values[line + POOL_COUNTER.ANSWERS] = (values[line + POOL_COUNTER.ANSWERS] as number) + 1;
    values[line + POOL_COUNTER.LAST_AT_MS] = this.#nowMs;
    values[line + POOL_COUNTER.LAST_TTL_SECONDS] = words[plan + PLAN.TTL] as number;
    return rrset;
  }

  #isAlias(rrset: number, type: number): boolean {
    return this.lookup.view.words[rrset + RRSET.TARGET] !== 0 && type !== TYPE.CNAME && type !== TYPE.ANY;
  }

  /** Bytes of the name before the part that the RRset's pointers count from. */
  #suffixShift(name: HashedName): number {
    // A wildcard's RRset counts from `*`, which is two bytes and stands for what precedes the closest encloser.
    return this.lookup.wildcard ? (name.starts[this.lookup.encloserLabel] as number) - 2 : 0;
  }

  #appendAnswer(rrset: number, name: HashedName, position: number): void {
    if (this.#append(rrset, position, 0, this.#suffixShift(name))) {
      this.#answers += this.lookup.view.words[rrset + RRSET.COUNT] as number;
    } else {
      this.#truncate();
    }
  }

  /** Appends a CNAME; false where the chain ends here: truncated, a loop, or too long. */
  #appendAlias(rrset: number, depth: number, name: HashedName, position: number): boolean {
    for (let i = 0; i < depth; i++) if (this.#chain[i] === rrset) return false;
    if (!this.#append(rrset, position, 0, this.#suffixShift(name))) {
      this.#truncate();
      return false;
    }
    this.#answers++;
    this.#chain[depth] = rrset;
    return depth + 1 < ALIAS_DEPTH_MAX;
  }

  /** SOA in the authority section, with the TTL of the denial (RFC 2308 §3 and §5). */
  #deny(name: HashedName, position: number): void {
    const { lookup } = this;
    const skip = name.starts[lookup.apexLabel] as number;
    const record = this.#at;
    if (!this.#append(lookup.soa, position, skip, skip)) return this.#truncate();
    this.#authorities = 1;
    const reply = this.#reply;
    let ttl = Math.min(read32(reply, record + TTL_AT), read32(reply, this.#at - 4));
    // A denial at a service's name must not outlive what the service may answer next.
    if (lookup.service) ttl = Math.min(ttl, lookup.view.words[lookup.plan + PLAN.TTL] as number);
    reply[record + TTL_AT] = ttl >>> 24;
    reply[record + TTL_AT + 1] = (ttl >>> 16) & 0xff;
    reply[record + TTL_AT + 2] = (ttl >>> 8) & 0xff;
    reply[record + TTL_AT + 3] = ttl & 0xff;
  }

  /** A referral: the NS records of the cut, and the addresses that we hold for their names (RFC 1034 §4.3.2 3b). */
  #refer(name: HashedName, position: number): void {
    const { lookup } = this;
    const skip = name.starts[lookup.cutLabel] as number;
    const { rrset } = lookup;
    let record = this.#at;
    if (!this.#append(rrset, position, skip, skip)) return this.#truncate();
    const end = this.#at;
    const reply = this.#reply;
    this.#authorities = lookup.view.words[rrset + RRSET.COUNT] as number;
    while (record < end) {
      const data = record + RDATA_AT;
      readName(reply, this.#start, data, this.#alias);
      // Glue is not optional: without it the child cannot be reached (RFC 9471 §3.1).
      if (!this.#appendGlue(TYPE.A, data) || !this.#appendGlue(TYPE.AAAA, data)) return this.#truncate();
      record = data + (((reply[data - 2] as number) << 8) | (reply[data - 1] as number));
    }
  }

  #appendGlue(type: number, ownerAt: number): boolean {
    const glue = this.lookup.glue(this.#alias, type);
    if (glue === 0) return true;
    if (!this.#append(glue, ownerAt - this.#start, 0, 0)) return false;
    this.#additionals += this.lookup.view.words[glue + RRSET.COUNT] as number;
    return true;
  }

  /** No RRset is cut in half: what does not fit is left out whole, and the client asks again over TCP (RFC 2181 §9). */
  #truncate(): void {
    this.#flags |= FLAG.TC;
    this.#answers = 0;
    this.#authorities = 0;
    this.#additionals = 0;
    this.#at = this.#start + HEADER_BYTES + this.#query.nameLength + 4;
    this.#count(COUNTER.TRUNCATED);
  }

  /**
   * Appends an RRset whose owner is the name at `position` (counted from the start of the reply) without its first
   * `ownerSkip` bytes; its compression pointers count from `suffixShift` bytes into that name. False: no room.
   */
  #append(rrset: number, position: number, ownerSkip: number, suffixShift: number): boolean {
    const { words, bytes } = this.lookup.view;
    const length = words[rrset + RRSET.LENGTH] as number;
    const to = this.#at;
    if (to + length > this.#limit) return false;
    const fixups = words[rrset + RRSET.FIXUPS] as number;
    const from = (rrset + RRSET.DATA + fixups) * 4;
    const reply = this.#reply;
    const stride = words[rrset + RRSET.STRIDE] as number;
    if (stride !== 0 && stride !== length && fixups === 0) {
      this.#copyRotated(from, length, stride, words[rrset + RRSET.COUNT] as number);
    } else {
      for (let i = 0; i < length; i++) reply[to + i] = bytes[from + i] as number;
    }
    this.#at = to + length;
    // The prepared bytes are right as they are for an owner that is the question.
    if (position === HEADER_BYTES && ownerSkip === 0 && suffixShift === 0) return true;
    const owner = this.#positionOf(position, ownerSkip);
    for (let at = to; at < this.#at; at += RDATA_AT + ((reply[at + 10] as number) << 8) + (reply[at + 11] as number)) {
      this.#pointTo(at, owner);
    }
    for (let i = 0; i < fixups; i++) {
      const fixup = words[rrset + RRSET.DATA + i] as number;
      this.#pointTo(to + (fixup >> 8), this.#positionOf(position, suffixShift + (fixup & 0xff)));
    }
    return true;
  }

  /** Copies records of one length, starting with a random one, so that clients spread over the targets. */
  #copyRotated(from: number, length: number, stride: number, count: number): void {
    const { bytes } = this.lookup.view;
    const reply = this.#reply;
    let source = from + Math.floor((this.#random.next() / 2 ** 32) * count) * stride;
    const end = from + length;
    const to = this.#at;
    for (let i = 0; i < length; i++) {
      if (source === end) source = from;
      reply[to + i] = bytes[source++] as number;
    }
  }

  #pointTo(at: number, position: number): void {
    this.#reply[at] = 0xc0 | (position >> 8);
    this.#reply[at + 1] = position & 0xff;
  }

  /** Where the name at `position` has its byte `skip`, following the pointers that it may end in. */
  #positionOf(position: number, skip: number): number {
    if (position === HEADER_BYTES) return position + skip;
    const reply = this.#reply;
    let at = position;
    let left = skip;
    for (;;) {
      const size = reply[this.#start + at] as number;
      if (size >= 0xc0) {
        at = ((size & 0x3f) << 8) | (reply[this.#start + at + 1] as number);
      } else if (left === 0) {
        return at;
      } else {
        left -= size + 1;
        at += size + 1;
      }
    }
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

/** Reads a name that we wrote ourselves, in lower case, from the message that starts at `start`. */
function readName(message: Uint8Array, start: number, from: number, name: HashedName): void {
  let at = from;
  let length = 0;
  let labels = 0;
  for (;;) {
    const size = message[at] as number;
    if (size >= 0xc0) {
      at = start + (((size & 0x3f) << 8) | (message[at + 1] as number));
      continue;
    }
    name.starts[labels] = length;
    for (let i = 0; i <= size; i++) {
      const byte = message[at + i] as number;
      name.bytes[length++] = i > 0 && byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    }
    at += size + 1;
    if (size === 0) break;
    labels++;
  }
  name.length = length;
  name.labels = labels;
  name.hash();
}
