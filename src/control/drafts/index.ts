/** Works out what a command would do, whatever its kind; the face of this folder. */
import type { Store } from '../../store/sqlite.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { atOnce } from '../slices.ts';
import { draftRoll, draftSign, draftSigningStep, draftUnsign } from './dnssec.ts';
import type { Drafted } from './draft.ts';
import { draftFreezeDelete, draftFreezePut } from './freezes.ts';
import { draftHealth } from './health.ts';
import { draftMoving, draftProposal } from './proposals.ts';
import { draftRecords, draftRRsetDelete, draftRRsetPut } from './records.ts';
import { draftedAhead } from './records-ahead.ts';
import { draftReleaseStep, draftReleaseVerb } from './releases.ts';
import { draftReplacement } from './replacing.ts';
import { draftRollback } from './rollback.ts';
import { draftServiceDelete, draftServicePut } from './services.ts';
import { refuseInKept } from './signed-guard.ts';
import { draftTokenCreate, draftTokenDelete } from './tokens.ts';
import { draftVouch } from './vouching.ts';
import { draftWebhookDelete, draftWebhookPut } from './webhooks.ts';
import { draftZoneImport } from './zone-import.ts';
import { draftZoneDelete, draftZonePut } from './zones.ts';

/** Nothing is changed: the draft names the changes of the revision that the command would make. */
export function draft(store: Store, command: Command, context: CommandContext, revision: number): Drafted {
  return refuseInKept(store, command) ?? drafted(store, command, context, revision);
}

function drafted(store: Store, command: Command, context: CommandContext, revision: number): Drafted {
  switch (command.kind) {
    case 'zone.put':
      return draftZonePut(store, command, context, revision);
    case 'zone.import':
      return command.sign === undefined
        ? draftZoneImport(store, command, context, revision)
        : draftReplacement(store, { ...command, sign: command.sign }, context, revision);
    case 'zone.delete':
      return draftZoneDelete(store, command, context);
    case 'records.change':
      return draftedAhead(command, revision) ?? atOnce(draftRecords(store, command, context, revision));
    case 'rrset.put':
      return draftRRsetPut(store, command, context, revision);
    case 'rrset.delete':
      return draftRRsetDelete(store, command, context, revision);
    case 'service.put':
      return draftServicePut(store, command, context, revision);
    case 'service.delete':
      return draftServiceDelete(store, command, context, revision);
    case 'weights.put':
    case 'shift':
    case 'release.create':
      return draftMoving(store, command, context, revision);
    case 'proposal.approve':
    case 'proposal.cancel':
    case 'proposal.due':
      return draftProposal(store, command, context, revision);
    case 'rollback':
      return draftRollback(store, command, context, revision);
    case 'health.force':
    case 'health.unforce':
    case 'health.expire':
      return draftHealth(store, command, context, revision);
    case 'release.promote':
    case 'release.pause':
    case 'release.resume':
    case 'release.abort':
    case 'release.retry':
    case 'release.approve':
      return draftReleaseVerb(store, command, context, revision);
    case 'webhook.put':
      return draftWebhookPut(store, command, context, revision);
    case 'webhook.delete':
      return draftWebhookDelete(store, command, context);
    case 'freeze.put':
      return draftFreezePut(store, command, context, revision);
    case 'freeze.delete':
      return draftFreezeDelete(store, command, context);
    case 'token.create':
      return draftTokenCreate(store, command, context, revision);
    case 'token.delete':
      return draftTokenDelete(store, command, context);
    case 'dnssec.sign':
      return draftSign(store, command, context, revision);
    case 'dnssec.roll':
      return draftRoll(store, command, context, revision);
    case 'dnssec.unsign':
      return draftUnsign(store, command, context, revision);
    case 'dnssec.vouch':
      return draftVouch(store, command, revision);
    case 'dnssec.step':
      return draftSigningStep(store, command, context, revision);
    case 'release.step':
      return draftReleaseStep(store, command, context, revision);
  }
}
