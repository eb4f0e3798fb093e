/** One release as it is shown, with what its gates said and say. */
import type * as contract from '../../../contract/types.ts';
import type { AnalysisProgress } from '../../../control/observed/analysis.ts';
import type { ReleaseView } from '../../../control/queries.ts';
import { analysesReply } from './analyses.ts';
import { releaseReply } from './nouns.ts';
import { timeOf } from './time.ts';

export function releaseViewReply({ release, service, progress }: ReleaseView): contract.Release {
  const analyses = analysesReply(release, progress?.measured);
  return {
    ...releaseReply(release, service),
    ...(analyses.length > 0 && { analyses }),
    ...(progress !== undefined && { analysis: analysisReply(progress) }),
  };
}

/** How far the analysis is that it is in. */
function analysisReply({
  count,
  failureLimit,
  consecutiveErrorLimit,
  metrics,
  lastAtMs,
}: AnalysisProgress): contract.AnalysisProgress {
  return {
    count,
    failureLimit,
    consecutiveErrorLimit,
    lastAt: lastAtMs === undefined ? null : timeOf(lastAtMs),
    metrics: metrics.map(({ last, ...counts }) => ({ ...counts, last: last ?? null })),
  };
}
