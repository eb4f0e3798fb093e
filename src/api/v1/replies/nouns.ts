/** Nouns as control shows them, which the compiler holds to what the contract promises: what drifts is no program. */
import type * as contract from '../../../contract/types.ts';
import * as dnssec from '../../../control/replies/dnssec.ts';
import * as freezes from '../../../control/replies/freezes.ts';
import * as health from '../../../control/replies/health.ts';
import * as proposals from '../../../control/replies/proposals.ts';
import * as releases from '../../../control/replies/releases.ts';
import * as revisions from '../../../control/replies/revision.ts';
import * as rrsets from '../../../control/replies/rrsets.ts';
import * as services from '../../../control/replies/services.ts';
import * as tokens from '../../../control/replies/tokens.ts';
import * as webhooks from '../../../control/replies/webhooks.ts';
import * as zones from '../../../control/replies/zones.ts';
import type { Problem } from '../../../model/errors.ts';

/** A function of the same arguments, by its result. */
type Shows<Builder extends (...noun: never[]) => unknown, Shape> = (...noun: Parameters<Builder>) => Shape;

export const zoneReply: Shows<typeof zones.zoneReply, contract.Zone> = zones.zoneReply;
export const signingReply: Shows<typeof dnssec.signingReply, contract.Signing> = dnssec.signingReply;
export const rrsetReply: Shows<typeof rrsets.rrsetReply, contract.RRset> = rrsets.rrsetReply;
export const serviceReply: Shows<typeof services.serviceReply, contract.Service> = services.serviceReply;
export const weightsReply: Shows<
  typeof services.weightsReply,
  Omit<contract.WeightsReply, 'revision'>
> = services.weightsReply;
export const healthReply: Shows<typeof health.healthReply, contract.Health> = health.healthReply;
export const freezeReply: Shows<typeof freezes.freezeReply, contract.Freeze> = freezes.freezeReply;
export const freezeOutlook: Shows<typeof freezes.freezeOutlook, contract.FreezeOutlook | Problem> =
  freezes.freezeOutlook;
export const proposedReply: Shows<typeof proposals.proposedReply, contract.ProposedChange> = proposals.proposedReply;
export const releaseReply: Shows<typeof releases.releaseReply, contract.Release> = releases.releaseReply;
export const revisionReply: Shows<typeof revisions.revisionReply, contract.Revision> = revisions.revisionReply;
export const tokenReply: Shows<typeof tokens.tokenReply, contract.Token> = tokens.tokenReply;
export const webhookReply: Shows<typeof webhooks.webhookReply, contract.Webhook> = webhooks.webhookReply;
