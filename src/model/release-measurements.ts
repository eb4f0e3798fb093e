/** What the gates of a release said, as it stays with the release: for whoever wants to know why it was aborted. */
import type { KeptAnalysis, KeptMeasurement, KeptMetric } from './kept-analysis.ts';
import { isActive, type Release } from './release.ts';
import type { Measurement, Verdict } from './release-analysis.ts';

/** Of one metric: enough to see how it went, few enough to be written with every step that the release takes. */
export const KEPT_PER_METRIC = 20;
/** Of one release, all its analyses together; beyond, the oldest analyses keep their counts only. */
export const KEPT_PER_RELEASE = 400;
/** An analysis that is resumed or retried for ever leaves its last ones. */
export const ANALYSES_MAX = 20;
/** A page that a gate got instead of an answer is not worth keeping. */
export const MESSAGE_MAX_CHARACTERS = 300;

/** How far an analysis is that goes on, or was when it ended. */
export interface Measured {
  readonly startedAtMs: number;
  readonly failureLimit: number;
  readonly metrics: readonly KeptMetric[];
  /** Once there is one. */
  readonly verdict: Verdict | undefined;
}

type KeptCounts = { -readonly [phase in keyof KeptMetric['counts']]: number };

/** Keeps measurements while an analysis goes on. */
export class MeasurementLog {
  readonly #metrics: ReadonlyMap<string, { counts: KeptCounts; latest: KeptMeasurement[] }>;

  constructor(names: readonly string[]) {
    this.#metrics = new Map(names.map((name) => [name, { counts: {}, latest: [] }]));
  }

  /** `atMs`: Unix time, milliseconds. */
  add(name: string, { outcome, message, value }: Measurement, atMs: number): void {
    const kept = this.#metrics.get(name);
    if (kept === undefined) return;
    const { counts, latest } = kept;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    const short = message.slice(0, MESSAGE_MAX_CHARACTERS);
    latest.push({ atMs, phase: outcome, message: short, ...(value !== undefined && { value }) });
    if (latest.length <= KEPT_PER_METRIC) return;
    // The last one is what it came to, and stays whatever it says.
    const dull = latest.findIndex(({ phase }) => phase === 'passed');
    latest.splice(dull === -1 || dull === latest.length - 1 ? 0 : dull, 1);
  }

  /** In the order in which the metrics were given. */
  get metrics(): KeptMetric[] {
    return [...this.#metrics].map(([name, { counts, latest }]) => ({
      name,
      counts: { ...counts },
      latest: [...latest],
    }));
  }
}

/**
 * The release as it is to be stored, with what was measured: an analysis that ends by this change is kept, whoever ends
 * it. `before`: as the store has it; `measured`: of the analysis that it is in, where one was running in this process.
 */
export function withMeasured(
  before: Release | undefined,
  after: Release,
  measured: Measured | undefined,
  atMs: number,
): Release {
  const { analyses: _analyses, ...rest } = after;
  const earlier = before?.analyses ?? [];
  const isRetry = before !== undefined && !isActive(before) && isActive(after);
  const kept = isRetry ? earlier.map((analysis) => ({ ...analysis, isEarlier: true })) : earlier;
  const ended = before === undefined ? undefined : endedBy(before, after, measured, atMs);
  const analyses = bounded(ended === undefined ? kept : [...kept, ended]);
  return analyses.length === 0 ? rest : { ...rest, analyses };
}

function endedBy(
  before: Release,
  after: Release,
  measured: Measured | undefined,
  atMs: number,
): KeptAnalysis | undefined {
  if (before.wait?.kind !== 'analysis' || before.held || measured === undefined) return undefined;
  const { wait } = after;
  const goesOn = wait?.kind === 'analysis' && wait.startedAtMs === before.wait.startedAtMs && !after.held;
  const hasNone = measured.metrics.every(({ latest }) => latest.length === 0);
  if (goesOn || hasNone) return undefined;
  const { startedAtMs, failureLimit, metrics, verdict } = measured;
  return {
    stepIndex: before.stepIndex,
    startedAtMs,
    endedAtMs: atMs,
    phase: verdict?.outcome ?? 'stopped',
    message: (verdict?.message ?? after.message).slice(0, MESSAGE_MAX_CHARACTERS),
    failureLimit,
    metrics,
  };
}

/** The newest analyses keep their measurements, as long as there is room. */
function bounded(analyses: readonly KeptAnalysis[]): KeptAnalysis[] {
  let room = KEPT_PER_RELEASE;
  return analyses
    .slice(-ANALYSES_MAX)
    .toReversed()
    .map((analysis) => {
      const size = analysis.metrics.reduce((sum, { latest }) => sum + latest.length, 0);
      if (size <= room) {
        room -= size;
        return analysis;
      }
      room = 0;
      return { ...analysis, metrics: analysis.metrics.map((metric) => ({ ...metric, latest: [] })) };
    })
    .toReversed();
}

/**
 * What one metric came to. Where an analysis failed, the metrics that made it fail are those with more failures than
 * are allowed; where none has so many, those whose last measurement did not pass.
 */
export function phaseOf(
  { counts, latest }: KeptMetric,
  { phase, failureLimit }: { readonly phase: string; readonly failureLimit: number },
): KeptMeasurement['phase'] | 'none' {
  if (phase === 'failed' && (counts.failed ?? 0) > failureLimit) return 'failed';
  return latest.at(-1)?.phase ?? 'none';
}
