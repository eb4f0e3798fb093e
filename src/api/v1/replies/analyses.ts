/** What the gates of a release said, as the API shows it. */
import type * as contract from '../../../contract/types.ts';
import type { KeptAnalysis, KeptMetric } from '../../../model/kept-analysis.ts';
import type { Release } from '../../../model/release.ts';
import { type Measured, phaseOf } from '../../../model/release-measurements.ts';
import { timeOf } from './time.ts';

/** Every analysis, in order of time; last the one that goes on, if one does. */
export function analysesReply(
  { analyses = [], stepIndex }: Release,
  running: Measured | undefined,
): contract.AnalysisRecord[] {
  const ended = analyses.map((analysis) => ({
    stepIndex: analysis.stepIndex,
    phase: analysis.phase,
    message: analysis.message,
    startedAt: timeOf(analysis.startedAtMs),
    endedAt: timeOf(analysis.endedAtMs),
    earlier: analysis.isEarlier ?? false,
    failureLimit: analysis.failureLimit,
    metrics: metricReplies(analysis),
  }));
  if (running === undefined) return ended;
  const { startedAtMs, failureLimit } = running;
  const now = { stepIndex, phase: 'running', message: '', startedAt: timeOf(startedAtMs), endedAt: null };
  const metrics = metricReplies({ ...running, phase: 'running' });
  return [...ended, { ...now, earlier: false, failureLimit, metrics }];
}

function metricReplies(
  analysis: Pick<KeptAnalysis, 'failureLimit' | 'metrics'> & { readonly phase: string },
): contract.AnalysisRecord['metrics'] {
  return analysis.metrics.map((metric) => ({
    name: metric.name,
    phase: phaseOf(metric, analysis),
    counts: { passed: 0, failed: 0, inconclusive: 0, error: 0, ...metric.counts },
    measurements: metric.latest.map(measurementReply),
  }));
}

function measurementReply({ atMs, phase, message, value }: KeptMetric['latest'][number]) {
  return { at: timeOf(atMs), phase, ...(value !== undefined && { value }), message };
}
