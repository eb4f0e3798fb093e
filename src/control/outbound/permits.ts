/**
 * Which addresses a request to a host that a user of the API names may go to: none that the user may not be able to
 * reach but this machine can, such as its own services, the private network around it, a cloud's metadata.
 */
import { IPV4_BYTES, parseIpv4, parseIpv6 } from '../../wire/address.ts';
import { Malformed } from '../../wire/malformed.ts';
import { contains, type Network, parseNetwork } from '../../wire/network.ts';

/**
 * Networks that are not for the whole internet (the registries of RFC 6890), and multicast. Of IPv6 only 2000::/3 is
 * given out at all (RFC 4291 §2.4).
 */
const special: readonly Network[] = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/3'],
  ...['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
].map((text) => parseNetwork(text) as Network);

/** IPv6 addresses that are IPv4 ones in disguise: mapped (RFC 4291 §2.5.5.2), and through NAT64 (RFC 6052 §2.1). */
const disguises = ['::ffff:0:0/96', '64:ff9b::/96'].map((text) => parseNetwork(text) as Network);

/** What the settings say. */
export interface PermitOptions {
  /** May be asked besides the public networks. */
  readonly allow: readonly Network[];
  /** May never be asked, also where a network of `allow` holds them. */
  readonly deny: readonly Network[];
}

export class Permits {
  readonly #allow: readonly Network[];
  readonly #deny: readonly Network[];

  constructor({ allow, deny }: PermitOptions) {
    this.#allow = allow;
    this.#deny = deny;
  }

  /** Why the address, given as text, may not be connected to; completes "the gate …". Undefined: it may. */
  refusal(text: string): string | undefined {
    const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
    if (bytes instanceof Malformed) return `is at ${text}, which is no address that could be asked`;
    const isDisguised = disguises.some((network) => contains(network, bytes, 0, bytes.length));
    const address = isDisguised ? bytes.subarray(bytes.length - IPV4_BYTES) : bytes;
    const isIn = (network: Network): boolean => contains(network, address, 0, address.length);
    if (this.#deny.some(isIn)) return `is at ${text}, which may not be asked: the setting probes.deny names it`;
    if (this.#allow.some(isIn) || !special.some(isIn)) return undefined;
    return `is at ${text}, which may not be asked; the setting probes.allow lets networks in`;
  }
}
