/** Bytes in the making: a buffer that grows, and how much of it is written. */

const CAPACITY_BYTES_DEFAULT = 512;

export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacityBytes = CAPACITY_BYTES_DEFAULT) {
    this.bytes = new Uint8Array(capacityBytes);
  }

  /** Makes room for so many more bytes. Earlier bytes may stand in another buffer afterwards. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + bytes));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Appends an unsigned integer of `bytes` bytes, big-endian as everything on the wire (RFC 1035 §2.3.2). */
  unsigned(value: number, bytes: number): void {
    this.reserve(bytes);
    // What is beyond 32 bits no shift reaches.
    for (let i = bytes; i > 4; i--) this.bytes[this.length++] = Math.floor(value / 2 ** (8 * (i - 1))) & 0xff;
    for (let shift = 8 * (Math.min(bytes, 4) - 1); shift >= 0; shift -= 8) this.bytes[this.length++] = value >>> shift;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A copy of everything from `start` on. */
  slice(start = 0): Uint8Array {
    return this.bytes.slice(start, this.length);
  }
}
