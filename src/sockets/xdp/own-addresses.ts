/** What addresses the machine has, by the interfaces that have them. */
import os from 'node:os';
import type { Libc } from '../libc.ts';
import { faultOf } from './fault.ts';
import { interfaceName, realName } from './interface.ts';
import { readLabels } from './netlink.ts';

type Interfaces = ReturnType<typeof os.networkInterfaces>;

/** How Node tells what the kernel said, whose number may have either sign. */
interface Told {
  readonly info?: { readonly errno?: number };
}

/**
 * As node:os tells it, which has each address of IPv4 by its label (ip-address(8)): the interface's name, that with a
 * colon and more behind it, or any other word, as those have that keepalived and systemd-networkd may give. Throws
 * XdpFault where they are not told.
 */
export function ownAddresses(libc: Libc): Interfaces {
  const told = networkInterfaces();
  let labels: ReadonlyMap<string, number> | undefined;
  const nameOf = (label: string): string => {
    const name = label.replace(/:.*/, '');
    if (realName(libc, name) !== undefined) return name;
    labels ??= readLabels(libc);
    const index = labels.get(label);
    // What is not told stays as it is called.
    return (index === undefined ? undefined : interfaceName(libc, index)) ?? name;
  };
  const own: Interfaces = {};
  for (const [label, addresses = []] of Object.entries(told)) {
    const name = nameOf(label);
    own[name] = [...(own[name] ?? []), ...addresses];
  }
  return own;
}

function networkInterfaces(): Interfaces {
  try {
    return os.networkInterfaces();
  } catch (error) {
    const filtered = 'a filter hides them (RestrictAddressFamilies=, which takes AF_NETLINK)';
    const meanings = { EAFNOSUPPORT: filtered, EPERM: filtered, EACCES: filtered };
    throw faultOf('the addresses of this machine', Math.abs((error as Told).info?.errno ?? 0), meanings);
  }
}
