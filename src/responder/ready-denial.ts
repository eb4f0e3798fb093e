/**
 * What denials say of their zone, as it was written last: the SOA, with its TTL and its pointers as they belong there, and
 * its signatures; and behind it what proves that the apex has no wildcard, which nearly every name that is not there needs.
 * It is the same for all names that have as many bytes before their zone, until the generation is another.
 */
import { lineWords } from '../table/touch.ts';
import type { Reply } from './reply.ts';

/** A place: what it is of, then the bytes. */
const PLACE = {
  /** The RRset. */
  SOA: 0,
  /** In which an RRset is no other one. */
  GENERATION: 1,
  /** Bytes of the question before the zone, and what is there besides. */
  FORM: 2,
  /** Bytes, and records above them. */
  LENGTH: 3,
  /** The entry whose NSEC is there; 0: none is. */
  ENTRY: 4,
  BYTES: 5,
  /** Most have room: signatures by RSA with 2048 bits too. */
  WORDS: 256,
} as const;

const SIGNED = 256;
const WITH_WILDCARD = 512;
const LENGTH_MASK = 0xffff;
const RECORDS_SHIFT = 16;
/** As many forms of questions: half of them each for zones that are signed and not. */
const PLACES = 64;
const BYTES_MAX = 4 * (PLACE.WORDS - PLACE.BYTES);

/** One for each responder. */
export class ReadyDenial {
  /** The entry whose NSEC was appended last; 0: none was. */
  entry = 0;
  readonly #words = lineWords(PLACES * PLACE.WORDS);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  /** What was asked for last. */
  #soa = 0;
  #generation = 0;
  #form = 0;

  /**
   * Appends the SOA of a zone that begins `skip` bytes into the question, and where the apex's wildcard is denied too
   * (`denies`) its NSEC; false where they are not ready.
   */
  append(reply: Reply, soa: number, generation: number, skip: number, denies: boolean): boolean {
    const words = this.#words;
    const form = skip | (reply.dnssecOk ? SIGNED : 0) | (denies ? WITH_WILDCARD : 0);
    const place = placeOf(soa, form);
    this.#soa = soa;
    this.#generation = generation;
    this.#form = form;
    if (words[place + PLACE.SOA] !== soa || words[place + PLACE.GENERATION] !== generation) return false;
    if (words[place + PLACE.FORM] !== form) return false;
    const length = words[place + PLACE.LENGTH];
    this.entry = words[place + PLACE.ENTRY];
    return reply.appendReady(words, place + PLACE.BYTES, length & LENGTH_MASK, length >>> RECORDS_SHIFT);
  }

  /** Keeps what the last `append` did not find, and now stands in the reply from `start` on; `entry`: see there. */
  keep(reply: Reply, start: number, records: number, entry: number): void {
    const words = this.#words;
    const length = reply.at - start;
    this.entry = entry;
    if (length > BYTES_MAX) return;
    const place = placeOf(this.#soa, this.#form);
    const at = 4 * (place + PLACE.BYTES);
    for (let i = 0; i < length; i++) this.#bytes[at + i] = reply.bytes[start + i];
    words[place + PLACE.SOA] = this.#soa;
    words[place + PLACE.GENERATION] = this.#generation;
    words[place + PLACE.FORM] = this.#form;
    words[place + PLACE.LENGTH] = length | (records << RECORDS_SHIFT);
    words[place + PLACE.ENTRY] = entry;
  }
}

/** Blocks of the table are four words apart. */
function placeOf(soa: number, form: number): number {
  return (((soa >>> 2) + form + (form >>> 3)) & (PLACES - 1)) * PLACE.WORDS;
}
