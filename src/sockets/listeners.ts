/** The listen addresses, open: the main thread keeps every descriptor, workers are told their numbers. */
import net from 'node:net';
import os from 'node:os';
import { type Endpoint, formatEndpoint, isWildcard } from './address.ts';
import { type Libc, loadLibc, openFilesMax } from './libc.ts';
import { ListenError, type OpenedEndpoint, openEndpoint, type SocketMemory, socketMemory } from './open.ts';
import { probeEndpoint } from './probe.ts';
import type { TcpSource } from './tcp.ts';
import type { BatchSource } from './udp-batch.ts';
import type { PortableSource } from './udp-portable.ts';

export interface ListenOptions {
  readonly listen: readonly Endpoint[];
  readonly transport: 'auto' | 'batch' | 'portable';
  readonly receiveBufferBytes: number;
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
  readonly #libc: Libc | undefined;
  readonly #receiveBufferBytes: number;

  private constructor(
    libc: Libc | undefined,
    transport: 'batch' | 'portable',
    endpoints: readonly Endpoint[],
    opened: readonly OpenedEndpoint[],
    receiveBufferBytes: number,
  ) {
    this.#libc = libc;
    this.transport = transport;
    this.endpoints = endpoints;
    this.opened = opened;
    this.#receiveBufferBytes = receiveBufferBytes;
  }

  /** Opens every address for so many UDP workers and for TCP. Throws ListenError with nothing left open. */
  static async open(options: ListenOptions, workers: number): Promise<Listeners> {
    const { receiveBufferBytes } = options;
    const libc = loadLibc();
    if (libc === undefined && options.transport === 'batch') {
      throw new ListenError('dns.transport: batch needs Linux and the koffi package, which did not load; use auto');
    }
    const transport = libc === undefined || options.transport === 'portable' ? 'portable' : 'batch';
    const listen = transport === 'portable' ? expandWildcards(options.listen) : options.listen;
    if (libc === undefined) {
      const endpoints: Endpoint[] = [];
      for (const endpoint of listen) endpoints.push(await probeEndpoint(endpoint));
      return new Listeners(libc, transport, endpoints, [], receiveBufferBytes);
    }
    const opened: OpenedEndpoint[] = [];
    try {
      for (const endpoint of listen) opened.push(openEndpoint(libc, endpoint, workers, receiveBufferBytes));
    } catch (error) {
      closeAll(libc, opened);
      throw error;
    }
    const endpoints = opened.map(({ endpoint }) => endpoint);
    return new Listeners(libc, transport, endpoints, opened, receiveBufferBytes);
  }

  /** What the UDP worker reads with the batch transport. */
  batchSources(reader: number): BatchSource[] {
    return this.opened.map(({ udp, endpoint }) => ({
      fd: udp[reader] as number,
      wildcard: isWildcard(endpoint.address),
    }));
  }

  /** What the UDP worker reads with the portable transport. */
  portableSources(reader: number): PortableSource[] {
    const receiveBufferBytes = this.#receiveBufferBytes;
    return this.endpoints.map((endpoint, i) => {
      const isV6 = net.isIPv6(endpoint.address);
      const fd = this.opened[i]?.udp[reader];
      return fd === undefined ? { endpoint, isV6, receiveBufferBytes } : { fd, isV6 };
    });
  }

  tcpSources(): TcpSource[] {
    return this.endpoints.map((endpoint, i) => {
      const fd = this.opened[i]?.tcp;
      return fd === undefined ? { endpoint } : { fd };
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
      udp.flatMap((fd, worker) => {
        const memory = socketMemory(libc, fd);
        return memory === undefined ? [] : [{ address: formatEndpoint(endpoint), worker, ...memory }];
      }),
    );
  }

  close(): void {
    if (this.#libc !== undefined) closeAll(this.#libc, this.opened);
  }
}

function closeAll(libc: Libc, opened: readonly OpenedEndpoint[]): void {
  for (const { udp, tcp } of opened) for (const fd of [...udp, tcp]) libc.close(fd);
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
