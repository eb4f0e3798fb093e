/** A proposed service as it is shown. */
import type * as contract from '../../../contract/types.ts';
import type { Proposal } from '../../../control/proposal.ts';
import { shown } from '../../../shown.ts';
import { rrsetReply } from './nouns.ts';

export function proposalReply({ name, zone, replaces, ...rest }: Proposal): contract.Proposal {
  return { name: shown(name), zone: shown(zone), replaces: replaces.map(rrsetReply), ...rest };
}
