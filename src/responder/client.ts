/** Who sent the query: an IP address, kept as the place where its bytes stand already, so that it costs nothing. */
export class Client {
  /** The memory that holds the address: the transport's own; the request's, say. Only read. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  /** 4 or 16; 0: not known. */
  length = 0;
  /** What the rate limit and the sample of resolvers make of the address, once they have; 0: they have not. */
  networkHash = 0;
  addressHash = 0;

  set(bytes: Uint8Array, at: number, length: number): void {
    // Nearly always the same memory: to store it anew each time would cost the collector's barrier.
    if (this.bytes !== bytes) this.bytes = bytes;
    this.at = at;
    this.length = length;
    this.networkHash = 0;
    this.addressHash = 0;
  }

  /** Becomes the same as another. */
  copy(other: Client): void {
    this.set(other.bytes, other.at, other.length);
    this.networkHash = other.networkHash;
    this.addressHash = other.addressHash;
  }
}
