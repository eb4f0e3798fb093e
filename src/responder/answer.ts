/** One query in, one answer out: the whole path from bytes to bytes, free of sockets, clocks and allocation. */
import { COUNTER, type CounterView, typeCounter } from '../table/counters.ts';
import type { HashedName } from '../table/hash.ts';
import { NO_ENTRY } from '../table/index-ahead.ts';
import { LookAhead } from '../table/look-ahead.ts';
import type { Lookup } from '../table/lookup.ts';
import { OrderAhead } from '../table/order/ahead.ts';
import type { Random } from '../table/picking/pick.ts';
import { QUERIES_AT_ONCE } from '../table/touch.ts';
import { FLAG, RCODE, UDP_CLASSIC_BYTES } from '../wire/constants.ts';
import { COOKIE_BYTES } from '../wire/edns.ts';
import { ACCEPT, COOKIE_ONLY, DROP, type Query } from '../wire/message.ts';
import { Asked } from './asked.ts';
import { Client } from './client.ts';
import { Dispatch } from './dispatch.ts';
import { EdnsReply, MORE } from './edns-reply.ts';
import { KeptAnswers } from './kept-answers.ts';
import { isPlainlyDenied, KeptDenials } from './kept-denials.ts';
import { QueryNetwork } from './network.ts';
import type { ResponderOptions } from './options.ts';
import { type LimitResult, PASS, RateLimiter, SLIP } from './rate-limit.ts';
import { Reply } from './reply.ts';
import { hashAnswer, Resolution } from './resolve.ts';
import { ServicePick } from './service-pick.ts';

/** The two-byte length before a message over TCP bounds it (RFC 7766 §8). */
export const TCP_REPLY_BYTES_MAX = 65535;

const NOT_JUDGED = -1;
/** What an answer counts as: its RCODE, and above it the counter of the type that was asked for. */
const RCODE_MASK = 15;
const TYPE_SHIFT = 4;

/** Answers queries from the table. One for each thread; its parts are reused for every answer. */
export class Responder {
  readonly lookup: Lookup;
  /** Picks pools for the answers, and keeps what it picked for whoever explains them. */
  readonly pick: ServicePick;
  /** The sender of the query; the transport sets it before each `read` and `answer`. */
  readonly client = new Client();
  /** Answers that need no looking up. */
  readonly kept: KeptAnswers;
  readonly #denials = new KeptDenials();
  readonly #counters: CounterView;
  readonly #options: ResponderOptions;
  /** What was read of a batch, and besides their questions. */
  readonly #asked: readonly Asked[];
  readonly #questions: readonly HashedName[];
  readonly #ahead: LookAhead;
  readonly #covers: OrderAhead;
  readonly #reply: Reply;
  readonly #edns: EdnsReply;
  readonly #dispatch: Dispatch;
  readonly #limiter: RateLimiter | undefined;
  /** What the rate limit has said of this answer already. */
  #judged: LimitResult | typeof NOT_JUDGED = NOT_JUDGED;

  constructor(lookup: Lookup, counters: CounterView, random: Random, options: ResponderOptions) {
    this.lookup = lookup;
    this.#asked = Array.from({ length: QUERIES_AT_ONCE }, () => new Asked(lookup.view.keys));
    this.#questions = this.#asked.map(({ question }) => question);
    this.#counters = counters;
    this.#options = options;
    this.kept = new KeptAnswers(lookup.view);
    this.#ahead = new LookAhead(lookup);
    this.#covers = new OrderAhead(lookup.view);
    this.#reply = new Reply(lookup.view, random);
    const network = new QueryNetwork(this.client);
    this.#edns = new EdnsReply(options, this.client, network);
    this.pick = new ServicePick(lookup.view, counters, random, this.client, network);
    const resolution = new Resolution(lookup, this.#reply, this.pick);
    this.#dispatch = new Dispatch(this.#reply, resolution, options);
    this.#limiter = options.rateLimit === undefined ? undefined : new RateLimiter(options.rateLimit);
  }

  /**
   * To be called after each receive, before the answers to what it brought; see Lookup.enter. `nowMs`: Unix time in
   * milliseconds.
   */
  enter(nowMs: number): void {
    const before = this.lookup.generation;
    this.lookup.enter();
    this.kept.begin(this.lookup.generation);
    if (this.lookup.generation !== before) this.#counters.refresh();
    // Kept where it is used: handed from call to call, a time is a number object each time.
    this.pick.nowMs = nowMs;
    const nowSeconds = Math.floor(nowMs / 1000) | 0;
    this.#edns.nowSeconds = nowSeconds;
    this.#counters.resolvers.nowSeconds = nowSeconds;
    if (this.#limiter !== undefined) this.#limiter.nowMs = nowMs;
  }

  /** To be called before blocking. */
  leave(): void {
    this.lookup.leave();
  }

  /**
   * Answers the message at `request[start..end)` into `bytes` from `at` on, where there must be room for the largest
   * reply of the transport, of 512 bytes at least: any of it may be written to, and nothing behind it. Returns the reply's
   * length in bytes, 0 for none.
   */
  answer(request: Uint8Array, start: number, end: number, bytes: Uint8Array, at: number, udp: boolean): number {
    const asked = this.#asked[0];
    this.kept.forget(0);
    asked.client.copy(this.client);
    asked.take(request, start, end);
    asked.read(this.lookup);
    return this.reply(0, bytes, at, udp);
  }

  /**
   * The same for a batch, in three passes: every message is read, as number `i` below QUERIES_AT_ONCE and of the client
   * that was set last, the memory of their answers is looked at by `lookAhead`, which is not to be left out, and then they
   * are answered. All of it between one `enter` and one `leave`; the requests stay where they are.
   */
  read(i: number, request: Uint8Array, start: number, end: number): void {
    const asked = this.#asked[i];
    asked.client.copy(this.client);
    asked.take(request, start, end);
    if (!this.kept.isTrying || !this.kept.find(i, asked)) asked.read(this.lookup);
  }

  /** Looks at what the answers to the first `count` messages that were read will need. */
  lookAhead(count: number): void {
    const found = this.kept.lookAhead(count);
    let hasPlans = found > 0 && this.#leadToKept(count);
    let hasMore = false;
    if (found < count) {
      this.#ahead.run(this.#questions, count, this.kept.places);
      hasPlans ||= this.#ahead.hasPlans;
      hasMore = this.#leadToOthers(count, hasPlans);
    }
    if (hasPlans) this.pick.lookAhead(count);
    if (found > 0 || hasMore) this.#limiter?.lookAhead(count);
    if (found < count) this.#lookAtCovers(count);
  }

  /** To what is counted of answers that are kept; whether any is of a plan. */
  #leadToKept(count: number): boolean {
    const { places, words } = this.kept;
    let plans = 0;
    for (let i = 0; i < count; i++) {
      const place = places[i];
      if (place === 0) continue;
      const { client } = this.#asked[i];
      const plan = this.kept.planAt(place);
      plans |= plan;
      this.pick.leadTo(i, words, plan, client);
      if (this.kept.cookieBytesAt(place) === 0) this.#limiter?.leadTo(i, client, this.kept.answerHashAt(place));
    }
    return plans !== 0;
  }

  /** To what is counted of the others, by what looking ahead has found; whether it has found the names of any. */
  #leadToOthers(count: number, hasPlans: boolean): boolean {
    const { entries, indexes, plans } = this.#ahead;
    const { places } = this.kept;
    const { words } = this.lookup.view;
    let hasNames = false;
    for (let i = 0; i < count; i++) {
      if (places[i] !== 0) continue;
      const asked = this.#asked[i];
      asked.likelyNode = entries[i];
      asked.likelyNodeIn = indexes[i];
      const { client, question, query } = asked;
      if (hasPlans) this.pick.leadTo(i, words, plans[i], client);
      if (entries[i] > 0) {
        // Who shows a cookie mostly has no limit. All names that are not there are paid for together.
        if (query.edns.present && query.edns.cookieAt !== 0) continue;
        this.#limiter?.leadTo(i, client, hashAnswer(question, 0, query.type));
        hasNames = true;
      } else if (entries[i] === NO_ENTRY && query.edns.present && query.edns.dnssecOk) {
        this.lookup.leadToCover(this.#covers, i, question, indexes[i]);
      }
    }
    return hasNames;
  }

  /** What proves that names are not there. */
  #lookAtCovers(count: number): void {
    const covers = this.#covers;
    if (!covers.run()) return;
    for (let i = 0; i < count; i++) {
      this.#asked[i].knownCover = covers.entries[i];
      this.#asked[i].knownCoverIn = covers.roots[i];
      covers.entries[i] = 0;
    }
  }

  /** Answers message `i`; as `answer`. */
  reply(i: number, bytes: Uint8Array, at: number, udp: boolean): number {
    const asked = this.#asked[i];
    if (this.kept.isTrying && this.kept.places[i] !== 0) {
      const length = udp ? this.#giveKept(i, asked, bytes, at) : 0;
      if (length > 0) return length;
      asked.read(this.lookup);
    }
    const { query, request, parsed } = asked;
    const reply = this.#reply;
    if (parsed === DROP) {
      this.#count(COUNTER.DROPPED);
      return 0;
    }
    this.#denials.isWanted = false;
    if (parsed === ACCEPT && udp && asked.likelyNode === NO_ENTRY) {
      const length = this.#giveDenial(i, asked, bytes, at);
      if (length > 0) return length;
    }
    this.client.copy(asked.client);
    this.lookup.likelyNode = asked.likelyNode;
    this.lookup.likelyNodeIn = asked.likelyNodeIn;
    this.lookup.knownCover = asked.knownCover;
    this.lookup.knownCoverIn = asked.knownCoverIn;
    this.#edns.begin(query.edns, request, udp);
    const limit = at + this.#replyBytesMax(query, udp) - this.#edns.bytes;
    reply.begin(bytes, at, limit, query, request, asked.start);
    reply.overTcp = !udp;
    this.#dispatch.begin();
    if (parsed > ACCEPT) reply.rcode = parsed;
    else if (this.#wantsCookie(udp)) reply.rcode = RCODE.BADCOOKIE;
    else if (parsed !== COOKIE_ONLY) this.#dispatch.answer(asked);
    this.#edns.extendedError = this.#dispatch.extendedError;
    if ((reply.flags & FLAG.TC) !== 0) this.#count(COUNTER.TRUNCATED);
    if (udp && !this.#isWithinLimit()) return 0;
    if (query.edns.present) this.#edns.write(reply, query.edns, request);
    reply.writeHeader(query, query.edns.present ? 1 : 0);
    const rcode = reply.rcode < 15 ? reply.rcode : 15;
    const type = typeCounter(query.hasQuestion ? query.type : 0);
    this.#countAnswer(rcode, type);
    if (udp && this.#dispatch.canBeKept && (reply.flags & FLAG.TC) === 0)
      this.#keep(i, asked, (type << TYPE_SHIFT) | rcode);
    return reply.at - at;
  }

  /** Keeps the answer to message `i` that was just made, if it is wanted and can be given again. */
  #keep(i: number, asked: Asked, kind: number): void {
    const cookie = this.#edns.ownBytes;
    if (cookie === MORE) return;
    if (this.kept.isTrying && this.kept.isWanted(i, cookie))
      this.kept.keep(i, asked, this.#reply, this.#dispatch, kind);
    if (this.#denials.isWanted) this.#denials.keep(asked, this.#reply, this.#dispatch.answerHash, cookie);
  }

  /** Gives the answer to message `i` that is kept; 0: what was found is not this message's, or not within the limit. */
  #giveKept(i: number, asked: Asked, bytes: Uint8Array, at: number): number {
    const kept = this.kept;
    const place = kept.places[i];
    if (!kept.isOf(place, asked)) return 0;
    const { client, request, end } = asked;
    const cookie = kept.cookieBytesAt(place);
    // Who shows a cookie of ours has no limit: see `#isWithinLimit`.
    if (cookie === 0) {
      if (this.#limiter !== undefined && !this.#passes(this.#limiter.checkLed(i, client))) return 0;
    } else if (!this.#edns.isFresh(request, end - cookie, client)) {
      // The answer is kept already: it is not to be kept once more.
      kept.forget(i);
      return 0;
    }
    const kind = kept.kindAt(place);
    this.#countAnswer(kind & RCODE_MASK, kind >>> TYPE_SHIFT);
    const plan = kept.planAt(place);
    const pool = plan === 0 ? 0 : this.pick.draw(kept.words, plan, client, kept.hasData(place));
    return kept.write(place, pool, asked, this.#reply.viewOf(bytes), at);
  }

  /** Denies the name of message `i` by what is kept; 0: it is to be looked up, to be kept itself, or not within the limit. */
  #giveDenial(i: number, asked: Asked, bytes: Uint8Array, at: number): number {
    const { view, question, query, client, request } = asked;
    const { edns } = query;
    const { lookup } = this;
    const denials = this.#denials;
    if (view === undefined || !isPlainlyDenied(query)) return 0;
    const proves = edns.present && edns.dnssecOk;
    const zone = lookup.missingFrom(question, asked.likelyNode, asked.likelyNodeIn, proves);
    if (zone === 0 || !denials.find(zone, lookup.generation, query, question.starts[lookup.apexLabel])) return 0;
    const hasCookie = edns.present && edns.cookieAt !== 0;
    if (this.kept.isTrying && this.kept.isWanted(i, hasCookie ? COOKIE_BYTES : 0)) return 0;
    if (!hasCookie) {
      if (this.#limiter !== undefined && !this.#passes(this.#limiter.check(client, denials.answerHash))) return 0;
    } else if (!this.#edns.isFresh(request, edns.cookieAt, client)) return 0;
    this.#countAnswer(RCODE.NXDOMAIN, typeCounter(query.type));
    return denials.write(asked, view, this.#reply.viewOf(bytes), at);
  }

  /** Whether an answer is within the limit; else what was said of it is remembered for when it is made. */
  #passes(result: LimitResult): boolean {
    if (result !== PASS) this.#judged = result;
    return result === PASS;
  }

  /** `type`: its counter. */
  #countAnswer(rcode: number, type: number): void {
    this.#count(COUNTER.ANSWERS);
    this.#count(COUNTER.RCODE + rcode);
    this.#count(type);
  }

  /** False: the answer is not sent, as this prefix has had too many; or it is truncated to make the client use TCP. */
  #isWithinLimit(): boolean {
    // What was said of this answer is of no other one, whether it counts or not.
    const judged = this.#judged;
    this.#judged = NOT_JUDGED;
    // A client that shows a cookie of ours asks from its own address (RFC 7873 §5.2.4): nobody else gets its answers.
    if (this.#limiter === undefined || this.#edns.clientIsKnown) return true;
    const result = judged === NOT_JUDGED ? this.#limiter.check(this.client, this.#dispatch.answerHash) : judged;
    if (result === PASS) return true;
    this.#count(result === SLIP ? COUNTER.SLIPPED : COUNTER.LIMITED);
    if (result !== SLIP) return false;
    this.#edns.shorten();
    // An error is as short as its truncation, and would be the same over TCP.
    const { rcode } = this.#reply;
    if (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN) this.#reply.truncate();
    return true;
  }

  #replyBytesMax({ edns }: Query, udp: boolean): number {
    if (!udp) return TCP_REPLY_BYTES_MAX;
    return edns.present ? Math.min(edns.udpBytes, this.#options.udpMaxBytes) : UDP_CLASSIC_BYTES;
  }

  /** Over TCP the client's address is no forgery, so that a cookie proves nothing more (RFC 7873 §5.2.3). */
  #wantsCookie(udp: boolean): boolean {
    return udp && this.#options.cookiesRequired && this.#edns.sendsCookie && !this.#edns.clientIsKnown;
  }

  #count(counter: number): void {
    const values = this.#counters.values;
    values[counter] = values[counter] + 1;
  }
}
