/** The IPv6 loopback address, which a machine or a container without IPv6 does not have. */
import os from 'node:os';
import type { Endpoint } from './address.ts';

/**
 * The addresses without `::1` where the machine has none: nobody could ask there, and the defaults must start
 * everywhere. It stays where nothing else would be left, for its own clear error, and where the system does not tell
 * what addresses there are (a filter without AF_NETLINK): the bind finds out.
 */
export function withoutMissingLoopback(
  listen: readonly Endpoint[],
  own: readonly string[] | undefined = ownAddresses(),
): readonly Endpoint[] {
  if (own === undefined || own.includes('::1')) return listen;
  const rest = listen.filter(({ address }) => address !== '::1');
  return rest.length === 0 ? listen : rest;
}

function ownAddresses(): string[] | undefined {
  try {
    const interfaces = Object.values(os.networkInterfaces());
    return interfaces.flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
  } catch {
    return undefined;
  }
}
