/**
 * Signatures that were made together, in one piece of bytes: one row of the file for some thousands of them, in the order
 * in which they were made, where a row for each would write most of its pages again.
 */
import type { SignatureRow } from './signature-rows.ts';

/** Of a digest, and of both times. */
const DIGEST_BYTES = 16;
const TIMES_BYTES = 8;
/** Of ECDSA over P-256 (RFC 6605 §4) and Ed25519 (RFC 8080 §4). */
const SIGNATURE_BYTES = 64;
const SIGNATURE_AT = DIGEST_BYTES + TIMES_BYTES;
const ENTRY_BYTES = SIGNATURE_AT + SIGNATURE_BYTES;

/** A pack and a place in it are one number of 31 bits: more packs than that are not looked into, and signed again. */
const PLACE_BITS = 14;
export const PACKED_MAX = 2 ** PLACE_BITS;
const PACKS_MAX = 2 ** (31 - PLACE_BITS);

/** Whether it has the form of those that are packed. */
export function isPackable({ digest, signature }: SignatureRow): boolean {
  return digest.length === DIGEST_BYTES && signature.length === SIGNATURE_BYTES;
}

/** At most PACKED_MAX that are packable. */
export function packed(rows: readonly SignatureRow[]): Uint8Array {
  const bytes = new Uint8Array(rows.length * ENTRY_BYTES);
  const times = new DataView(bytes.buffer);
  let at = 0;
  for (const { digest, inception, expiration, signature } of rows) {
    bytes.set(digest, at);
    times.setUint32(at + DIGEST_BYTES, inception);
    times.setUint32(at + DIGEST_BYTES + 4, expiration);
    bytes.set(signature, at + SIGNATURE_AT);
    at += ENTRY_BYTES;
  }
  return bytes;
}

/** What some packs hold, to be found by digest; the pack that comes last counts. Digests are at random already. */
export class PackIndex {
  readonly #packs: readonly DataView[];
  /** Open addressing: 0 is free, else one more than the place. */
  readonly #slots: Uint32Array;
  readonly #mask: number;

  constructor(packs: readonly Uint8Array[]) {
    this.#packs = packs
      .slice(-PACKS_MAX)
      .map(({ buffer, byteOffset, length }) => new DataView(buffer, byteOffset, length));
    const count = this.#packs.reduce((sum, { byteLength }) => sum + Math.floor(byteLength / ENTRY_BYTES), 0);
    const size = 2 ** Math.ceil(Math.log2(2 * count + 2));
    this.#slots = new Uint32Array(size);
    this.#mask = size - 1;
    for (const [number, pack] of this.#packs.entries()) {
      const entries = Math.min(Math.floor(pack.byteLength / ENTRY_BYTES), PACKED_MAX);
      for (let place = 0; place < entries; place++)
        this.#add(pack, place * ENTRY_BYTES, (number << PLACE_BITS) | place);
    }
  }

  get isEmpty(): boolean {
    return this.#packs.length === 0;
  }

  get(digest: Uint8Array): SignatureRow | undefined {
    if (this.isEmpty || digest.length !== DIGEST_BYTES) return undefined;
    const wanted = new DataView(digest.buffer, digest.byteOffset, DIGEST_BYTES);
    const found = this.#slots[this.#slotOf(wanted, 0)];
    if (found === 0) return undefined;
    const pack = this.#packs[(found - 1) >>> PLACE_BITS];
    const at = ((found - 1) & (PACKED_MAX - 1)) * ENTRY_BYTES;
    return {
      digest,
      inception: pack.getUint32(at + DIGEST_BYTES),
      expiration: pack.getUint32(at + DIGEST_BYTES + 4),
      signature: new Uint8Array(pack.buffer, pack.byteOffset + at + SIGNATURE_AT, SIGNATURE_BYTES),
    };
  }

  #add(pack: DataView, at: number, place: number): void {
    this.#slots[this.#slotOf(pack, at)] = place + 1;
  }

  /** That of the digest, or the one where it would be. */
  #slotOf(of: DataView, at: number): number {
    const first = of.getUint32(at);
    for (let slot = first & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const found = this.#slots[slot];
      if (found === 0) return slot;
      const pack = this.#packs[(found - 1) >>> PLACE_BITS];
      const there = ((found - 1) & (PACKED_MAX - 1)) * ENTRY_BYTES;
      if (pack.getUint32(there) === first && isSame(pack, there, of, at)) return slot;
    }
  }
}

function isSame(one: DataView, oneAt: number, other: DataView, otherAt: number): boolean {
  for (let i = 4; i < DIGEST_BYTES; i += 4) if (one.getUint32(oneAt + i) !== other.getUint32(otherAt + i)) return false;
  return true;
}
