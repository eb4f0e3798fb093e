/** Socket addresses: as text, and as the kernel wants them. */
import net from 'node:net';
import { LINUX } from './libc.ts';

/** Where to listen. `address` is an IPv4 or IPv6 address; port 0 lets the kernel choose. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** sockaddr_in6 is the longer one. */
export const SOCKADDR_BYTES = 28;
/** Where that has the number of the interface that a link-local address is of. */
const SOCKADDR_ZONE_AT = 24;

/** `192.0.2.1:53` or `[2001:db8::1]:53`. */
export function formatEndpoint({ address, port }: Endpoint): string {
  return net.isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** One that means nothing without its interface (RFC 4291 §2.5.6), in the usual spelling. */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/.test(address);
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** A sockaddr_in or sockaddr_in6 (little-endian machine). */
export function encodeSockaddr({ address, port }: Endpoint): Uint8Array {
  const isV6 = net.isIPv6(address);
  const bytes = new Uint8Array(isV6 ? 28 : 16);
  bytes[0] = isV6 ? LINUX.AF_INET6 : LINUX.AF_INET;
  bytes[2] = port >> 8;
  bytes[3] = port & 0xff;
  bytes.set(addressBytes(address), isV6 ? 8 : 4);
  return bytes;
}

/**
 * The address and port of a sockaddr, with the number of the zone where it has one (RFC 4007 §11); undefined where it is
 * neither IPv4 nor IPv6.
 */
export function decodeSockaddr(sockaddr: Uint8Array): Endpoint | undefined {
  const port = portOf(sockaddr);
  const bytes = Buffer.from(sockaddr);
  if (sockaddr[0] === LINUX.AF_INET) return { address: bytes.subarray(4, 8).join('.'), port };
  if (sockaddr[0] !== LINUX.AF_INET6) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(8 + 2 * i).toString(16));
  // URL writes it the short way (RFC 5952).
  const address = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
  const zone = bytes.readUInt32LE(SOCKADDR_ZONE_AT);
  return { address: zone === 0 ? address : `${address}%${zone}`, port };
}

/** The port of a sockaddr. */
export function portOf(sockaddr: Uint8Array): number {
  return (sockaddr[2] << 8) | sockaddr[3];
}

/** The 4 or 16 bytes of an address as Node writes it; the zone of a scoped one (RFC 4007 §11) is no part of them. */
export function addressBytes(address: string): Uint8Array {
  if (!net.isIPv6(address)) return Uint8Array.from(address.split('.'), Number);
  return ipv6Bytes(address.replace(/%.*$/, ''));
}

function ipv6Bytes(address: string): Uint8Array {
  // URL normalises every notation, an embedded IPv4 address included, to hexadecimal groups.
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = new Array<string>(8 - front.length - back.length).fill('0');
  const groups = [...front, ...middle, ...back].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}
