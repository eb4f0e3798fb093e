/** Server cookies (RFC 7873) in the form on which all servers agree (RFC 9018), so that they may share an address. */
import { mix32 } from '../table/hash.ts';
import { sipHash, sipKey } from '../table/siphash.ts';
import { readBe32 } from '../wire/byte-order.ts';
import { CLIENT_COOKIE_BYTES, COOKIE_BYTES } from '../wire/edns.ts';
import type { Client } from './client.ts';

const VERSION = 1;
const TIMESTAMP_AT = 4;
const HASH_AT = 8;
const HASH_BYTES = 8;
/** A server cookie is good for an hour, and from at most five minutes in the future (RFC 9018 §4.3). */
const OLDEST_SECONDS = 3600;
const NEWEST_SECONDS = -300;
/** An older one is replaced in the reply, so that a client that asks now and then never falls back to none (§4.3). */
const RENEW_AFTER_SECONDS = 1800;

/**
 * Cookies that were right are kept, so that a resolver which shows its own with each query is not hashed for again. Each
 * has one place; 64 KiB for a worker hold those of as many resolvers as most servers ever see in an hour.
 */
const KNOWN_LOG2 = 10;
/** A cache line: the cookies, the address' length, and its words. */
const KNOWN = { COOKIE: 0, LENGTH: 6, ADDRESS: 7, WORDS: 16 } as const;
const COOKIE_WORDS = COOKIE_BYTES / 4;

/** The age of a cookie that is not ours, or no longer good. */
export const NEVER = 2 ** 31;

/** Makes and checks cookies. One for each responder. */
export class Cookies {
  readonly #keys: readonly Int32Array[];
  /** Client cookie, server cookie up to its hash, client address: what is hashed (RFC 9018 §4.4). */
  readonly #input = new Uint8Array(CLIENT_COOKIE_BYTES + HASH_AT + 16);
  readonly #hash = new Uint8Array(HASH_BYTES);
  /** A length of 0: nothing is kept there. */
  readonly #known = new Int32Array(KNOWN.WORDS << KNOWN_LOG2);

  constructor(secrets: readonly Uint8Array[]) {
    this.#keys = secrets.map(sipKey);
  }

  /** Whether cookies are made at all. */
  get enabled(): boolean {
    return this.#keys.length > 0;
  }

  /**
   * How many seconds ago we, or a server that shares a secret with us, gave this client the server cookie behind its
   * client cookie at `at`; NEVER: not at all, or too long ago.
   */
  age(bytes: Uint8Array, at: number, length: number, client: Client, nowSeconds: number): number {
    const server = at + CLIENT_COOKIE_BYTES;
    if (length !== COOKIE_BYTES || bytes[server] !== VERSION) return NEVER;
    // Serial arithmetic: the time stamp is 32 bits of seconds (RFC 9018 §4.3).
    const ageSeconds = (nowSeconds - readBe32(bytes, server + TIMESTAMP_AT)) | 0;
    if (ageSeconds > OLDEST_SECONDS || ageSeconds < NEWEST_SECONDS) return NEVER;
    const place = knownPlace(bytes, at);
    if (this.#isKnown(place, bytes, at, client)) return ageSeconds;
    const input = this.#input;
    for (let i = 0; i < CLIENT_COOKIE_BYTES + HASH_AT; i++) input[i] = bytes[at + i];
    for (let key = 0; key < this.#keys.length; key++) {
      this.#hashInput(key, client, this.#hash, 0);
      if (!sameBytes(this.#hash, bytes, server + HASH_AT)) continue;
      this.#keep(place, bytes, at, client);
      return ageSeconds;
    }
    return NEVER;
  }

  /** Whether this very cookie of this very address was right before; as `sameBytes`, without an early end. */
  #isKnown(place: number, bytes: Uint8Array, at: number, { bytes: from, at: address, length }: Client): boolean {
    const known = this.#known;
    let difference = known[place + KNOWN.LENGTH] ^ length;
    for (let i = 0; i < COOKIE_WORDS; i++) difference |= known[place + KNOWN.COOKIE + i] ^ readBe32(bytes, at + 4 * i);
    for (let i = 0; i < length >> 2; i++)
      difference |= known[place + KNOWN.ADDRESS + i] ^ readBe32(from, address + 4 * i);
    return difference === 0 && length !== 0;
  }

  #keep(place: number, bytes: Uint8Array, at: number, { bytes: from, at: address, length }: Client): void {
    const known = this.#known;
    known[place + KNOWN.LENGTH] = length;
    for (let i = 0; i < COOKIE_WORDS; i++) known[place + KNOWN.COOKIE + i] = readBe32(bytes, at + 4 * i);
    for (let i = 0; i < length >> 2; i++) known[place + KNOWN.ADDRESS + i] = readBe32(from, address + 4 * i);
  }

  /** Whether a cookie of this age is given back as it is. */
  isFresh(ageSeconds: number): boolean {
    return ageSeconds <= RENEW_AFTER_SECONDS;
  }

  /** Writes the client cookie that stands at `from`, and a new server cookie behind it. */
  write(out: Uint8Array, at: number, bytes: Uint8Array, from: number, client: Client, nowSeconds: number): void {
    const input = this.#input;
    for (let i = 0; i < CLIENT_COOKIE_BYTES; i++) input[i] = bytes[from + i];
    const server = CLIENT_COOKIE_BYTES;
    input[server] = VERSION;
    for (let i = 1; i < TIMESTAMP_AT; i++) input[server + i] = 0;
    for (let i = 0; i < 4; i++) input[server + TIMESTAMP_AT + i] = nowSeconds >>> (24 - 8 * i);
    for (let i = 0; i < server + HASH_AT; i++) out[at + i] = input[i];
    this.#hashInput(0, client, out, at + server + HASH_AT);
  }

  #hashInput(key: number, client: Client, out: Uint8Array, at: number): void {
    const input = this.#input;
    const start = CLIENT_COOKIE_BYTES + HASH_AT;
    for (let i = 0; i < client.length; i++) input[start + i] = client.bytes[client.at + i];
    sipHash(this.#keys[key], input, start + client.length, out, at);
  }
}

/** Where a cookie is kept: by the client's part of it, which is random (RFC 7873 §4.1), and the time stamp. */
function knownPlace(bytes: Uint8Array, at: number): number {
  const stamp = at + CLIENT_COOKIE_BYTES + TIMESTAMP_AT;
  return (mix32(readBe32(bytes, at) ^ readBe32(bytes, stamp)) >>> (32 - KNOWN_LOG2)) * KNOWN.WORDS;
}

/** Without an early end, so that the time it takes tells nothing about how much was right. */
function sameBytes(hash: Uint8Array, bytes: Uint8Array, at: number): boolean {
  let difference = 0;
  for (let i = 0; i < HASH_BYTES; i++) difference |= hash[i] ^ bytes[at + i];
  return difference === 0;
}
