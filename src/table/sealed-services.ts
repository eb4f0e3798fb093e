/**
 * What services say of their names, as bytes for the thread that signs a zone aside: to copy thousands of objects to it
 * would hold up everybody who waits for who sends them.
 */
import { TYPE } from '../wire/constants.ts';
import type { SealedService } from './zone-sealer.ts';

/** All that a pool may have; each is a bit. */
const TYPES = [TYPE.A, TYPE.AAAA, TYPE.CNAME];
const START_BYTES = 4096;

/** One after the other: length and bytes of the name, whether it is a preview, TTL, and a byte for each pool behind their count. */
export class SealedPacker {
  #bytes = new Uint8Array(START_BYTES);
  #used = 0;

  add({ owner, isPreview, ttlSeconds, pools }: SealedService): void {
    const size = 1 + owner.length + 1 + 4 + 1 + pools.length;
    while (this.#used + size > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    const bytes = this.#bytes;
    let at = this.#used;
    bytes[at++] = owner.length;
    bytes.set(owner, at);
    at += owner.length;
    bytes[at++] = isPreview ? 1 : 0;
    new DataView(bytes.buffer).setUint32(at, ttlSeconds);
    at += 4;
    bytes[at++] = pools.length;
    for (const types of pools) {
      bytes[at++] = TYPES.reduce((bits, type, i) => (types.includes(type) ? bits | (1 << i) : bits), 0);
    }
    this.#used = at;
  }

  /** What was added. */
  get packed(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#used);
  }
}

export function unpackSealed(bytes: Uint8Array): SealedService[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const services: SealedService[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + (bytes[at] as number);
    const owner = bytes.slice(at + 1, end);
    const pools = Array.from(bytes.subarray(end + 6, end + 6 + (bytes[end + 5] as number)), (bits) =>
      TYPES.filter((_, i) => (bits & (1 << i)) !== 0),
    );
    services.push({ owner, isPreview: bytes[end] === 1, ttlSeconds: view.getUint32(end + 1), pools });
    at = end + 6 + pools.length;
  }
  return services;
}
