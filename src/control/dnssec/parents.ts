/** Finds the nameservers of zones' parents, and asks each for the DS. */
import { AskingThread } from '../../asking/aside.ts';
import { askForDs } from '../../asking/ds.ts';
import { type NameServer, Walk } from '../../asking/walk.ts';
import type { ParentServer } from '../../model/dnssec/transition.ts';

/** A server that is well answers within this even from the other side of the world. */
const PATIENCE = { limitMs: 3000, tries: 2 };

/** Addresses with their ports. */
interface Settings {
  /** Who finds the parent's servers; undefined: they are found from the root. */
  readonly resolver?: string | undefined;
  /** The servers of every parent; none: they are to be found. */
  readonly parentServers: readonly string[];
}

/** `zone`: canonical name. None: they were not found. */
export function makeParentLook({
  resolver,
  parentServers,
}: Settings): (zone: string) => Promise<readonly ParentServer[]> {
  const thread = new AskingThread(PATIENCE);
  const ask: AskingThread['ask'] = (address, question) => thread.ask(address, question);
  const walk = new Walk(ask, { resolver });
  const given: readonly NameServer[] = parentServers.map((address) => {
    return { host: address, addresses: [address], hasGlue: true };
  });
  return async (zone) => {
    // The root has no parent, and dns2 knows no escapes in names.
    if (zone === '' || zone.includes('\\')) return [];
    if (given.length > 0) return askForDs(zone, given, ask);
    const delegation = await walk.delegation(zone);
    return 'reason' in delegation ? [] : askForDs(zone, delegation.parentServers, ask);
  };
}
