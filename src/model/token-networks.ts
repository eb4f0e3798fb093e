/** From where a token may be used: networks, in one of which the address of the client's connection has to be. */
import { IPV4_BYTES, IPV6_BYTES, parseIpv4, parseIpv6 } from '../wire/address.ts';
import { Malformed } from '../wire/malformed.ts';
import { contains, formatNetwork, type Network, parseNetwork } from '../wire/network.ts';
import { Problem } from './errors.ts';

/** Of one token: every request with it is held against all of them. */
export const TOKEN_NETWORKS_MAX = 100;

/** IPv4 as a socket for both protocols shows it (RFC 4291 §2.5.5.2). */
const MAPPED = parseNetwork('::ffff:0:0/96') as Network;
const MAPPED_BITS = 96;
const MAPPED_BYTES = IPV6_BYTES - IPV4_BYTES;

/** The networks in canonical text, each once; a Problem leads to the first that is none. */
export function makeTokenNetworks(texts: readonly string[]): string[] | Problem {
  if (texts.length === 0 || texts.length > TOKEN_NETWORKS_MAX) {
    const detail = `networks has 1 to ${TOKEN_NETWORKS_MAX} networks such as 192.0.2.0/24, not ${texts.length}; leave it out for a token that may be used from anywhere.`;
    return new Problem('networks_invalid', detail, { pointer: '/networks' });
  }
  const networks = new Set<string>();
  for (const [i, text] of texts.entries()) {
    const network = parseNetwork(text);
    if (network instanceof Malformed) {
      return new Problem('networks_invalid', `Network ${i}: ${network.reason}.`, { pointer: `/networks/${i}` });
    }
    networks.add(formatNetwork(unmapped(network)));
  }
  return [...networks];
}

/**
 * Whether the address of a client, as Node writes it, is in one of the networks, which have been checked. One that is not
 * known is in none.
 */
export function isInNetworks(networks: readonly string[], address: string | undefined): boolean {
  const bytes = clientBytes(address ?? '');
  if (bytes === undefined) return false;
  return networks.some((text) => contains(unmapped(parseNetwork(text) as Network), bytes, 0, bytes.length));
}

/** Clients that are mapped are IPv4's, so that such a network has to be IPv4's too or nobody would ever be in it. */
function unmapped({ bytes, prefixLength }: Network): Network {
  return prefixLength >= MAPPED_BITS && isMapped(bytes)
    ? { bytes: bytes.slice(MAPPED_BYTES), prefixLength: prefixLength - MAPPED_BITS }
    : { bytes, prefixLength };
}

function clientBytes(address: string): Uint8Array | undefined {
  // The zone of a scoped address (RFC 4007 §11) is no part of it.
  const text = address.replace(/%.*$/s, '');
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (bytes instanceof Malformed) return undefined;
  return isMapped(bytes) ? bytes.slice(MAPPED_BYTES) : bytes;
}

function isMapped(bytes: Uint8Array): boolean {
  return contains(MAPPED, bytes, 0, bytes.length);
}
