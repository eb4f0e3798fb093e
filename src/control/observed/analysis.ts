/** How far the analysis of a release is: what this server measured, and no revision knows. */
import type { MetricProgress } from '../../model/release-analysis.ts';
import type { Measured } from '../../model/release-measurements.ts';

/** How far an analysis is. A member that the step leaves out has its default here. */
export interface AnalysisProgress {
  readonly count: number;
  readonly failureLimit: number;
  readonly consecutiveErrorLimit: number;
  readonly metrics: readonly MetricProgress[];
  /** Unix time of the last measurements, milliseconds; undefined: there were none. */
  readonly lastAtMs: number | undefined;
  readonly measured: Measured;
}
