/**
 * What a denial says of its zone, as it was written last: the SOA, with its TTL and its pointers as they belong there, and
 * its signatures. A zone's is the same for all names that have as many bytes before it, until the generation is another.
 */
import { lineWords } from '../table/touch.ts';
import type { Reply } from './reply.ts';

/** A place: what it is of, then the bytes. */
const PLACE = {
  /** The RRset. */
  SOA: 0,
  /** In which an RRset is no other one. */
  GENERATION: 1,
  /** Bytes of the question before the zone, and with signatures. */
  FORM: 2,
  /** Bytes, and records above them. */
  LENGTH: 3,
  BYTES: 4,
  /** Most have room: with a signature by an elliptic curve. */
  WORDS: 64,
} as const;

const SIGNED = 256;
const LENGTH_MASK = 0xffff;
const RECORDS_SHIFT = 16;
/** As many forms of questions: half a page each for zones that are signed and not. */
const PLACES = 64;
const BYTES_MAX = 4 * (PLACE.WORDS - PLACE.BYTES);

/** One for each responder. */
export class ReadySoa {
  readonly #words = lineWords(PLACES * PLACE.WORDS);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  /** What was asked for last. */
  #soa = 0;
  #generation = 0;
  #form = 0;

  /** Appends the SOA of a zone that begins `skip` bytes into the question; false where it is not ready. */
  append(reply: Reply, soa: number, generation: number, skip: number): boolean {
    const words = this.#words;
    const form = formOf(reply, skip);
    const place = placeOf(soa, form);
    this.#soa = soa;
    this.#generation = generation;
    this.#form = form;
    if (words[place + PLACE.SOA] !== soa || words[place + PLACE.GENERATION] !== generation) return false;
    if (words[place + PLACE.FORM] !== form) return false;
    const length = words[place + PLACE.LENGTH];
    return reply.appendReady(words, place + PLACE.BYTES, length & LENGTH_MASK, length >>> RECORDS_SHIFT);
  }

  /** Keeps what the last `append` did not find, and now stands in the reply from `start` on. */
  keep(reply: Reply, start: number, records: number): void {
    const words = this.#words;
    const length = reply.at - start;
    if (length > BYTES_MAX) return;
    const place = placeOf(this.#soa, this.#form);
    const at = 4 * (place + PLACE.BYTES);
    for (let i = 0; i < length; i++) this.#bytes[at + i] = reply.bytes[start + i];
    words[place + PLACE.SOA] = this.#soa;
    words[place + PLACE.GENERATION] = this.#generation;
    words[place + PLACE.FORM] = this.#form;
    words[place + PLACE.LENGTH] = length | (records << RECORDS_SHIFT);
  }
}

function formOf(reply: Reply, skip: number): number {
  return skip | (reply.dnssecOk ? SIGNED : 0);
}

/** Blocks of the table are four words apart. */
function placeOf(soa: number, form: number): number {
  return (((soa >>> 2) + form + (form >>> 3)) & (PLACES - 1)) * PLACE.WORDS;
}
