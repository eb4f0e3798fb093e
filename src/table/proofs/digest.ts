/**
 * The hash of names by which NSEC3 proves (RFC 5155 §5), for workers: SHA-1 (FIPS 180-4 §6.1) on memory of its own, since
 * node:crypto makes a buffer a call. It finds records that are signed, and nothing is trusted by it: a wrong hash would be
 * a proof that fits nothing. See decision 0053.
 */

/** A name and a salt of 255 bytes each, the padding, rounded up to whole blocks. */
const MESSAGE_BYTES = 576;
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 20;
/** Base 32 with the extended hex alphabet, in lower case (RFC 4648 §7, RFC 5155 §3.3). */
const DIGITS = new TextEncoder().encode('0123456789abcdefghijklmnopqrstuv');
/** Digits of a hash. */
const LABEL_BYTES = 32;
/** What an entry of hashed names has as its name: length, digits, root. */
export const HASHED_LABEL_BYTES = LABEL_BYTES + 2;

/** One for each thread that reads or writes. */
export class NameDigest {
  /** The owner of the NSEC3 that has the last hash, below its zone's apex: one label in wire form, and the root. */
  readonly label = new Uint8Array(HASHED_LABEL_BYTES);
  readonly #message = new Uint8Array(MESSAGE_BYTES);
  readonly #schedule = new Int32Array(80);
  readonly #state = new Int32Array(5);
  readonly #digest = new Uint8Array(DIGEST_BYTES);
  readonly #salt = new Uint8Array(255);
  #saltBytes = 0;
  #iterations = 0;

  constructor() {
    this.label[0] = LABEL_BYTES;
  }

  /** What follows is hashed so. The salt: that many bytes of `bytes` at `at`. */
  use(iterations: number, bytes: Uint8Array, at: number, saltBytes: number): void {
    this.#iterations = iterations;
    this.#saltBytes = saltBytes;
    for (let i = 0; i < saltBytes; i++) this.#salt[i] = bytes[at + i];
  }

  /** As zones that are signed here: no more iterations, no salt (RFC 9276 §3.1). */
  useNothing(): void {
    this.#iterations = 0;
    this.#saltBytes = 0;
  }

  /** Hashes the name (lower-case wire form) from `start` to `end`; `label` says it. */
  hash(name: Uint8Array, start: number, end: number): void {
    const message = this.#message;
    for (let i = start; i < end; i++) message[i - start] = name[i];
    this.#hashMessage(end - start);
    for (let i = 0; i < this.#iterations; i++) {
      for (let j = 0; j < DIGEST_BYTES; j++) message[j] = this.#digest[j];
      this.#hashMessage(DIGEST_BYTES);
    }
    this.#writeLabel();
  }

  /** The hash itself, a copy. */
  get bytes(): Uint8Array {
    return this.#digest.slice();
  }

  #hashMessage(length: number): void {
    const message = this.#message;
    let end = length;
    for (let i = 0; i < this.#saltBytes; i++) message[end++] = this.#salt[i];
    const bits = 8 * end;
    message[end++] = 0x80;
    while ((end + 8) % BLOCK_BYTES !== 0) message[end++] = 0;
    for (let i = 0; i < 6; i++) message[end++] = 0;
    message[end++] = bits >> 8;
    message[end++] = bits & 0xff;
    const state = this.#state;
    state[0] = 0x67452301;
    state[1] = 0xefcdab89;
    state[2] = 0x98badcfe;
    state[3] = 0x10325476;
    state[4] = 0xc3d2e1f0;
    for (let at = 0; at < end; at += BLOCK_BYTES) this.#mix(at);
    for (let i = 0; i < DIGEST_BYTES; i++) this.#digest[i] = state[i >> 2] >>> (24 - 8 * (i & 3));
  }

  #mix(at: number): void {
    const w = this.#schedule;
    const m = this.#message;
    for (let t = 0, i = at; t < 16; t++, i += 4) w[t] = (m[i] << 24) | (m[i + 1] << 16) | (m[i + 2] << 8) | m[i + 3];
    for (let t = 16; t < 80; t++) {
      const word = w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16];
      w[t] = (word << 1) | (word >>> 31);
    }
    const state = this.#state;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    for (let t = 0; t < 80; t++) {
      let mixed = 0;
      if (t < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999;
      else if (t < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
      else if (t < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else mixed = (b ^ c ^ d) + 0xca62c1d6;
      const next = (((a << 5) | (a >>> 27)) + (mixed | 0) + e + w[t]) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
    state[0] = (state[0] + a) | 0;
    state[1] = (state[1] + b) | 0;
    state[2] = (state[2] + c) | 0;
    state[3] = (state[3] + d) | 0;
    state[4] = (state[4] + e) | 0;
  }

  /** 20 bytes are 32 digits of 5 bits. */
  #writeLabel(): void {
    const digest = this.#digest;
    let held = 0;
    let bits = 0;
    let to = 1;
    for (let i = 0; i < DIGEST_BYTES; i++) {
      held = ((held << 8) | digest[i]) & 0xfff;
      for (bits += 8; bits >= 5; bits -= 5) this.label[to++] = DIGITS[(held >> (bits - 5)) & 31];
    }
  }
}
