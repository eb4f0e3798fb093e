/** The listen addresses, bound for UDP and TCP: the main thread keeps every descriptor, workers are told their numbers. */
import net from 'node:net';
import os from 'node:os';
import { type Endpoint, formatEndpoint, isLinkLocal, isWildcard } from './address.ts';
import { freeEndpoint } from './free-endpoint.ts';
import { type InheritedEndpoint, shareOf } from './inherited.ts';
import type { Libc } from './libc.ts';
import {
  adoptEndpoint,
  ListenError,
  type OpenedEndpoint,
  openEndpoint,
  type SocketMemory,
  socketMemory,
} from './open.ts';

export interface AddressOptions {
  readonly listen: readonly Endpoint[];
  readonly receiveBufferBytes: number;
  /** Sockets that were handed over; where there are any, they are served instead of `listen`. */
  readonly inherited?: readonly InheritedEndpoint[];
  /** UDP workers: each address has a socket for each of them. */
  readonly workers: number;
}

/** What the addresses must know of the transport that reads them. */
export interface AddressUser {
  readonly name: string;
  /** False: it does not learn which address was asked, so that a wildcard would answer from the wrong one. */
  readonly learnsAddress: boolean;
}

/** What a worker reads: a descriptor of the main thread's, or, where there is no libc, an address to open by itself. */
export interface SocketSource {
  readonly endpoint: Endpoint;
  readonly fd: number | undefined;
}

/** A socket of a worker, as the kernel tells of it. */
export interface SocketState extends SocketMemory {
  /** `192.0.2.1:53` */
  readonly address: string;
  readonly worker: number;
  /** Replies that the kernel dropped instead of sending them, and how often it had no place to receive into: AF_XDP only. */
  readonly unsent?: number;
  readonly starved?: number;
  /** Replies that left in bulk: AF_XDP only. */
  readonly inBulk?: number;
}

export class ListenAddresses {
  /** With the ports in use. */
  readonly endpoints: readonly Endpoint[];
  /** Empty where there is no libc: then each worker opens its own sockets. */
  readonly opened: readonly OpenedEndpoint[];
  readonly libc: Libc | undefined;
  readonly #workers: number;

  private constructor(
    libc: Libc | undefined,
    workers: number,
    endpoints: readonly Endpoint[],
    opened: readonly OpenedEndpoint[],
  ) {
    this.libc = libc;
    this.#workers = workers;
    this.endpoints = endpoints;
    this.opened = opened;
  }

  /** Binds every address. Throws ListenError with nothing left open. */
  static async open(libc: Libc | undefined, user: AddressUser, options: AddressOptions): Promise<ListenAddresses> {
    const listen = user.learnsAddress ? options.listen : expandWildcards(options.listen);
    if (libc === undefined) {
      const endpoints: Endpoint[] = [];
      for (const endpoint of listen) endpoints.push(await freeEndpoint(endpoint));
      return new ListenAddresses(libc, options.workers, endpoints, []);
    }
    const opened = openAll(libc, user, { ...options, listen });
    const endpoints = opened.map(({ endpoint }) => endpoint);
    return new ListenAddresses(libc, options.workers, endpoints, opened);
  }

  /** What a worker reads of UDP. */
  udp(worker: number): SocketSource[] {
    return this.endpoints.flatMap((endpoint, i): SocketSource[] => {
      const udp = this.opened[i]?.udp;
      if (udp === undefined) return [{ endpoint, fd: undefined }];
      return shareOf(udp, worker, this.#workers).map((fd) => ({ endpoint, fd }));
    });
  }

  /** Where TCP is accepted. */
  tcp(): SocketSource[] {
    return this.endpoints.flatMap((endpoint, i): SocketSource[] => {
      const tcp = this.opened[i]?.tcp;
      return tcp === undefined ? [{ endpoint, fd: undefined }] : tcp.map((fd) => ({ endpoint, fd }));
    });
  }

  /** Every UDP socket; empty where the system does not tell. */
  udpStates(): SocketState[] {
    const { libc } = this;
    if (libc === undefined) return [];
    return this.opened.flatMap(({ endpoint, udp }) =>
      udp.flatMap((fd, i) => {
        const memory = socketMemory(libc, fd);
        const worker = i % this.#workers;
        return memory === undefined ? [] : [{ address: formatEndpoint(endpoint), worker, ...memory }];
      }),
    );
  }

  closeUdp(): void {
    for (const { udp } of this.opened) for (const fd of udp) this.libc?.close(fd);
  }

  closeTcp(): void {
    for (const { tcp } of this.opened) for (const fd of tcp) this.libc?.close(fd);
  }
}

/** What was handed over, or else every listen address. Throws ListenError with nothing left open. */
function openAll(
  libc: Libc,
  user: AddressUser,
  { listen, inherited = [], receiveBufferBytes, workers }: AddressOptions,
): OpenedEndpoint[] {
  const opened: OpenedEndpoint[] = [];
  try {
    for (const sockets of inherited) {
      if (!user.learnsAddress) refuseWildcard(user, sockets.endpoint);
      opened.push(adoptEndpoint(libc, sockets, receiveBufferBytes));
    }
    if (inherited.length > 0) return opened;
    for (const endpoint of listen) opened.push(openEndpoint(libc, endpoint, workers, receiveBufferBytes));
    return opened;
  } catch (error) {
    for (const { udp, tcp } of opened) for (const fd of [...udp, ...tcp]) libc.close(fd);
    throw error;
  }
}

/** See expandWildcards. */
function refuseWildcard({ name }: AddressUser, endpoint: Endpoint): void {
  if (!isWildcard(endpoint.address)) return;
  throw new ListenError(
    `the ${name} transport cannot serve ${formatEndpoint(endpoint)}, as it was handed over: it does not learn which address was asked; name the addresses in the unit, or let dns.transport be auto`,
  );
}

/** Each address that the machine has at the start, instead of a wildcard. */
function expandWildcards(listen: readonly Endpoint[]): Endpoint[] {
  const wide = listen.find(({ address }) => isWildcard(address));
  if (wide === undefined) return [...listen];
  const all = ownAddresses(wide);
  return listen.flatMap((endpoint) => {
    if (!isWildcard(endpoint.address)) return [endpoint];
    const family = net.isIPv6(endpoint.address) ? 'IPv6' : 'IPv4';
    // A link-local address means nothing without its interface.
    const own = all.filter((address) => address.family === family && !isLinkLocal(address.address));
    return own.map(({ address }) => ({ address, port: endpoint.port }));
  });
}

function ownAddresses(wide: Endpoint): os.NetworkInterfaceInfo[] {
  try {
    return Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? []);
  } catch (error) {
    const why = `the system does not tell what addresses this machine has (${(error as Error).message}); name them`;
    throw new ListenError(`cannot listen on ${formatEndpoint(wide)}: ${why}`);
  }
}
