/** Words of 32 bits in bytes, as signed integers: V8 keeps those without making an object. */

/** Most significant byte first: the order of the network. */
export function readBe32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

export function writeBe32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
}

/** The mask of the first one to three bytes of a word; `isLittle`: that has its least significant byte first. */
export function firstBytes(count: number, isLittle: boolean): number {
  return isLittle ? (1 << (8 * count)) - 1 : -1 << (32 - 8 * count);
}

/** Least significant byte first. */
export function readLe32(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
