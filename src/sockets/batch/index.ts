/** UDP in batches, on Linux; the face of this folder. */
import assert from 'node:assert/strict';
import { isWildcard } from '../address.ts';
import { loadLibc } from '../libc.ts';
import type { SocketSource } from '../listen-addresses.ts';
import type { Transport } from '../transport.ts';
import { runBatchLoop } from './loop.ts';
import { tryBatch } from './trial.ts';

interface BatchShare {
  readonly sources: readonly SocketSource[];
  readonly gatherMicroseconds: number;
}

export const batch = {
  name: 'batch',
  about: 'Linux',
  learnsAddress: true,
  available(libc) {
    if (libc === undefined) return { works: false, lacks: 'Linux and the koffi package, which did not load' };
    const refused = new Map<string, number>();
    const why = tryBatch(libc, (call, errno) => refused.set(call, errno));
    return why === undefined ? { works: true, refused } : { works: false, summary: 'batches do not work here', why };
  },
  open: (addresses, { gatherMicroseconds }) => ({
    share: (worker) => ({ sources: addresses.udp(worker), gatherMicroseconds }),
    states: () => addresses.udpStates(),
    close: () => addresses.closeUdp(),
  }),
  async serve({ sources: shared, gatherMicroseconds }, duty) {
    const libc = loadLibc();
    assert(libc !== undefined, 'it is available where koffi loads');
    const sources = shared.map(({ endpoint, fd }) => {
      assert(fd !== undefined, 'the main thread opens every socket where there is a libc');
      return { fd, wildcard: isWildcard(endpoint.address) };
    });
    runBatchLoop({ ...duty, libc, sources, gatherMicroseconds });
    return undefined;
  },
} as const satisfies Transport<BatchShare>;
