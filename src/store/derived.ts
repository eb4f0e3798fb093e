/** The rows that are derived from the log: each change of the model changes them in the revision's own transaction. */
import { isOpen } from '../model/proposed.ts';
import { isActive } from '../model/release.ts';
import type { ModelChange, StagedRRset } from '../model/revision.ts';
import type { Zone } from '../model/zone.ts';
import { type Blocks, FIRST_KEY, type RRsetKey } from './blocks.ts';
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

/** RRsets with labels or texts that are looked for at once. */
const NOTED_AT_ONCE = 1000;

export class Derived {
  readonly #statements: Statements;
  readonly #packed: Packed;
  readonly #blocks: Blocks;

  constructor(statements: Statements, packed: Packed, blocks: Blocks) {
    this.#statements = statements;
    this.#packed = packed;
    this.#blocks = blocks;
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
        this.#keepNotes(replaced, Number(content));
        statements.dropContent.run(replaced);
        return;
      }
      case 'deleteZone':
        statements.dropContent.run(this.#contentOf(change.zone));
        statements.deleteServicesOf.run(change.zone);
        statements.deleteSigning.run(change.zone);
        statements.deleteZone.run(change.zone);
        return;
      case 'putRRset':
      case 'deleteRRset':
        return this.#changeRRset(change);
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

  /** One that is in a block is taken out first. */
  #changeRRset(change: Extract<StoreChange, { op: 'putRRset' | 'deleteRRset' }>): void {
    const { putRRset, deleteRRset } = this.#statements;
    const { zone, name, type } = change.op === 'putRRset' ? change.rrset : change;
    const content = this.#contentOf(zone);
    if (content !== undefined) this.#blocks.takeOut(content, { name, type });
    if (change.op === 'deleteRRset') {
      deleteRRset.run(content, name, type);
    } else {
      const columns = [...rrsetColumns(change.rrset), ...notedColumns(change.rrset)];
      putRRset.run(content, change.rrset.revision, ...columns);
    }
  }

  /**
   * Staged records have no labels, nor a text: those of RRsets that stay are taken along. While they were staged, rows
   * were made of all that had some; who has got some since is taken out of its block.
   */
  #keepNotes(replaced: number, content: number): void {
    const { keepLabels, keepWritten, notedElsewhere, putRRset } = this.#statements;
    let after: RRsetKey | undefined = this.#blocks.haveAny(content) ? FIRST_KEY : undefined;
    while (after !== undefined) {
      const rows = notedElsewhere.all(replaced, after.name, after.type, content, NOTED_AT_ONCE) as RRsetKey[];
      this.#blocks.takeOutEach(content, rows, ({ rrset }) => {
        putRRset.run(content, OF_ITS_CONTENT, ...rrsetColumns(rrset), ...notedColumns({}));
      });
      after = rows.length < NOTED_AT_ONCE ? undefined : rows.at(-1);
    }
    keepLabels.run(replaced, content);
    keepWritten.run(replaced, content);
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
