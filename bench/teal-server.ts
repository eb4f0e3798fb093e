/** Teal as the measurements run it: the workers over a table that holds the bench zone. Prints its port. */
import { randomFillSync } from 'node:crypto';
import { Fleet } from '../src/sockets/fleet.ts';
import { useHugePages } from '../src/sockets/huge-pages.ts';
import { CounterRegistry, createCounterMemory } from '../src/table/counters.ts';
import { KEY_WORDS } from '../src/table/layout.ts';
import { createSharedTable } from '../src/table/memory.ts';
import { Table } from '../src/table/table.ts';
import { benchChanges } from './bench-zone.ts';
import { benchOptions } from './options.ts';
import { benchSigners } from './signers.ts';
import type { ZoneSize } from './workload.ts';

/** `port` 0: the kernel chooses. */
export interface TealServerOptions {
  readonly size: ZoneSize;
  readonly port: number;
  readonly workers: number;
  /** Default: loopback. */
  readonly address?: string;
  /** Default: batch. */
  readonly transport?: 'batch' | 'xdp';
  /** Its zone is signed. */
  readonly signed?: boolean;
  /** The module that a worker runs, where it is not the server's own. */
  readonly entry?: string;
}

const {
  size,
  port,
  workers,
  address = '127.0.0.1',
  transport = 'batch',
  entry,
  signed = false,
} = JSON.parse(process.argv[2]) as TealServerOptions;
const shared = createSharedTable(2 ** 20, 2 ** 32);
useHugePages(shared.arena);
const memories = Array.from({ length: workers + 1 }, createCounterMemory);
const table = new Table(shared, new CounterRegistry(memories, 1), randomFillSync(new Int32Array(KEY_WORDS)));
if (signed) table.signWith(benchSigners());
for (const changes of benchChanges(size)) {
  const problem = table.prepare(changes);
  if (problem !== undefined) throw new Error(problem.detail);
  table.publish();
}
const quiet = { info: () => {}, warn: console.error, error: console.error };
const fleet = await Fleet.start({
  listen: [{ address, port }],
  workers,
  transport,
  responder: benchOptions(),
  receiveBufferBytes: 4 * 2 ** 20,
  gatherMicroseconds: 100,
  tcp: {
    maxConnections: 1000,
    maxConnectionsPerPrefix: 1000,
    idleSeconds: 10,
    ipv4PrefixLength: 24,
    ipv6PrefixLength: 56,
    exempt: [],
  },
  shared,
  counters: memories,
  log: quiet,
  ...(entry === undefined ? {} : { entry: new URL(entry, import.meta.url) }),
});
console.log(JSON.stringify({ port: fleet.endpoints[0]?.port, transport: fleet.transport }));
process.once('SIGTERM', () => fleet.stop().then(() => process.exit(0)));
