/** UDP through node:dgram, wherever Node runs; the face of this folder. */
import type { SocketSource } from '../listen-addresses.ts';
import { withOwnDescriptor } from '../own-descriptor.ts';
import type { Transport } from '../transport.ts';
import { servePortable } from './loop.ts';

interface Share {
  readonly sources: readonly SocketSource[];
  readonly receiveBufferBytes: number;
}

export const portable = {
  name: 'portable',
  about: 'node:dgram',
  learnsAddress: false,
  available: () => ({ works: true, refused: new Map() }),
  open: (addresses, { receiveBufferBytes }) => ({
    share: (worker) => ({ sources: addresses.udp(worker), receiveBufferBytes }),
    states: () => addresses.udpStates(),
    close: () => addresses.closeUdp(),
  }),
  serve: ({ sources, receiveBufferBytes }, { responder }) =>
    servePortable(sources.map(withOwnDescriptor), receiveBufferBytes, responder),
} as const satisfies Transport<Share>;
