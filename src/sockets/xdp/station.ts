/** The hardware address that queries come to: an interface's own, but for a port of a bridge. */
import type { Libc } from '../libc.ts';
import { type InterfaceSight, interfaceName, readDriver, seeInterface } from './interface.ts';
import { readMaster } from './netlink.ts';

/**
 * The same, with the address of the bridge that it is a port of: that has the addresses of IP, and says so by ARP. A
 * bond's cards have the bond's, or each its own, as it is told (balance-alb).
 */
export function withStation<T extends InterfaceSight>(libc: Libc, sight: T): T {
  const master = sight.mac === undefined ? undefined : readMaster(libc, sight.index);
  const name = master === undefined ? undefined : interfaceName(libc, master);
  if (master === undefined || name === undefined || readDriver(libc, name) !== 'bridge') return sight;
  return { ...sight, mac: seeInterface(libc, master)?.mac ?? sight.mac };
}
