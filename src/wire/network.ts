/** Networks: an address and how many of its leading bits count (RFC 4632 §3.1, RFC 4291 §2.3). */
import { formatIpv4, formatIpv6, IPV4_BYTES, parseIpv4, parseIpv6 } from './address.ts';
import { Malformed } from './malformed.ts';
import { quote } from './text.ts';

export interface Network {
  /** 4 or 16 bytes; 0 beyond the prefix. */
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
}

/** `192.0.2.0/24`, `2001:db8::/32`; an address alone is the network that holds just it. */
export function parseNetwork(text: string): Network | Malformed {
  const read = readNetwork(text);
  if (read instanceof Malformed) return read;
  const { network, address } = read;
  if (network.bytes.some((byte, i) => byte !== address[i])) {
    // Which of the two was meant cannot be told.
    return new Malformed(
      `${quote(text)} has bits beyond its prefix: ${formatNetwork(network)} or the address alone was expected`,
    );
  }
  return network;
}

/** The network that an address is in: `192.0.2.7/24` is `192.0.2.0/24`. The length of the prefix has to be there. */
export function networkAround(text: string): Network | Malformed {
  if (!text.includes('/')) return new Malformed(`the length of a prefix was expected, as in ${quote(`${text}/24`)}`);
  const read = readNetwork(text);
  return read instanceof Malformed ? read : read.network;
}

/** The network, and the address as it was given, with the bits that do not count. */
function readNetwork(text: string): { readonly network: Network; readonly address: Uint8Array } | Malformed {
  const [written = '', length, more] = text.split('/');
  const address = written.includes(':') ? parseIpv6(written) : parseIpv4(written);
  const bits = address instanceof Malformed ? 0 : address.length * 8;
  const prefixLength = length === undefined ? bits : Number(length);
  const isLength = length === undefined || /^(0|[1-9]\d{0,2})$/.test(length);
  if (address instanceof Malformed || more !== undefined || !isLength || prefixLength > bits) {
    return new Malformed(`a network such as 192.0.2.0/24 or 2001:db8::/32 was expected, not ${quote(text)}`);
  }
  return { network: { bytes: maskedAddress(address, 0, address.length, prefixLength), prefixLength }, address };
}

export function formatNetwork({ bytes, prefixLength }: Network): string {
  return `${bytes.length === IPV4_BYTES ? formatIpv4(bytes) : formatIpv6(bytes)}/${prefixLength}`;
}

/** The address of `length` bytes at `at`, with every bit beyond the prefix 0. */
export function maskedAddress(address: Uint8Array, at: number, length: number, prefixLength: number): Uint8Array {
  const masked = new Uint8Array(length);
  for (let i = 0; i < length; i++) masked[i] = address[at + i] & maskByte(prefixLength, i);
  return masked;
}

/** Whether the address of `length` bytes at `at` lies in the network. Allocates nothing. */
export function contains({ bytes, prefixLength }: Network, address: Uint8Array, at: number, length: number): boolean {
  if (length !== bytes.length) return false;
  for (let i = 0; i * 8 < prefixLength; i++) {
    if ((address[at + i] & maskByte(prefixLength, i)) !== bytes[i]) return false;
  }
  return true;
}

/** The bits of byte `i` that belong to a prefix of so many bits. */
function maskByte(prefixLength: number, i: number): number {
  const bits = prefixLength - 8 * i;
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff00 >> bits) & 0xff;
}
