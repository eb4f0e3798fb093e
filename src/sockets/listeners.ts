/** The listen addresses, open: the main thread keeps every descriptor, workers are told their numbers. */
import net from 'node:net';
import os from 'node:os';
import { type Endpoint, formatEndpoint, isWildcard } from './address.ts';
import type { BatchSource } from './batch/loop.ts';
import { tryBatch } from './batch/trial.ts';
import { freeEndpoint } from './free-endpoint.ts';
import { type InheritedEndpoint, shareOf } from './inherited.ts';
import { type Libc, loadLibc, openFilesMax } from './libc.ts';
import {
  adoptEndpoint,
  ListenError,
  type OpenedEndpoint,
  openEndpoint,
  type SocketMemory,
  socketMemory,
} from './open.ts';
import type { PortableSource } from './portable/loop.ts';
import type { TcpSource } from './tcp/listen.ts';

export interface ListenOptions {
  readonly listen: readonly Endpoint[];
  readonly transport: 'auto' | 'batch' | 'portable';
  readonly receiveBufferBytes: number;
  /** Sockets that were handed over; where there are any, they are served instead of `listen`. */
  readonly inherited?: readonly InheritedEndpoint[];
}

/** One UDP socket of a worker, as the kernel tells of it. */
export interface SocketState extends SocketMemory {
  /** `192.0.2.1:53` */
  readonly address: string;
  readonly worker: number;
}

export class Listeners {
  readonly transport: 'batch' | 'portable';
  /** Listen addresses with the ports in use. */
  readonly endpoints: readonly Endpoint[];
  /** Empty where there is no libc: then each worker opens its own sockets. */
  readonly opened: readonly OpenedEndpoint[];
  /** Why the portable transport serves what the batch transport was meant to, in a phrase. */
  readonly whyPortable: string | undefined;
  /** Calls that the system refuses, by name; the batch transport does without them. */
  readonly refused: ReadonlyMap<string, number>;
  readonly #libc: Libc | undefined;
  readonly #receiveBufferBytes: number;
  readonly #workers: number;

  private constructor(
    libc: Libc | undefined,
    probed: Probed,
    endpoints: readonly Endpoint[],
    opened: readonly OpenedEndpoint[],
    { receiveBufferBytes }: ListenOptions,
    workers: number,
  ) {
    this.#libc = libc;
    this.#workers = workers;
    this.transport = probed.transport;
    this.whyPortable = probed.whyPortable;
    this.refused = probed.refused;
    this.endpoints = endpoints;
    this.opened = opened;
    this.#receiveBufferBytes = receiveBufferBytes;
  }

  /** Opens every address for so many UDP workers and for TCP. Throws ListenError with nothing left open. */
  static async open(options: ListenOptions, workers: number): Promise<Listeners> {
    const libc = loadLibc();
    const probed = probe(libc, options.transport);
    const { transport } = probed;
    const listen = transport === 'portable' ? expandWildcards(options.listen) : options.listen;
    if (libc === undefined) {
      const endpoints: Endpoint[] = [];
      for (const endpoint of listen) endpoints.push(await freeEndpoint(endpoint));
      return new Listeners(libc, probed, endpoints, [], options, workers);
    }
    const opened = openAll(libc, transport, { ...options, listen }, workers);
    const endpoints = opened.map(({ endpoint }) => endpoint);
    return new Listeners(libc, probed, endpoints, opened, options, workers);
  }

  /** What the UDP worker reads with the batch transport. */
  batchSources(reader: number): BatchSource[] {
    return this.opened.flatMap(({ udp, endpoint }) =>
      shareOf(udp, reader, this.#workers).map((fd) => ({ fd, wildcard: isWildcard(endpoint.address) })),
    );
  }

  /** What the UDP worker reads with the portable transport. */
  portableSources(reader: number): PortableSource[] {
    const receiveBufferBytes = this.#receiveBufferBytes;
    return this.endpoints.flatMap((endpoint, i): PortableSource[] => {
      const isV6 = net.isIPv6(endpoint.address);
      const udp = this.opened[i]?.udp;
      if (udp === undefined) return [{ endpoint, isV6, receiveBufferBytes }];
      return shareOf(udp, reader, this.#workers).map((fd) => ({ fd, isV6 }));
    });
  }

  tcpSources(): TcpSource[] {
    return this.endpoints.flatMap((endpoint, i): TcpSource[] => {
      const tcp = this.opened[i]?.tcp;
      return tcp === undefined ? [{ endpoint }] : tcp.map((fd) => ({ fd }));
    });
  }

  /** TCP connections that the process has descriptors for: half of all, since it needs others too. */
  get connectionsMax(): number {
    return this.#libc === undefined ? Infinity : Math.floor(openFilesMax(this.#libc) / 2);
  }

  /** Every UDP socket; empty where the system does not tell. */
  socketStates(): SocketState[] {
    const libc = this.#libc;
    if (libc === undefined) return [];
    return this.opened.flatMap(({ endpoint, udp }) =>
      udp.flatMap((fd, i) => {
        const memory = socketMemory(libc, fd);
        const worker = i % this.#workers;
        return memory === undefined ? [] : [{ address: formatEndpoint(endpoint), worker, ...memory }];
      }),
    );
  }

  close(): void {
    if (this.#libc !== undefined) closeAll(this.#libc, this.opened);
  }
}

interface Probed {
  readonly transport: 'batch' | 'portable';
  readonly whyPortable: string | undefined;
  readonly refused: ReadonlyMap<string, number>;
}

/** The transport that is to serve. Throws ListenError where the one that was asked for cannot. */
function probe(libc: Libc | undefined, wanted: ListenOptions['transport']): Probed {
  const refused = new Map<string, number>();
  if (libc === undefined && wanted === 'batch') {
    throw new ListenError('dns.transport: batch needs Linux and the koffi package, which did not load; use auto');
  }
  if (libc === undefined || wanted === 'portable') return { transport: 'portable', whyPortable: undefined, refused };
  const whyPortable = tryBatch(libc, (call, errno) => refused.set(call, errno));
  if (whyPortable === undefined) return { transport: 'batch', whyPortable, refused };
  if (wanted === 'batch') throw new ListenError(`dns.transport: batch does not work here: ${whyPortable}; use auto`);
  return { transport: 'portable', whyPortable, refused: new Map() };
}

/** What was handed over, or else every listen address. Throws ListenError with nothing left open. */
function openAll(
  libc: Libc,
  transport: 'batch' | 'portable',
  { listen, inherited = [], receiveBufferBytes }: ListenOptions,
  workers: number,
): OpenedEndpoint[] {
  const opened: OpenedEndpoint[] = [];
  try {
    for (const sockets of inherited) {
      if (transport === 'portable') refuseWildcard(sockets.endpoint);
      opened.push(adoptEndpoint(libc, sockets, receiveBufferBytes));
    }
    if (inherited.length > 0) return opened;
    for (const endpoint of listen) opened.push(openEndpoint(libc, endpoint, workers, receiveBufferBytes));
    return opened;
  } catch (error) {
    closeAll(libc, opened);
    throw error;
  }
}

function closeAll(libc: Libc, opened: readonly OpenedEndpoint[]): void {
  for (const { udp, tcp } of opened) for (const fd of [...udp, ...tcp]) libc.close(fd);
}

/** See expandWildcards. */
function refuseWildcard({ address, port }: Endpoint): void {
  if (!isWildcard(address)) return;
  throw new ListenError(
    `the portable transport cannot serve ${formatEndpoint({ address, port })}, as it was handed over: it does not learn which address was asked; name the addresses in the unit, or let dns.transport be auto`,
  );
}

/**
 * node:dgram cannot tell which address was asked, so that a wildcard would answer from the wrong one: the portable
 * transport listens on each address that the machine has at the start instead.
 */
function expandWildcards(listen: readonly Endpoint[]): Endpoint[] {
  const all = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return listen.flatMap((endpoint) => {
    if (!isWildcard(endpoint.address)) return [endpoint];
    const family = net.isIPv6(endpoint.address) ? 'IPv6' : 'IPv4';
    // A link-local address means nothing without its interface.
    const own = all.filter((address) => address.family === family && !address.address.startsWith('fe80'));
    return own.map(({ address }) => ({ address, port: endpoint.port }));
  });
}
