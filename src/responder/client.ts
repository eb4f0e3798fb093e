/** Who sent the query: an IP address, kept as the place where its bytes stand already, so that it costs nothing. */
export class Client {
  /** The memory that holds the address: the transport's own; the request's, say. Only read. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  /** 4 or 16; 0: not known. */
  length = 0;

  set(bytes: Uint8Array, at: number, length: number): void {
    this.bytes = bytes;
    this.at = at;
    this.length = length;
  }
}
