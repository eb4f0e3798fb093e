/**
 * What denies a name, kept as it was sent: it is the same for all names that are not in a zone and have as many bytes before
 * it. So a name that looking ahead has found to be in no index for good is denied without being looked up, be it asked for
 * the first time: floods of random names ask for nothing else.
 *
 * It is of zones only where nothing else could answer, without proofs, and of messages without options, or with a cookie alone
 * that goes back as it came.
 */
import { lineWords } from '../table/touch.ts';
import { readBe32 } from '../wire/byte-order.ts';
import { CLASS, FLAG, HEADER_BYTES, TYPE } from '../wire/constants.ts';
import { COOKIE_BYTES, type EdnsQuery } from '../wire/edns.ts';
import type { Query } from '../wire/message.ts';
import { copyBytes, copyWholeWords } from '../wire/word-copy.ts';
import type { Asked } from './asked.ts';
import { KEPT_BYTES_MAX, type Reply } from './reply.ts';

/** A denial. */
const PLACE = {
  /** The zone's version, and the generation in which it is no other one. */
  ZONE: 0,
  GENERATION: 1,
  /** Bytes of the question before the zone, and whether there is an OPT record, with DO, with a cookie. */
  FORM: 2,
  /** What stands behind the ID, without the client's RD; and the other words of the header. */
  FLAGS: 3,
  COUNTS: 4,
  MORE_COUNTS: 5,
  ANSWER_HASH: 6,
  /** Bytes behind the question, and they themselves. */
  TAIL_BYTES: 7,
  TAIL: 8,
  WORDS: 64,
} as const;
const TAIL_BYTES_MAX = 4 * (PLACE.WORDS - PLACE.TAIL);
const WITH_OPT = 256;
const WITH_DO = 512;
const WITH_COOKIE = 1024;
/** As many forms of questions. */
const PLACES = 64;

/** One for each responder. */
export class KeptDenials {
  /** Whether what `find` was last asked for is to be kept once it was answered. */
  isWanted = false;
  readonly #words = lineWords(PLACES * PLACE.WORDS);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  /** What was asked for last, and the place for it. */
  #zone = 0;
  #generation = 0;
  #form = 0;
  #place = 0;

  /**
   * Whether what denies a query's name is kept, of the zone whose version is `zone` and whose name begins `skip` bytes into
   * the question.
   */
  find(zone: number, generation: number, { edns }: Query, skip: number): boolean {
    const form = skip | (edns.present ? formOf(edns) : 0);
    // Versions are four words apart.
    const place = (((zone >>> 2) + form + (form >>> 3) + (form >>> 6)) & (PLACES - 1)) * PLACE.WORDS;
    this.#zone = zone;
    this.#generation = generation;
    this.#form = form;
    this.#place = place;
    const words = this.#words;
    const isKept =
      words[place + PLACE.ZONE] === zone &&
      words[place + PLACE.GENERATION] === generation &&
      words[place + PLACE.FORM] === form;
    this.isWanted = !isKept;
    return isKept;
  }

  /** What the rate limit tells the denial by that was found. */
  get answerHash(): number {
    return this.#words[this.#place + PLACE.ANSWER_HASH];
  }

  /** Writes what was found, to a message that is of the memory of `from`, from `at` on; its bytes. */
  write({ query, start }: Asked, from: DataView, reply: DataView, at: number): number {
    const words = this.#words;
    const place = this.#place;
    const own = from.getInt32(start);
    const question = query.nameLength + 4;
    const tail = words[place + PLACE.TAIL_BYTES];
    copyBytes(reply, at + HEADER_BYTES, from, start + HEADER_BYTES, question);
    reply.setInt32(at, (own & ~0xffff) | words[place + PLACE.FLAGS] | (own & FLAG.RD));
    reply.setInt32(at + 4, words[place + PLACE.COUNTS]);
    reply.setInt32(at + 8, words[place + PLACE.MORE_COUNTS]);
    copyWholeWords(reply, at + HEADER_BYTES + question, words, place + PLACE.TAIL, tail);
    const length = HEADER_BYTES + question + tail;
    if ((this.#form & WITH_COOKIE) === 0) return length;
    copyBytes(reply, at + length, from, query.edns.cookieAt, COOKIE_BYTES);
    return length + COOKIE_BYTES;
  }

  /** Keeps what was not found, and now is denied in `reply`, which ends with a cookie of so many bytes. */
  keep({ query }: Asked, { bytes, start, at }: Reply, answerHash: number, cookie: number): void {
    if (cookie !== ((this.#form & WITH_COOKIE) === 0 ? 0 : COOKIE_BYTES)) return;
    const from = start + HEADER_BYTES + query.nameLength + 4;
    const tail = at - from - cookie;
    if (tail > TAIL_BYTES_MAX || at - start > KEPT_BYTES_MAX) return;
    const words = this.#words;
    const place = this.#place;
    words[place + PLACE.ZONE] = this.#zone;
    words[place + PLACE.GENERATION] = this.#generation;
    words[place + PLACE.FORM] = this.#form;
    words[place + PLACE.FLAGS] = readBe32(bytes, start) & 0xffff & ~FLAG.RD;
    words[place + PLACE.COUNTS] = readBe32(bytes, start + 4);
    words[place + PLACE.MORE_COUNTS] = readBe32(bytes, start + 8);
    words[place + PLACE.ANSWER_HASH] = answerHash;
    words[place + PLACE.TAIL_BYTES] = tail;
    for (let n = 0; n < tail; n++) this.#bytes[4 * (place + PLACE.TAIL) + n] = bytes[from + n];
  }
}

/** Whether nothing of a query but its name could make its denial another one. */
export function isPlainlyDenied({ type, class: among, edns }: Query): boolean {
  if (among !== CLASS.IN || type === TYPE.AXFR || type === TYPE.IXFR) return false;
  if (!edns.present) return true;
  return !edns.nsid && edns.subnetAt === 0 && (edns.cookieAt === 0 || edns.cookieBytes === COOKIE_BYTES);
}

function formOf({ dnssecOk, cookieAt }: EdnsQuery): number {
  return WITH_OPT | (dnssecOk ? WITH_DO : 0) | (cookieAt === 0 ? 0 : WITH_COOKIE);
}
