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
  /** The interfaces that have it: several may, those of VLANs for example. */
  readonly on: readonly string[];
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
 * nothing to gain, and an address that the machine does not have at the moment is none of its own. One with a zone is that
 * of one interface, though others may have the same (RFC 4007 §6).
 */
export function planXdp(listen: readonly Endpoint[], named: readonly string[], machine: Interfaces): Plan {
  const own = Object.entries(machine).flatMap(([name, all = []]) =>
    all.map((each) => ({ ...each, address: plain(each.address), name })),
  );
  const found = new Map<string, { readonly address: string; readonly port: number; readonly on: string[] }>();
  const names = new Set(named);
  for (const { address, port } of listen) {
    const isV6 = net.isIPv6(address);
    const zone = zoneOf(address);
    for (const each of own) {
      const isOfZone = zone === undefined || zone === each.name || zone === String(each.scopeid);
      const isAsked = isWildcard(address) ? net.isIPv6(each.address) === isV6 : each.address === plain(address);
      if (!isAsked || !isOfZone || isLoopback(each.address)) continue;
      const key = `${each.address} ${port}`;
      const endpoint = found.get(key) ?? { address: each.address, port, on: [] };
      if (!endpoint.on.includes(each.name)) endpoint.on.push(each.name);
      found.set(key, endpoint);
      if (named.length === 0 && !each.internal) names.add(each.name);
    }
  }
  const different = [...found.values()];
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

/** The name or the number of an interface. */
function zoneOf(address: string): string | undefined {
  return /%(.*)$/.exec(address)?.[1];
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
