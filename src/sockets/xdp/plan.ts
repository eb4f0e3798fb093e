/** Which interfaces are served by AF_XDP, and for which addresses: by what is listened on and what the machine has. */
import net from 'node:net';
import type os from 'node:os';
import { type Endpoint, isWildcard } from '../address.ts';
import { XdpFault } from './fault.ts';
import { PROGRAM_ADDRESSES_MAX } from './program.ts';

/** Of the interfaces that are up: see `ownAddresses`. */
type Interfaces = ReturnType<typeof os.networkInterfaces>;

/** An address of this machine; no wildcard. */
export interface OwnEndpoint extends Endpoint {
  /** The interface that has it. */
  readonly on: string;
}

export interface Plan {
  /** Those to serve; VLANs by their own names. */
  readonly interfaces: readonly string[];
  /** The addresses to look for, on every one of them. */
  readonly endpoints: readonly OwnEndpoint[];
  /** How many more there were than a program looks for. */
  readonly leftOut: number;
}

/**
 * `named`: interfaces of the settings; none: those that have an address that is listened on. Of loopback there is
 * nothing to gain, and an address that the machine does not have at the moment is none of its own.
 */
export function planXdp(listen: readonly Endpoint[], named: readonly string[], machine: Interfaces): Plan {
  const own = Object.entries(machine).flatMap(([name, all = []]) =>
    all.map(({ address, internal }) => ({ address: plain(address), internal, name })),
  );
  const endpoints: OwnEndpoint[] = [];
  const names = new Set(named);
  for (const { address, port } of listen) {
    const isV6 = net.isIPv6(address);
    for (const each of own) {
      const isAsked = isWildcard(address) ? net.isIPv6(each.address) === isV6 : each.address === plain(address);
      if (!isAsked || isLoopback(each.address)) continue;
      endpoints.push({ address: each.address, port, on: each.name });
      if (named.length === 0 && !each.internal) names.add(each.name);
    }
  }
  const different = [...new Map(endpoints.map((each) => [`${each.address} ${each.port}`, each])).values()];
  return {
    interfaces: [...names],
    endpoints: different.slice(0, PROGRAM_ADDRESSES_MAX),
    leftOut: Math.max(0, different.length - PROGRAM_ADDRESSES_MAX),
  };
}

/** The same; throws XdpFault where there is nothing to serve. */
export function mustPlanXdp(...of: Parameters<typeof planXdp>): Plan {
  const plan = planXdp(...of);
  if (plan.endpoints.length === 0) throw new XdpFault('no address that is listened on is one of a network interface');
  if (plan.interfaces.length > 0) return plan;
  throw new XdpFault('the addresses that are listened on are on no network card; dns.xdpInterfaces names one');
}

/** Without the zone that a link-local address may have (RFC 4007 §11), and in one notation. */
function plain(address: string): string {
  const bare = address.replace(/%.*$/, '');
  return net.isIPv6(bare) ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare;
}

/** RFC 1122 §3.2.1.3 (g), RFC 4291 §2.5.3. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
