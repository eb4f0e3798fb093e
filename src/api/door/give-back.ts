/** Memory that is of no use any more, given back at once: it is none of the collector's heap, which would not hurry. */

/** Only where nothing else lies in it. Whoever looks at the bytes later finds none. */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && !buffer.detached) buffer.transfer(0);
}
