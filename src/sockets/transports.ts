/** The transports that there are, and which of them serves UDP on this machine. */
import { batch } from './batch/index.ts';
import type { Libc } from './libc.ts';
import { ListenError } from './open.ts';
import { portable } from './portable/index.ts';
import { tcp } from './tcp/index.ts';
import type { Asked, Transport } from './transport.ts';
import { xdp } from './xdp/index.ts';

/** The cheapest first; the last works everywhere. Another one is a folder, and a line here. */
const UDP = [xdp, batch, portable] as const;

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
  /** Those that may serve where this one turns out not to when it opens; empty where another one was not asked for. */
  readonly others: readonly Transport[];
}

const NOTHING_KNOWN: Asked = { listen: [] };

/** The transport that is to serve UDP. Throws ListenError where the one that was asked for cannot. */
export function findUdpTransport(
  libc: Libc | undefined,
  wanted: string,
  transports: readonly Transport[] = UDP,
  asked: Asked = NOTHING_KNOWN,
): Found {
  const named = transports.find(({ name }) => name === wanted);
  const byItself = transports.filter((transport) => transport.onlyByName !== true);
  const mayFallBack = named === undefined || named.onlyByName === true;
  const candidates = named === undefined ? byItself : mayFallBack ? [named, ...byItself] : [named];
  const failed: { summary: string; why: string }[] = [];
  if (wanted === 'auto' || named !== undefined) {
    for (const [i, transport] of candidates.entries()) {
      const found = transport.available(libc, asked);
      if (found.works) return { transport, refused: found.refused, failed, others: candidates.slice(i + 1) };
      if (!mayFallBack) {
        const why = 'lacks' in found ? `needs ${found.lacks}` : `does not work here: ${found.why}`;
        throw new ListenError(`dns.transport: ${transport.name} ${why}; use auto`);
      }
      if ('why' in found) failed.push({ summary: found.summary, why: found.why });
      else if (transport === named) failed.push({ summary: `${transport.name} cannot be had`, why: found.lacks });
    }
  }
  throw new ListenError(`dns.transport: ${wanted} is none that could serve here; use auto`);
}
