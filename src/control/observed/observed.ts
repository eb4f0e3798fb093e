/** What this process observes and no revision says, as it is read. */
import type { Problem } from '../../model/errors.ts';
import type { AnalysisProgress } from './analysis.ts';
import { type HealthView, nothingSeen } from './health.ts';

/** What this process observes, and no revision says. */
export interface Observed {
  /** How far the analysis is that a release is in; undefined where it is in none. */
  analysisOf(release: string): AnalysisProgress | undefined;
  readonly health: HealthView;
  /** Workers that do not answer at the moment. */
  missingWorkers(): readonly number[];
  /** Zones that are answered with SERVFAIL, since the table had no room for them. */
  leftOut(): ReadonlySet<string>;
  /** Why what needs a new signature is refused at the moment; undefined: it is not. */
  signingRefusal(): Problem | undefined;
}

export const nothingObserved: Observed = {
  analysisOf: () => undefined,
  health: nothingSeen,
  missingWorkers: () => [],
  leftOut: () => new Set(),
  signingRefusal: () => undefined,
};
