/**
 * Answers that are the same for whoever asks, or would be but for the record that is drawn by weight, kept as they were sent:
 * of names that are asked for again and again, by messages that are the same byte for byte but for their IDs. Such a message
 * is neither taken apart nor looked up: it is held against the one that was answered, in the generation that it was answered
 * from, and gets what that got; where it is drawn by weight, with the data of the pool that is drawn (kept-plan.ts). A cookie
 * at its end is left out of what is compared: whoever gives the answer sees to it that it is good, and goes back as it came.
 *
 * An answer is kept when it is given for the second time, so that who asks for all names of a zone in turn pushes nothing
 * out; and where few messages find their answers here, most are not looked for.
 */
import type { ArenaView } from '../table/memory.ts';
import { lineWords, QUERIES_AT_ONCE, touchBoth } from '../table/touch.ts';
import { readBe32 } from '../wire/byte-order.ts';
import { EDNS_OPTION, FLAG, HEADER_BYTES } from '../wire/constants.ts';
import { COOKIE_BYTES, OPTION_HEADER_BYTES } from '../wire/edns.ts';
import { copyBytes, copyWholeWords, hashPart, isSamePart } from '../wire/word-copy.ts';
import type { Asked } from './asked.ts';
import type { Dispatch } from './dispatch.ts';
import { copyPlan, copyWordsOf, dataWordsOf, NOT_ALIKE, POOL_DATA } from './kept-plan.ts';
import { KEPT_BYTES_MAX, RDATA_AT, type Reply } from './reply.ts';

/** Where a message stands. */
type Message = Pick<Asked, 'view' | 'start' | 'end'>;

/** An answer, of four lines of the processor's caches. */
const PLACE = {
  GENERATION: 0,
  /** Of the message that it answers, and of its question. */
  BYTES: 1,
  QUESTION_BYTES: 2,
  /** What stands behind the ID, without the client's RD; and the other words of the header. */
  FLAGS: 3,
  COUNTS: 4,
  MORE_COUNTS: 5,
  ANSWER_HASH: 6,
  KIND: 7,
  /** Bytes behind the question. */
  TAIL_BYTES: 8,
  /** The copy of the plan that it is drawn from (kept-plan.ts), 0: it is the same for all; and words of data of each record. */
  PLAN: 9,
  DATA_WORDS: 10,
  /** Bytes of the cookie that message and answer end with, and that is in neither of them here; 0: there is none. */
  COOKIE_BYTES: 11,
  /** The message from its counts on, filled up with zeros; then what is behind the question; then the plan. */
  MESSAGE: 12,
  WORDS: 64,
} as const;
const LINE_WORDS = 16;
/** Where the part of a message begins that is held against others: behind ID and flags. */
const PART_AT = 4;
/** With a name of 40 bytes and an OPT record. */
const PART_BYTES_MAX = 64;
/** Before a cookie: its code and length. */
const COOKIE_HEADER = (EDNS_OPTION.COOKIE << 16) | COOKIE_BYTES;

/** 2 MiB, of which only what is used is taken: popular names with a few types each. */
const SETS_LOG2 = 12;
const PASSED_LOG2 = 12;
/** So many messages in a row are looked for; where fewer of them are found here, so many others are not. */
const TRIED = 512;
const GIVEN_MIN = 64;
const NOT_TRIED = 4096;
const GIVES_WAY_LOG2 = 6;
const GIVES_WAY = 1 << GIVES_WAY_LOG2;

/** One for each responder. */
export class KeptAnswers {
  /** Whether messages are looked for at present. */
  isTrying = true;
  /** Answers that were given from here. */
  given = 0;
  /** Of each message of a batch: the place that most likely has its answer; 0: none has. */
  readonly places = new Int32Array(QUERIES_AT_ONCE);
  /** What was looked at, so that the compiler does not leave the looking out. */
  seen = 0;
  /** All places; the first one is none. */
  readonly words = lineWords(PLACE.WORDS * (1 + (2 << SETS_LOG2)));
  readonly #bytes = new Uint8Array(this.words.buffer);
  readonly #view: ArenaView;
  readonly #hashes = new Int32Array(QUERIES_AT_ONCE);
  /** How many bytes at the end of each message look like a cookie: COOKIE_BYTES or none. */
  readonly #cookies = new Int32Array(QUERIES_AT_ONCE);
  /** Of each place but the first, two of which may have the same message: its hash with that of the generation. */
  readonly #tags = new Int32Array(2 << SETS_LOG2);
  /** Hashes of messages whose answers were not kept when they were given last. */
  readonly #passed = new Int32Array(1 << PASSED_LOG2);
  /** That the messages of the batch are answered from. */
  #generation = 0;
  /** How many messages are still looked for, or are not; and what `given` was when that began. */
  #left = TRIED;
  #givenBefore = 0;
  /** Whether any of the messages that were looked for since the last look ahead has a place. */
  #hasAny = false;
  #refused = 0;

  constructor(view: ArenaView) {
    this.#view = view;
  }

  /** Looks whether the answer to message `i` most likely is here. */
  find(i: number, { view, start, end }: Message): boolean {
    this.places[i] = 0;
    this.#hashes[i] = 0;
    if (view === undefined) return false;
    const bytes = end - start;
    if (bytes <= HEADER_BYTES || end + 3 > view.byteLength) return false;
    const mayHaveCookie = bytes > HEADER_BYTES + OPTION_HEADER_BYTES + COOKIE_BYTES;
    const hasCookie = mayHaveCookie && view.getInt32(end - COOKIE_BYTES - OPTION_HEADER_BYTES) === COOKIE_HEADER;
    const cookie = hasCookie ? COOKIE_BYTES : 0;
    const part = bytes - PART_AT - cookie;
    if (part > PART_BYTES_MAX) return false;
    if ((view.getInt16(start + 2) & (FLAG.QR | FLAG.OPCODE_MASK)) !== 0) return false;
    const hash = hashPart(view, start + PART_AT, part);
    this.#hashes[i] = hash;
    this.#cookies[i] = cookie;
    const tag = tagOf(hash, this.#generation);
    const first = firstOf(hash);
    const isFirst = this.#tags[first] === tag;
    if (!isFirst && this.#tags[first + 1] !== tag) return false;
    this.places[i] = placeOf(isFirst ? first : first + 1);
    this.#hasAny = true;
    return true;
  }

  /** Message `i` is not looked for. */
  forget(i: number): void {
    this.places[i] = 0;
    this.#hashes[i] = 0;
  }

  /** Looks at what was found for the first so many messages of a batch, for all of them at once; how many have something. */
  lookAhead(count: number): number {
    this.#left -= count;
    if (!this.#hasAny) return 0;
    this.#hasAny = false;
    const { places, words } = this;
    let found = 0;
    for (let i = 0; i < count; i++) if (places[i] !== 0) found++;
    this.seen =
      touchBoth(words, places, count, 0, LINE_WORDS) | touchBoth(words, places, count, 2 * LINE_WORDS, 3 * LINE_WORDS);
    return found;
  }

  /** To be called before each batch, with the generation that it is answered from. */
  begin(generation: number): void {
    this.#generation = generation;
    if (this.#left > 0) return;
    this.isTrying = !this.isTrying || this.given - this.#givenBefore >= GIVEN_MIN;
    this.#givenBefore = this.given;
    this.#left = this.isTrying ? TRIED : NOT_TRIED;
    this.places.fill(0);
    this.#hashes.fill(0);
  }

  /** What the rate limit tells the answer at a place by. */
  answerHashAt(place: number): number {
    return this.words[place + PLACE.ANSWER_HASH];
  }

  /** What the answer at a place counts as: see `keep`. */
  kindAt(place: number): number {
    return this.words[place + PLACE.KIND];
  }

  /** Bytes of the cookie that message and answer at a place end with: to be given only where it goes back as it came. */
  cookieBytesAt(place: number): number {
    return this.words[place + PLACE.COOKIE_BYTES];
  }

  /** Where in `words` the plan is that the answer at a place is drawn from; 0: it is the same for all. */
  planAt(place: number): number {
    return this.words[place + PLACE.PLAN];
  }

  /** Whether the answer at a place has a record of a pool. */
  hasData(place: number): boolean {
    return this.words[place + PLACE.DATA_WORDS] > 0;
  }

  /** Whether a place has the answer to just this message, but for a cookie. */
  isOf(place: number, { view, start, end }: Message): boolean {
    const { words } = this;
    const part = end - start - PART_AT - words[place + PLACE.COOKIE_BYTES];
    return (
      view !== undefined &&
      words[place + PLACE.GENERATION] === this.#generation &&
      words[place + PLACE.BYTES] === end - start &&
      isSamePart(view, start + PART_AT, words, place + PLACE.MESSAGE, part)
    );
  }

  /**
   * Writes the answer at a place, to a message that it is of, from `at` on; its bytes. `pool`: the one that was drawn, whose
   * record is in it; or 0.
   */
  write(place: number, pool: number, { view, start, end }: Message, reply: DataView, at: number): number {
    const { words } = this;
    const from = view as DataView;
    const own = from.getInt32(start);
    reply.setInt32(at, (own & ~0xffff) | words[place + PLACE.FLAGS] | (own & FLAG.RD));
    reply.setInt32(at + 4, words[place + PLACE.COUNTS]);
    reply.setInt32(at + 8, words[place + PLACE.MORE_COUNTS]);
    const message = place + PLACE.MESSAGE;
    const question = words[place + PLACE.QUESTION_BYTES];
    const tail = words[place + PLACE.TAIL_BYTES];
    copyWholeWords(reply, at + HEADER_BYTES, words, message + ((HEADER_BYTES - PART_AT) >> 2), question);
    const cookie = words[place + PLACE.COOKIE_BYTES];
    const behind = message + partWords(words[place + PLACE.BYTES] - cookie);
    const to = at + HEADER_BYTES + question;
    copyWholeWords(reply, to, words, behind, tail);
    if (pool !== 0)
      copyWholeWords(reply, to + RDATA_AT, words, words[pool + POOL_DATA], 4 * words[place + PLACE.DATA_WORDS]);
    if (cookie !== 0) copyBytes(reply, to + tail, from, end - cookie, cookie);
    this.given++;
    return HEADER_BYTES + question + tail + cookie;
  }

  /**
   * Whether the answer to message `i` is to be kept: it is given again. To be asked only for what may be kept. `cookie`: bytes
   * of the cookie that the answer ends with, which have to be the last of the message too.
   */
  isWanted(i: number, cookie: number): boolean {
    const hash = this.#hashes[i];
    if (hash === 0 || this.#cookies[i] !== cookie) return false;
    const passed = hash & ((1 << PASSED_LOG2) - 1);
    if (this.#passed[passed] === hash) return true;
    this.#passed[passed] = hash;
    return false;
  }

  /**
   * Keeps the answer to message `i` that stands in `reply`, and is wanted. To be called only for answers that are the same
   * for all, or drawn from a plan. `kind`: what it counts as.
   */
  keep(i: number, { start, end, request, query }: Asked, reply: Reply, { answerHash, plan }: Dispatch, kind: number) {
    const hash = this.#hashes[i];
    const cookie = this.#cookies[i];
    // What looks like the cookie at the end may be a second one, and the first counts (RFC 7873 §5.2), or another option's data.
    if (cookie !== 0 && query.edns.cookieAt !== end - cookie) return;
    const question = query.nameLength + 4;
    if (reply.at - reply.start > KEPT_BYTES_MAX) return;
    const { bytes } = reply;
    const from = reply.start + HEADER_BYTES + question;
    const tail = reply.at - from - cookie;
    const behind = PLACE.MESSAGE + partWords(end - start - cookie);
    const table = this.#view.words;
    const dataWords = plan === 0 ? 0 : dataWordsOf(table, plan, query.type, reply.dnssecOk);
    if (dataWords === NOT_ALIKE) return;
    const planAt = behind + ((tail + 3) >> 2);
    if (planAt + (plan === 0 ? 0 : copyWordsOf(table, plan, dataWords)) > PLACE.WORDS) return;
    const place = this.#placeFor(hash);
    if (place === 0) return;
    const { words } = this;
    words.fill(0, place, place + PLACE.WORDS);
    words[place + PLACE.GENERATION] = this.#generation;
    words[place + PLACE.BYTES] = end - start;
    words[place + PLACE.QUESTION_BYTES] = question;
    words[place + PLACE.FLAGS] = readBe32(bytes, reply.start) & 0xffff & ~FLAG.RD;
    words[place + PLACE.COUNTS] = readBe32(bytes, reply.start + 4);
    words[place + PLACE.MORE_COUNTS] = readBe32(bytes, reply.start + 8);
    words[place + PLACE.ANSWER_HASH] = answerHash;
    words[place + PLACE.KIND] = kind;
    words[place + PLACE.TAIL_BYTES] = tail;
    words[place + PLACE.DATA_WORDS] = dataWords;
    words[place + PLACE.COOKIE_BYTES] = cookie;
    if (plan !== 0)
      words[place + PLACE.PLAN] = copyPlan(table, plan, query.type, { words, at: place + planAt, dataWords });
    const part = 4 * (place + PLACE.MESSAGE);
    for (let at = start + PART_AT; at < end - cookie; at++) this.#bytes[part + at - start - PART_AT] = request[at];
    for (let n = 0; n < tail; n++) this.#bytes[4 * (place + behind) + n] = bytes[from + n];
  }

  /**
   * A place for a message, 0: there is none. Where both of its places have answers that are still good, one of them gives way
   * now and then, or those who share them would push each other out for ever.
   */
  #placeFor(hash: number): number {
    const tags = this.#tags;
    const first = firstOf(hash);
    let at = first;
    if (!this.#isOld(first)) {
      if (this.#isOld(first + 1)) at = first + 1;
      else if (++this.#refused % GIVES_WAY !== 0) return 0;
      else at = first + ((this.#refused >> GIVES_WAY_LOG2) & 1);
    }
    tags[at] = tagOf(hash, this.#generation);
    return placeOf(at);
  }

  #isOld(tag: number): boolean {
    return this.words[placeOf(tag) + PLACE.GENERATION] !== this.#generation;
  }
}

function firstOf(hash: number): number {
  return (hash >>> (32 - SETS_LOG2)) << 1;
}

function placeOf(tag: number): number {
  return PLACE.WORDS * (1 + tag);
}

function tagOf(hash: number, generation: number): number {
  return hash ^ Math.imul(generation, 0x9e3779b1);
}

/** Words of a message of so many bytes from its counts on. */
function partWords(bytes: number): number {
  return (bytes - PART_AT + 3) >> 2;
}
