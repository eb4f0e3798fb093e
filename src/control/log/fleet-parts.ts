/** What the log of a fleet is given: who applies entries, what keeps them, who is told. */
import type { Entry } from '../../model/entry.ts';
import type { Problem } from '../../model/errors.ts';
import type { Room } from '../../model/fleet/staging.ts';
import type { NodeSettings, Standing } from '../../model/fleet/turn.ts';
import type { Clock, RandomBytes } from '../clock.ts';
import type { Keeper } from './keeper.ts';
import type { StagedZones } from './staged.ts';

/** Who applies entries, and what keeps them. */
interface Applier {
  readonly lastRevision: number;
  /** See Engine. */
  apply(entry: Entry): Problem | undefined;
  readonly staged: StagedZones;
  readonly isInDoubt: boolean;
  /** Zones that are answered with SERVFAIL, for want of room. */
  readonly leftOut: () => ReadonlySet<string>;
}

export interface FleetLogParts {
  readonly settings: NodeSettings;
  readonly keeper: Keeper;
  readonly applier: Applier;
  /** `steadyMs` goes on while the machine sleeps. */
  readonly clock: Pick<Clock, 'steadyMs' | 'after'>;
  readonly randomBytes: RandomBytes;
  /** How full the engine is. */
  readonly room: () => Promise<Room>;
  /** Of this node's leadership; undefined: it does not lead. */
  readonly epoch: () => number | undefined;
  readonly listener: FleetListener;
}

interface FleetListener {
  /** Until when, of the steady clock, this node may claim to be current; 0: it may not. */
  onClaim(untilMs: number): void;
  onStanding(standing: Standing, words: string): void;
  /** Nothing is appended or applied any more. */
  onEnded(why: 'stopped' | 'taken' | 'removed', words: string): void;
  /** The log has no entry any more that would come next here: only a snapshot helps. */
  onMissing(revision: number): void;
  /** The way to the log is broken; it is tried again. */
  onBroken(words: string): void;
}
