/** The analyses of a release that have ended, as they stay with it. */

/** What a measurement came to. `error`: the gate could not be asked, which says nothing of what it measures. */
type Phase = 'passed' | 'failed' | 'inconclusive' | 'error';

/** One measurement. */
export interface KeptMeasurement {
  /** Unix time, milliseconds. */
  readonly atMs: number;
  readonly phase: Phase;
  readonly message: string;
  readonly value?: number;
}

/** What is kept of one metric. */
export interface KeptMetric {
  readonly name: string;
  /** How many measurements there were of each outcome, those too that are not kept. */
  readonly counts: Readonly<Partial<Record<Phase, number>>>;
  /** In order of time; failures are kept longer than what passed. */
  readonly latest: readonly KeptMeasurement[];
}

/** An analysis that has ended. `stopped`: by a person, before it had its verdict. */
export interface KeptAnalysis {
  readonly stepIndex: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly phase: Phase | 'stopped';
  readonly message: string;
  /** Of an attempt before the release was retried. */
  readonly isEarlier?: boolean;
  readonly failureLimit: number;
  readonly metrics: readonly KeptMetric[];
}
