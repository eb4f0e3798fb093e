/** Which of the addresses come by an interface so that it can answer: not those of other links, nor of VLANs that it hides. */
import { isLinkLocal } from '../address.ts';
import type { Libc } from '../libc.ts';
import { hidesVlanTags, type InterfaceSight, interfaceName, vlanParent } from './interface.ts';
import { readMaster } from './netlink.ts';
import type { OwnEndpoint } from './plan.ts';

/** What has to be known, asked only where it matters: drivers are asked no more than they must. */
interface Looks {
  /** The interface below one that is a VLAN. */
  readonly parentOf: (name: string) => string | undefined;
  readonly hidesTags: () => boolean;
  /** The bond, team or bridge that the interface belongs to, whose VLANs come by it, too. */
  readonly master: () => string | undefined;
}

/** As they are now, of an interface by the name that it has now. */
export function looksOf(libc: Libc, { index, name }: InterfaceSight): Looks {
  return {
    parentOf: (each) => vlanParent(libc, each),
    hidesTags: () => hidesVlanTags(libc, name),
    master: () => {
      const master = readMaster(libc, index);
      return master === undefined ? undefined : interfaceName(libc, master);
    },
  };
}

/** Without the link-local addresses of others, which other machines, or other servers of this one, may have here (RFC 4007 §6). */
export function withoutOtherLinks(
  name: string,
  endpoints: readonly OwnEndpoint[],
  { parentOf, master }: Looks,
): OwnEndpoint[] {
  const isOf = (on: readonly string[], which: string | undefined): boolean =>
    which !== undefined && on.some((each) => each === which || parentOf(each) === which);
  return endpoints.filter(({ address, on }) => !isLinkLocal(address) || isOf(on, name) || isOf(on, master()));
}

/**
 * Without the addresses of VLANs that come by the interface and are hidden: its card takes the tags out of frames, so that
 * no program sees which of them a query came by, and its reply would leave without the tag.
 */
export function withoutHidden(
  name: string,
  endpoints: readonly OwnEndpoint[],
  { parentOf, hidesTags, master }: Looks,
): OwnEndpoint[] {
  const parents = new Map([...new Set(endpoints.flatMap(({ on }) => on))].map((on) => [on, parentOf(on)]));
  const areVlans = [...parents.values()].some((parent) => parent !== undefined);
  if (!areVlans || !hidesTags()) return [...endpoints];
  const below = [name, master()].filter((each) => each !== undefined);
  return endpoints.filter(({ on }) => !on.some((each) => below.includes(parents.get(each) ?? '')));
}
