/** The rows that are derived from the log: each change of the model changes them in the revision's own transaction. */
import { isOpen } from '../model/proposed.ts';
import { isActive } from '../model/release.ts';
import type { ModelChange, StagedRRset } from '../model/revision.ts';
import type { Zone } from '../model/zone.ts';
import type { Packed } from './packed.ts';
import { notedColumns, rrsetColumns } from './rows.ts';
import type { Statements } from './statements.ts';

/** The content under which the store keeps records that were staged; or, where they are few, the RRsets themselves. */
export type StagedRecords = number | readonly StagedRRset[];

/** The records of a zone, brought beforehand to where they can be taken over in one short step. */
export interface StagedContent {
  /** Their SHA-256, see packed.ts. */
  readonly content: string;
  readonly records: StagedRecords;
  /** The packed content, where the records are few: the commit brings it in with them. */
  readonly packed?: readonly Uint8Array[];
}

/** A change of the model, with what was staged in this store for it. */
export type StoreChange =
  | Exclude<ModelChange, { op: 'importZone' }>
  | { readonly op: 'importZone'; readonly zone: Zone; readonly staged: StagedContent };

/** The revision of an RRset that came with its content: see `contents` in migrations.ts. */
const OF_ITS_CONTENT = 0;

export class Derived {
  readonly #statements: Statements;
  readonly #packed: Packed;

  constructor(statements: Statements, packed: Packed) {
    this.#statements = statements;
    this.#packed = packed;
  }

  /** To be called in the revision's transaction. */
  apply(change: StoreChange): void {
    const statements = this.#statements;
    switch (change.op) {
      case 'putZone': {
        const content = this.#contentOf(change.zone.name) ?? statements.addContent.run('live').lastInsertRowid;
        statements.putZone.run(change.zone.name, JSON.stringify(change.zone), content);
        return;
      }
      case 'importZone': {
        const { zone, staged } = change;
        const replaced = this.#contentOf(zone.name);
        const content = this.#takeOver(staged.records);
        this.#packed.use(staged.content, zone.revision, staged.packed);
        statements.putZone.run(zone.name, JSON.stringify(zone), content);
        statements.useContent.run(zone.revision, content);
        if (replaced === undefined) return;
        // Staged records have no labels, nor a text: those of RRsets that stay are taken along.
        statements.keepLabels.run(replaced, content);
        statements.keepWritten.run(replaced, content);
        statements.dropContent.run(replaced);
        return;
      }
      case 'deleteZone':
        statements.dropContent.run(this.#contentOf(change.zone));
        statements.deleteServicesOf.run(change.zone);
        statements.deleteSigning.run(change.zone);
        statements.deleteZone.run(change.zone);
        return;
      case 'putRRset': {
        const { rrset } = change;
        const columns = [...rrsetColumns(rrset), ...notedColumns(rrset)];
        statements.putRRset.run(this.#contentOf(rrset.zone), rrset.revision, ...columns);
        return;
      }
      case 'deleteRRset':
        statements.deleteRRset.run(this.#contentOf(change.zone), change.name, change.type);
        return;
      case 'putService':
        statements.putService.run(change.service.name, change.service.zone, JSON.stringify(change.service));
        return;
      case 'deleteService':
        statements.deleteService.run(change.name);
        return;
      case 'putRelease': {
        const { release } = change;
        statements.putRelease.run(release.id, JSON.stringify(release));
        const active = isActive(release) ? 1 : 0;
        for (const { name } of release.services) statements.putReleaseService.run(name, release.id, active);
        return;
      }
      case 'putToken': {
        const { digest, ...body } = change.token;
        statements.putToken.run(body.name, digest, JSON.stringify(body));
        return;
      }
      case 'putWebhook': {
        const { secret, ...body } = change.webhook;
        statements.putWebhook.run(body.name, secret, JSON.stringify(body));
        return;
      }
      case 'deleteWebhook':
        statements.deleteWebhook.run(change.name);
        statements.deleteDeliveries.run(change.name);
        return;
      case 'putSigning':
        statements.putSigning.run(change.signing.zone, JSON.stringify(change.signing));
        return;
      case 'deleteSigning':
        return void statements.deleteSigning.run(change.zone);
      case 'putFreeze':
      case 'deleteFreeze':
      case 'putProposal':
        return this.#agree(change);
      case 'deleteToken':
        statements.deleteToken.run(change.name);
        // The next one of this name must not be told what this one was.
        statements.forgetRepliesTo.run(change.name);
        return;
    }
  }

  /** What people have agreed on about changes to come. */
  #agree(change: Extract<StoreChange, { op: 'putFreeze' | 'deleteFreeze' | 'putProposal' }>): void {
    const { putFreeze, deleteFreeze, putProposal } = this.#statements;
    if (change.op === 'deleteFreeze') deleteFreeze.run(change.name);
    else if (change.op === 'putProposal') {
      const { proposal } = change;
      putProposal.run(proposal.id, isOpen(proposal) ? 1 : 0, JSON.stringify(proposal));
    } else putFreeze.run(change.freeze.name, JSON.stringify(change.freeze));
  }

  #contentOf(zone: string): number | undefined {
    return (this.#statements.contentOf.get(zone) as { content: number } | undefined)?.content;
  }

  /** The content of staged records. */
  #takeOver(records: StagedRecords): number | bigint {
    if (typeof records === 'number') return records;
    const content = this.#statements.addContent.run('live').lastInsertRowid;
    for (const rrset of records)
      this.#statements.putRRset.run(content, OF_ITS_CONTENT, ...rrsetColumns(rrset), ...notedColumns({}));
    return content;
  }
}
