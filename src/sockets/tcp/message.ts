/** Messages out of a TCP stream: each comes with its length before it (RFC 1035 §4.2.2, RFC 7766 §8). */

/** The length is a 16-bit number. */
export const LENGTH_BYTES = 2;
/** What a message that came in pieces gets to begin with: nearly every query fits. */
const PARTIAL_BYTES_MIN = 512;
const EMPTY = new Uint8Array(0);

/**
 * Cuts a stream into messages. One that lies whole in a chunk stays there; one in pieces is put together in a buffer
 * that grows by doubling with the bytes that have come, so that a length alone reserves nothing and each byte is
 * copied a few times at most, however small the pieces are.
 */
export class MessageReader {
  /** The message read last stands at `bytes[start..end)`. */
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  /** The last `read` completed a message. */
  whole = false;
  #partial: Uint8Array = EMPTY;
  #length = 0;

  /** Some bytes of a message have come, but not all. */
  get isPartial(): boolean {
    return this.#length > 0;
  }

  /** Reads on at `chunk[at]`, to the end of the message or of the chunk; where it stopped. */
  read(chunk: Uint8Array, at: number): number {
    const end = at + LENGTH_BYTES > chunk.length ? Infinity : at + LENGTH_BYTES + lengthAt(chunk, at);
    if (this.#length > 0 || end > chunk.length) return this.#append(chunk, at);
    this.#found(chunk, at + LENGTH_BYTES, end);
    return end;
  }

  #append(chunk: Uint8Array, from: number): number {
    this.whole = false;
    // First the length, then what it says.
    const afterLength = this.#copy(chunk, from, LENGTH_BYTES);
    if (this.#length < LENGTH_BYTES) return afterLength;
    const end = LENGTH_BYTES + lengthAt(this.#partial, 0);
    const at = this.#copy(chunk, afterLength, end);
    if (this.#length < end) return at;
    this.#found(this.#partial, LENGTH_BYTES, end);
    this.#partial = EMPTY;
    this.#length = 0;
    return at;
  }

  /** Copies until there are `wanted` bytes of the message; where the chunk goes on. */
  #copy(chunk: Uint8Array, from: number, wanted: number): number {
    const count = Math.min(Math.max(0, wanted - this.#length), chunk.length - from);
    const length = this.#length + count;
    if (length > this.#partial.length) {
      const larger = new Uint8Array(Math.max(PARTIAL_BYTES_MIN, length, this.#partial.length * 2));
      larger.set(this.#partial.subarray(0, this.#length));
      this.#partial = larger;
    }
    this.#partial.set(chunk.subarray(from, from + count), this.#length);
    this.#length = length;
    return from + count;
  }

  #found(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.whole = true;
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}
