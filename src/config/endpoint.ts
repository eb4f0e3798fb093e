/** Addresses with ports as an operator writes them. */
import type { Endpoint } from '../sockets/address.ts';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../wire/address.ts';

const PORT_MAX = 65535;

/** `192.0.2.1:53` or `[2001:db8::1]:53` as an endpoint, the address in its one usual spelling; undefined where it is neither. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const parts = /^(?:\[(?<v6>[^\]]*)\]|(?<v4>[^:]*)):(?<port>\d{1,5})$/.exec(text)?.groups;
  if (parts === undefined || Number(parts.port) > PORT_MAX) return undefined;
  const isV6 = parts.v6 !== undefined;
  const bytes = isV6 ? parseIpv6(parts.v6) : parseIpv4(parts.v4 as string);
  if (!(bytes instanceof Uint8Array)) return undefined;
  return { address: isV6 ? formatIpv6(bytes) : formatIpv4(bytes), port: Number(parts.port) };
}

/** True for an address that only this machine reaches: 127.0.0.0/8 (RFC 1122 §3.2.1.3) and ::1 (RFC 4291 §2.5.3). */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
