/** What the gates of a release said, as lines. Pure. */
import type { AnalysisRecord, Release } from '../../contract/types.ts';
import type { Style } from './style.ts';
import { columns, instant, printable } from './text.ts';

type Metric = AnalysisRecord['metrics'][number];

/** Every analysis that has ended, in order of time; those that passed in a line each, all others with what they measured. */
export function analysisLines({ analyses = [] }: Release, style: Style): string[] {
  return analyses.filter(({ endedAt }) => endedAt !== null).flatMap((analysis) => lines(analysis, style));
}

function lines(analysis: AnalysisRecord, style: Style): string[] {
  const { stepIndex, phase, message, endedAt, earlier, metrics } = analysis;
  const when = `${instant(endedAt as string)}${earlier ? ', in the attempt before' : ''}`;
  const title = `gates of step ${stepIndex + 1} ${word(phase, style)} at ${when}: ${printable(message)}`;
  if (phase === 'passed') return [title];
  return [title, ...metrics.flatMap((metric) => metricLines(metric, analysis, style).map((line) => `  ${line}`))];
}

function metricLines({ name, phase, counts, measurements }: Metric, analysis: AnalysisRecord, style: Style): string[] {
  const { failed = 0 } = counts;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const head = `gate ${printable(name)} ${word(phase, style)}: ${all} measured, ${failed} failed (${analysis.failureLimit} allowed)`;
  const shown = phase === 'passed' ? measurements.slice(-1) : measurements;
  const rows = shown.map(({ at, phase, value, message }) => [
    instant(at),
    word(phase, style),
    value === undefined ? '' : String(value),
    printable(message),
  ]);
  return [head, ...columns(rows, [2]).map((line) => `  ${line}`)];
}

function word(phase: string, style: Style): string {
  if (phase === 'failed' || phase === 'error') return style.colour('red', printable(phase));
  return phase === 'passed' ? style.colour('green', phase) : style.colour('yellow', printable(phase));
}
