/** What was staged in this process for entries that name their records by a hash: the hash is the log's, the rest our own. */
import assert from 'node:assert/strict';
import type { ModelChange } from '../../model/revision.ts';
import type { Zone } from '../../model/zone.ts';
import type { StagedZone } from '../commands/built-zone.ts';

/** A change of the model, with what was staged in this process for it. */
export type LocalChange =
  | Exclude<ModelChange, { op: 'importZone' }>
  | { readonly op: 'importZone'; readonly zone: Zone; readonly staged: StagedZone };

export class StagedZones {
  /** An index is of one zone, so that its name counts too. */
  readonly #zones = new Map<string, StagedZone>();

  put(zone: string, staged: StagedZone): void {
    this.#zones.set(keyOf(zone, staged.content), staged);
  }

  /** Whether the records of a zone were staged. */
  has(zone: string, content: string): boolean {
    return this.#zones.has(keyOf(zone, content));
  }

  /** It was taken over, or given up. */
  remove(zone: string, content: string): void {
    this.#zones.delete(keyOf(zone, content));
  }

  /** The change as this process carries it out. */
  localOf(change: ModelChange): LocalChange {
    if (change.op !== 'importZone') return change;
    const staged = this.#zones.get(keyOf(change.zone.name, change.content));
    assert(staged !== undefined, 'what an entry imports was staged before it is applied');
    return { op: 'importZone', zone: change.zone, staged };
  }
}

function keyOf(zone: string, content: string): string {
  return `${content}/${zone}`;
}
