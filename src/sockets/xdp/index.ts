/** UDP past the kernel's network stack (AF_XDP), on Linux; the face of this folder. */
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { Xoshiro128 } from '../../table/picking/pick.ts';
import { isWildcard } from '../address.ts';
import { batch } from '../batch/index.ts';
import { loadLibc } from '../libc.ts';
import type { SocketSource } from '../listen-addresses.ts';
import type { Transport, Unavailable } from '../transport.ts';
import { knowsBpf } from './bpf.ts';
import { XdpFault } from './fault.ts';
import { runXdpLoop } from './loop.ts';
import { XdpInterfaces } from './open.ts';
import { ownAddresses } from './own-addresses.ts';
import { mustPlanXdp } from './plan.ts';
import { type QueueShare, XdpQueue } from './queue.ts';
import { trySocket } from './socket.ts';

interface Share {
  readonly queues: readonly QueueShare[];
  readonly sources: readonly SocketSource[];
}

const unavailable = (error: unknown): Unavailable => {
  if (!(error instanceof XdpFault)) throw error;
  return { works: false, summary: 'AF_XDP does not work here', why: error.message };
};

export const xdp = {
  name: 'xdp',
  about: 'Linux, AF_XDP',
  learnsAddress: true,
  onlyByName: true,
  available(libc, asked) {
    if (libc === undefined || !knowsBpf())
      return { works: false, lacks: 'Linux and the koffi package, which did not load' };
    // Its loop serves sockets in batches as well.
    const besides = batch.available(libc);
    if (!besides.works) return besides;
    try {
      const { listen, inherited = [], xdpInterfaces = [] } = asked;
      const endpoints = inherited.length > 0 ? inherited.map(({ endpoint }) => endpoint) : listen;
      mustPlanXdp(endpoints, xdpInterfaces, ownAddresses(libc));
      trySocket(libc);
      return besides;
    } catch (error) {
      return unavailable(error);
    }
  },
  open(addresses, { xdpInterfaces = [], ...options }) {
    const { libc } = addresses;
    assert(libc !== undefined, 'it is available where koffi loads');
    try {
      const interfaces = XdpInterfaces.open(libc, {
        ...options,
        listen: addresses.endpoints,
        interfaces: xdpInterfaces,
      });
      return {
        share: (worker) => ({ queues: interfaces.queues(worker), sources: addresses.udp(worker) }),
        udpMaxBytes: interfaces.udpMaxBytes,
        states: () => [...addresses.udpStates(), ...interfaces.states()],
        begin: () => interfaces.begin(),
        halt: () => interfaces.halt(),
        close: () => {
          interfaces.close();
          addresses.closeUdp();
        },
      };
    } catch (error) {
      return unavailable(error);
    }
  },
  async serve({ queues, sources }, duty) {
    const libc = loadLibc();
    assert(libc !== undefined, 'it is available where koffi loads');
    const random = new Xoshiro128(randomFillSync(new Uint32Array(4)));
    runXdpLoop({
      ...duty,
      libc,
      queues: queues.map((queue) => new XdpQueue(libc, queue, random)),
      sources: sources.map(({ endpoint, fd }) => {
        assert(fd !== undefined, 'the main thread opens every socket where there is a libc');
        return { fd, wildcard: isWildcard(endpoint.address) };
      }),
    });
    return undefined;
  },
} as const satisfies Transport<Share>;
