/** Finds the nameservers of zones' parents, asks each for the DS, and tells the parent that CDS has changed where it wants to hear of it. */
import { AskingThread } from '../../asking/aside.ts';
import { askForDs } from '../../asking/ds.ts';
import { type Endpoint, findEndpoints } from '../../asking/dsync.ts';
import { type NameServer, Walk } from '../../asking/walk.ts';
import type { Telling } from '../../model/dnssec/notice.ts';
import type { ParentServer } from '../../model/dnssec/transition.ts';
import type { Permits } from '../outbound/permits.ts';

/** A server that is well answers within this even from the other side of the world. */
const PATIENCE = { limitMs: 3000, tries: 2 };
/** Of one endpoint, tried until one answers. */
const ADDRESSES_MAX = 4;

/** Addresses with their ports. */
interface Settings {
  /** Who finds the parent's servers; undefined: they are found from the root. */
  readonly resolver?: string | undefined;
  /** The servers of every parent; none: they are to be found. */
  readonly parentServers: readonly string[];
}

interface Parents {
  /** All servers, and what each has; none: they were not found. `zone`: canonical name. */
  look(zone: string): Promise<readonly ParentServer[]>;
  /** NOTIFY(CDS), to one of the endpoints that the parent names (RFC 9859 §4.2). */
  tell(zone: string): Promise<Telling>;
}

/** `permits`: where a message may go that a DSYNC record sends anywhere. */
export function makeParents({ resolver, parentServers }: Settings, permits: Pick<Permits, 'refusal'>): Parents {
  const thread = new AskingThread(PATIENCE);
  const ask: AskingThread['ask'] = (address, question) => thread.ask(address, question);
  const walk = new Walk(ask, { resolver });
  const given: readonly NameServer[] = parentServers.map((address) => {
    return { host: address, addresses: [address], hasGlue: true };
  });
  const serversOf = async (zone: string): Promise<readonly NameServer[]> => {
    // The root has no parent, and dns2 knows no escapes in names.
    if (zone === '' || zone.includes('\\')) return [];
    if (given.length > 0) return given;
    const delegation = await walk.delegation(zone);
    return 'reason' in delegation ? [] : delegation.parentServers;
  };
  const sendTo = async (zone: string, { host, port }: Endpoint, servers: readonly string[]): Promise<Telling> => {
    let error = `no address of ${host} was found`;
    for (const address of (await walk.addresses(host)).slice(0, ADDRESSES_MAX)) {
      const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
      // The parent's own nameservers are asked anyway.
      const refusal = servers.some((server) => hostOf(server) === address) ? undefined : permits.refusal(address);
      if (refusal !== undefined) {
        error = `${host} ${refusal}`;
        continue;
      }
      const answer = await ask(place, { name: zone, type: 'CDS', isNotify: true });
      if (!('error' in answer) && answer.rcode === 0) return { endpoint: `${host}:${port}` };
      error = `${host}:${port}: ${'error' in answer ? answer.error : `it answered with RCODE ${answer.rcode}`}`;
    }
    return { error };
  };
  return {
    look: async (zone) => {
      const servers = await serversOf(zone);
      return servers.length === 0 ? [] : askForDs(zone, servers, ask);
    },
    tell: async (zone) => {
      const servers = (await serversOf(zone)).flatMap(({ addresses }) => addresses);
      if (servers.length === 0) return { error: 'the nameservers of the parent were not found' };
      const endpoints = await findEndpoints(zone, servers, ask);
      if ('error' in endpoints) return endpoints;
      let last: Telling = 'none';
      for (const endpoint of endpoints) {
        last = await sendTo(zone, endpoint, servers);
        if (last !== 'none' && 'endpoint' in last) return last;
      }
      return last;
    },
  };
}

/** Of `192.0.2.1`, `192.0.2.1:53` and `[2001:db8::1]:53`. */
function hostOf(address: string): string {
  return (
    /^\[([^\]]+)\]/.exec(address)?.[1] ?? (address.split(':').length > 2 ? address : (address.split(':')[0] as string))
  );
}
