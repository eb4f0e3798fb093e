/** A proposed service as it is shown. */
import { shown } from '../../../control/names.ts';
import type { Proposal } from '../../../control/proposal.ts';
import { rrsetReply } from '../../../control/replies/rrsets.ts';

export function proposalReply({ name, zone, replaces, ...rest }: Proposal): object {
  return { name: shown(name), zone: shown(zone), replaces: replaces.map(rrsetReply), ...rest };
}
