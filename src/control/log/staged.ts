/** What was staged in this process for entries that name their records by a hash: the hash is the log's, the rest our own. */
import assert from 'node:assert/strict';
import type { Problem } from '../../model/errors.ts';
import type { ModelChange } from '../../model/revision.ts';
import type { Zone } from '../../model/zone.ts';
import type { PackedContent } from '../../store/packed.ts';
import type { Contents, StagedZone } from '../commands/built-zone.ts';

/** A change of the model, with what was staged in this process for it. */
export type LocalChange =
  | Exclude<ModelChange, { op: 'importZone' }>
  | { readonly op: 'importZone'; readonly zone: Zone; readonly staged: StagedZone };

/** Brings a packed content into store and table, where nobody sees it yet, and gives it up again. */
interface Stager {
  /** Whether something is being built: of what the table has not there may be more when that is done, or given up. */
  isBusy(): boolean;
  stage(zone: string, content: PackedContent): Promise<StagedZone | Problem>;
  /** The same for a zone that the table has no room for, and leaves out. */
  stageLeftOut(zone: string, content: PackedContent): Promise<StagedZone | Problem>;
  drop(staged: StagedZone): void;
}

export class StagedZones {
  /** Who brings in what others import; undefined: nobody does yet. */
  stager: Stager | undefined;
  /** What imports need in a fleet; undefined: one node alone needs nothing. */
  contents: Contents | undefined;
  /**
   * An index is of one zone, so that its name counts too. The same may be staged more than once at a time: here, and for
   * another node that imports the same file. Which of them an entry takes over is all the same, and each has to go in the end.
   */
  readonly #zones = new Map<string, readonly StagedZone[]>();

  put(zone: string, staged: StagedZone): void {
    const key = keyOf(zone, staged.content);
    this.#zones.set(key, [...(this.#zones.get(key) ?? []), staged]);
  }

  /** Whether the records of a zone were staged. */
  has(zone: string, content: string): boolean {
    return this.#zones.has(keyOf(zone, content));
  }

  /** One was taken over, or is given up; undefined: it is not here, so that there is nothing to be given up. */
  take(zone: string, content: string): StagedZone | undefined {
    const key = keyOf(zone, content);
    const [staged, ...left] = this.#zones.get(key) ?? [];
    if (left.length > 0) this.#zones.set(key, left);
    else this.#zones.delete(key);
    return staged;
  }

  /** An entry has taken over what it names. */
  takeOver(changes: readonly ModelChange[]): void {
    for (const change of changes) if (change.op === 'importZone') this.take(change.zone.name, change.content);
  }

  /** An entry that was not kept, and never will be: what was staged for it is given back. */
  giveUp(changes: readonly ModelChange[]): void {
    for (const change of changes) {
      const left = change.op === 'importZone' ? this.take(change.zone.name, change.content) : undefined;
      if (left !== undefined) this.stager?.drop(left);
    }
  }

  /** The change as this process carries it out. */
  localOf(change: ModelChange): LocalChange {
    if (change.op !== 'importZone') return change;
    const [staged] = this.#zones.get(keyOf(change.zone.name, change.content)) ?? [];
    assert(staged !== undefined, 'what an entry imports was staged before it is applied');
    return { op: 'importZone', zone: change.zone, staged };
  }
}

function keyOf(zone: string, content: string): string {
  return `${content}/${zone}`;
}

/** Whether one of the changes brings a zone these records. */
export function imports(changes: readonly ModelChange[], zone: string, content: string): boolean {
  return changes.some((each) => each.op === 'importZone' && each.zone.name === zone && each.content === content);
}
