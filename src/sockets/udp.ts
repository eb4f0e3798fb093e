/** The addresses with the transport that serves UDP there: the first that can, found out by opening it. */
import { isWildcard } from './address.ts';
import type { Libc } from './libc.ts';
import { type AddressOptions, ListenAddresses } from './listen-addresses.ts';
import type { Opened, Transport, TransportOptions } from './transport.ts';
import { findUdpTransport } from './transports.ts';

/** A transport with what of it is open. */
export interface Served extends Opened {
  readonly transport: Transport;
}

interface OpenedUdp {
  readonly addresses: ListenAddresses;
  readonly udp: Served;
  /** Calls that the system refuses, by name, and that the transport does without. */
  readonly refused: ReadonlyMap<string, number>;
  /** What should have served and does not work here. */
  readonly failed: readonly { readonly summary: string; readonly why: string }[];
}

/** Throws ListenError with nothing left open. `transports`: those that there are, unless a test has others. */
export async function openUdp(
  libc: Libc | undefined,
  wanted: string,
  options: AddressOptions & TransportOptions,
  transports?: readonly Transport[],
): Promise<OpenedUdp> {
  let found = findUdpTransport(libc, wanted, transports, options);
  const failed = [...found.failed];
  let addresses = await ListenAddresses.open(libc, found.transport, options);
  for (;;) {
    const { transport, refused, others } = found;
    const opened = transport.open(addresses, options);
    if (!('works' in opened)) return { addresses, udp: { transport, ...opened }, refused, failed };
    failed.push({ summary: opened.summary, why: opened.why });
    found = findUdpTransport(libc, 'auto', others, options);
    failed.push(...found.failed);
    const isWide = addresses.endpoints.some(({ address }) => isWildcard(address));
    if (!isWide || found.transport.learnsAddress) continue;
    addresses.closeUdp();
    addresses.closeTcp();
    addresses = await ListenAddresses.open(libc, found.transport, options);
  }
}
