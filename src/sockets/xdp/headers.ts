/** Where the fields of a frame stand that carries a query: Ethernet, a VLAN tag, IPv4 or IPv6, UDP. */

export const ETHERNET_BYTES = 14;
/** Destination and source address, and what follows (IEEE 802.3 §3.2). */
export const ETHERNET = { TO: 0, FROM: 6, TYPE: 12 } as const;
/** A tag stands before the type (IEEE 802.1Q §9.3): its own type, priority and number of the VLAN. */
export const VLAN_BYTES = 4;

export const PROTOCOL = {
  IPV4: 0x0800,
  IPV6: 0x86dd,
  VLAN: 0x8100,
  UDP: 17,
} as const;

/** A header without options (RFC 791 §3.1). */
export const IPV4_BYTES = 20;
export const IPV4 = {
  VERSION: 0,
  /** Version 4, five words of header: no options. */
  PLAIN: 0x45,
  LENGTH: 2,
  ID: 4,
  FRAGMENT: 6,
  TTL: 8,
  PROTOCOL: 9,
  CHECKSUM: 10,
  FROM: 12,
  TO: 16,
  ADDRESS_BYTES: 4,
} as const;

/** RFC 8200 §3. */
export const IPV6_BYTES = 40;
export const IPV6 = {
  VERSION: 0,
  PLAIN: 6,
  /** Of what follows the header. */
  LENGTH: 4,
  NEXT_HEADER: 6,
  HOP_LIMIT: 7,
  FROM: 8,
  TO: 24,
  ADDRESS_BYTES: 16,
} as const;

/** RFC 768. */
export const UDP = { FROM: 0, TO: 2, LENGTH: 4, CHECKSUM: 6, BYTES: 8 } as const;

/** A number of the network's byte order, as it is read with the first byte as the lower one, and back. */
export function swapped(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}
