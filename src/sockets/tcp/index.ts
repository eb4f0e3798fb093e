/** DNS over TCP (RFC 7766), in a worker of its own; the face of this folder. */

import { openFilesMax } from '../libc.ts';
import type { SocketSource } from '../listen-addresses.ts';
import { withOwnDescriptor } from '../own-descriptor.ts';
import type { Transport } from '../transport.ts';
import type { TcpLimits } from './limits.ts';
import { serveTcp } from './listen.ts';

interface Share {
  readonly sources: readonly SocketSource[];
  readonly limits: TcpLimits;
}

export const tcp = {
  name: 'tcp',
  about: 'RFC 7766',
  // A connection has an address of its own.
  learnsAddress: true,
  available: () => ({ works: true, refused: new Map() }),
  open(addresses, { tcp: limits, log }) {
    // Half of all, since the process needs descriptors for other things too.
    const connectionsMax = addresses.libc === undefined ? Infinity : Math.floor(openFilesMax(addresses.libc) / 2);
    if (connectionsMax < limits.maxConnections) {
      // Beyond it libuv would accept new clients and close them at once, while old ones keep their places.
      log.warn({ connectionsMax }, 'dns.tcp.maxConnections is more than half of the open files limit; lowered');
    }
    const maxConnections = Math.min(limits.maxConnections, connectionsMax);
    return {
      share: () => ({ sources: addresses.tcp(), limits: { ...limits, maxConnections } }),
      states: () => [],
      close: () => addresses.closeTcp(),
    };
  },
  serve: ({ sources, limits }, { responder }) => serveTcp(sources.map(withOwnDescriptor), responder, limits),
} as const satisfies Transport<Share>;
