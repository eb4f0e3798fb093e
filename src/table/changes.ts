/** The one face of the table that the control path needs: prepare changes, then publish or take them back. */

import type { Problem } from '../model/errors.ts';
import type { ModelChange } from '../model/revision.ts';
import type { RRset } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';

/** The records of a zone that were compiled aside: the cell of their index, and what the zone's version says of them. */
export interface StagedIndex {
  readonly index: number;
  readonly flags: number;
}

/** A change of the model, with what was staged in this table for it. */
export type TableChange =
  | Exclude<ModelChange, { op: 'importZone' }>
  | { readonly op: 'importZone'; readonly zone: Zone; readonly staged: StagedIndex };

/** Up to where a table holds what a store does. */
export interface Held {
  readonly revision: number;
  /** Tells the history that led there from every other; see control/log/history.ts. */
  readonly history: number;
}

export interface TableChanges {
  /** Brings a whole zone in and publishes it: cheaper than its RRsets one by one, for the start. */
  load(zone: Zone, rrsets: Iterable<RRset>): Problem | undefined;
  /**
   * Compiles every change into the table under a generation that no worker sees yet. On a Problem nothing is left
   * behind. At most one prepared list is pending at a time.
   */
  prepare(changes: readonly TableChange[]): Problem | undefined;
  /**
   * Makes all that was prepared visible to every worker, in one store of the generation word. `held`: the revision that the
   * table holds from then on; left out: that which it held.
   */
  publish(held?: Held): void;
  /** Undoes what was prepared: the store refused it. */
  takeBack(): void;
}
