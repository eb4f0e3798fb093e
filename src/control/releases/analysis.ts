/** Runs one analysis: asks every gate each interval, until there is a verdict. */
import type { Analysis, Metric } from '../../model/release.ts';
import { type Measurement, Tally } from '../../model/release-analysis.ts';
import { ANALYSIS_DEFAULTS } from '../../model/release-steps.ts';
import type { Clock } from './clock.ts';

/** Asks the gate of one metric. Whatever goes wrong is a measurement that did not pass. */
export type Gate = (metric: Metric, timeoutMs: number, stopped: AbortSignal) => Promise<Measurement>;

/** `end` is called once, unless the analysis is stopped before. */
export function runAnalysis(
  analysis: Analysis,
  gate: Gate,
  clock: Clock,
  stopped: AbortSignal,
  end: (verdict: Measurement) => void,
): void {
  const settled = { ...ANALYSIS_DEFAULTS, ...analysis };
  const tally = new Tally(settled);
  const ask = async (metric: Metric): Promise<[string, Measurement]> => {
    try {
      return [metric.name, await gate(metric, settled.timeoutSeconds * 1000, stopped)];
    } catch (error) {
      // A fault in a gate must not end a process that answers queries, nor let anything through.
      return [metric.name, { passed: false, message: `could not be asked: ${(error as Error).message}` }];
    }
  };
  const measure = async (): Promise<void> => {
    const startedAtMs = clock.steadyMs();
    const round = new Map(await Promise.all(settled.metrics.map(ask)));
    if (stopped.aborted) return;
    const verdict = tally.add(round);
    if (verdict !== undefined) return end(verdict);
    const leftMs = startedAtMs + settled.intervalSeconds * 1000 - clock.steadyMs();
    const cancel = clock.after(Math.max(0, leftMs), () => {
      stopped.removeEventListener('abort', cancel);
      measure();
    });
    stopped.addEventListener('abort', cancel);
  };
  measure();
}
