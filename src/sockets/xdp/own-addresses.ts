/** What addresses the machine has, by the interfaces that have them. */
import os from 'node:os';
import type { Libc } from '../libc.ts';
import { interfaceName, realName } from './interface.ts';
import { readLabels } from './netlink.ts';

type Interfaces = ReturnType<typeof os.networkInterfaces>;

/**
 * As node:os tells it, which has each address of IPv4 by its label (ip-address(8)): the interface's name, that with a
 * colon and more behind it, or any other word, as those have that keepalived and systemd-networkd may give.
 */
export function ownAddresses(libc: Libc): Interfaces {
  const told = os.networkInterfaces();
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
