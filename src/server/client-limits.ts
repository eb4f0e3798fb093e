/** What the door of the admin API needs to know of this machine: whose neighbour a client is, and how many files may be open. */
import { readFileSync } from 'node:fs';
import { addressBytes } from '../sockets/address.ts';
import { contains, maskedAddress } from '../wire/network.ts';
import { networksOf } from './worker-options.ts';

/** Descriptors for all but connections: the store, the workers, the log, probes, webhooks, gates. */
const OTHER_FILES = 128;
/** Always left, for an operator to come in. */
const CONNECTIONS_MIN = 8;
const MAPPED_PREFIX = '::ffff:';

/** `undefined` for an address in a network that has no limit. */
export function makePrefixOf(networks: {
  readonly ipv4PrefixLength: number;
  readonly ipv6PrefixLength: number;
  readonly exempt: readonly string[];
}): (address: string) => string | undefined {
  const exempt = networksOf(networks.exempt);
  return (address) => {
    // A socket on [::] takes IPv4 too, and writes its clients so.
    const isMapped = address.startsWith(MAPPED_PREFIX) && address.includes('.');
    const bytes = addressBytes(isMapped ? address.slice(MAPPED_PREFIX.length) : address);
    if (exempt.some((network) => contains(network, bytes, 0, bytes.length))) return undefined;
    const length = bytes.length === 4 ? networks.ipv4PrefixLength : networks.ipv6PrefixLength;
    return Buffer.from(maskedAddress(bytes, 0, bytes.length, length)).toString('hex');
  };
}

/**
 * How many connections the API may have. Each may need two descriptors, its own and that of a file that it is sent;
 * where that does not fit beside those of DNS over TCP, the API takes half of what there is.
 */
export function connectionsLeft(wanted: number, dnsConnections: number, openFiles: number | undefined): number {
  const left = (openFiles ?? Number.POSITIVE_INFINITY) - OTHER_FILES;
  if (2 * wanted + dnsConnections <= left) return wanted;
  return Math.max(CONNECTIONS_MIN, Math.min(wanted, Math.floor(left / 4)));
}

/** How many files this process may have open; undefined where the system does not tell. */
export function openFilesMax(): number | undefined {
  try {
    const limit = /^Max open files +(?<soft>\d+) /m.exec(readFileSync('/proc/self/limits', 'latin1'))?.groups?.soft;
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}
