/** What a name has that its proofs speak of, as the writer of the zone knows it. */
import { ttlInForce } from '../../model/service.ts';
import { TYPE } from '../../wire/constants.ts';
import type { NodeContent } from '../nodes.ts';
import type { RRsetCompiler } from '../rrset-compiler.ts';
import type { ServiceRegistry } from '../services.ts';
import { type Owned, ownsRecords } from './nsec.ts';

/** `owner`: in lower-case wire form. */
export function ownedAt(
  services: ServiceRegistry,
  zone: { readonly name: string; readonly compiler: RRsetCompiler },
  owner: Uint8Array,
  { rrsets }: NodeContent,
): Owned {
  const at = services.typesAt(zone.name, owner, ownsRecords(rrsets));
  return {
    types: rrsets.keys(),
    isCut: rrsets.has(TYPE.NS) && !zone.compiler.isApex(owner),
    service: at && { pools: at.pools, ttlSeconds: ttlInForce(at.service) },
  };
}
