/** The transports that there are, and which of them serves UDP on this machine. */
import { batch } from './batch/index.ts';
import type { Libc } from './libc.ts';
import { ListenError } from './open.ts';
import { portable } from './portable/index.ts';
import { tcp } from './tcp/index.ts';
import type { Transport } from './transport.ts';

/** The cheapest first; the last works everywhere. Another one is a folder, and a line here. */
const UDP = [batch, portable] as const;

type UdpTransport = (typeof UDP)[number]['name'];

/** Values of the setting `dns.transport`. */
export const UDP_TRANSPORTS: readonly ['auto', ...UdpTransport[]] = ['auto', ...UDP.map(({ name }) => name)];
/** The same in words, without `auto`. */
export const UDP_TRANSPORTS_WORDS = UDP.map(({ name, about }) => `${name} (${about})`).join(', ');
export type UdpTransportSetting = (typeof UDP_TRANSPORTS)[number];

export const TCP: Transport = tcp;

/** The transport of a worker's role. */
export function transportNamed(name: string): Transport | undefined {
  return [...UDP, tcp].find((each) => each.name === name);
}

interface Found {
  readonly transport: Transport;
  /** Calls that the system refuses, by name, and that the transport does without. */
  readonly refused: ReadonlyMap<string, number>;
  /** What should have served and does not work here. */
  readonly failed: readonly { readonly summary: string; readonly why: string }[];
}

/** The transport that is to serve UDP. Throws ListenError where the one that was asked for cannot. */
export function findUdpTransport(
  libc: Libc | undefined,
  wanted: string,
  transports: readonly Transport[] = UDP,
): Found {
  const failed: { summary: string; why: string }[] = [];
  for (const transport of transports) {
    if (wanted !== 'auto' && wanted !== transport.name) continue;
    const found = transport.available(libc);
    if (found.works) return { transport, refused: found.refused, failed };
    if (wanted !== 'auto') {
      const why = 'lacks' in found ? `needs ${found.lacks}` : `does not work here: ${found.why}`;
      throw new ListenError(`dns.transport: ${transport.name} ${why}; use auto`);
    }
    if ('why' in found) failed.push(found);
  }
  throw new ListenError(`dns.transport: ${wanted} is none that could serve here; use auto`);
}
