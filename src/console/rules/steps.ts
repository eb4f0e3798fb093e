/** The steps of a release in words, and what a form must hold to become one. */

import type { AnalysisRecord, Release, Step } from '../../contract/types.ts';
import { type DurationUnit, durationParts, readDuration } from '../../duration.ts';
import type { Metric } from '../../model/release.ts';

export const PRESETS = [
  'AllAtOnce',
  'Canary10Percent5Minutes',
  'Canary10Percent10Minutes',
  'Canary10Percent15Minutes',
  'Canary10Percent30Minutes',
  'Linear10PercentEvery1Minute',
  'Linear10PercentEvery2Minutes',
  'Linear10PercentEvery3Minutes',
  'Linear10PercentEvery10Minutes',
] as const;

/** `Canary10Percent5Minutes` as `Canary: 10% for 5 minutes, then all`. */
export function presetText(preset: string): string {
  if (preset === 'AllAtOnce') return 'All at once';
  const [, kind, share, minutes] = /^(Canary|Linear)(\d+)Percent(?:Every)?(\d+)Minutes?$/.exec(preset) ?? [];
  const time = minutes === '1' ? 'minute' : `${minutes} minutes`;
  if (kind === 'Canary') return `Canary: ${share}% for ${time}, then all`;
  return kind === 'Linear' ? `Linear: ${share}% more every ${time}` : preset;
}

/** Where a release is; most of its messages say the step themselves. */
export function placeText({ stepIndex, steps, message }: Place): string {
  const place = `step ${Math.min(stepIndex + 1, steps)} of ${steps}`;
  return message.toLowerCase().includes(place) ? message : `${place}: ${message}`;
}

interface Place {
  readonly stepIndex: number;
  /** How many there are. */
  readonly steps: number;
  readonly message: string;
}

export function stepText(step: Step, to: string): string {
  if (step.setWeight !== undefined) return `${step.setWeight}% to ${to}`;
  if (step.pause !== undefined) {
    if (step.pause.approval !== undefined) return 'Pause until somebody else approves';
    return step.pause.duration === undefined ? 'Pause until promoted' : `Pause ${durationText(step.pause.duration)}`;
  }
  if (step.analysis !== undefined) return `Gates: ${step.analysis.metrics.map(({ name }) => name).join(', ')}`;
  return Object.keys(step)
    .map((word) => (word === 'drain' ? `Wait until the others are drained` : word))
    .join(', ');
}

/** What a gate asks, in a line. */
export function metricText(metric: Metric): string {
  const { web, prometheus, thresholdRange: range } = metric;
  if (web !== undefined) return `GET ${web.url} answers 2xx`;
  if (prometheus !== undefined) {
    const within = [
      ...(range?.min === undefined ? [] : [`≥ ${range.min}`]),
      ...(range?.max === undefined ? [] : [`≤ ${range.max}`]),
    ];
    return `${prometheus.query} ${within.join(' and ')}`;
  }
  const { health, samples } = metric;
  if (health !== undefined) return `${health.pool} has a target that is up`;
  if (samples !== undefined) {
    return `at least ${Object.entries(samples)
      .map(([of, count]) => `${count} ${of}`)
      .join(' and ')}`;
  }
  return '';
}

const unitWords: Readonly<Record<DurationUnit, string>> = { d: 'day', h: 'hour', m: 'minute', s: 'second' };

/** `90m` as `1 hour 30 minutes`. */
function durationText(duration: number | string): string {
  const parts = durationParts(readDuration(String(duration)) ?? 0).filter(({ count }) => count > 0);
  if (parts.length === 0) return String(duration);
  return parts.map(({ count, unit }) => `${count} ${unitWords[unit]}${count === 1 ? '' : 's'}`).join(' ');
}

/** `failed`: its gates took the release back; `stopped`: somebody did, here. */
export type StepState = 'done' | 'current' | 'waiting' | 'failed' | 'stopped' | 'skipped';

/** Where each step of a release stands. */
export function stepStates({
  state,
  reason,
  steps,
  stepIndex,
}: Pick<Release, 'state' | 'reason' | 'steps' | 'stepIndex'>): StepState[] {
  return steps.map((_, i) => {
    if (state === 'completed' || i < stepIndex) return 'done';
    if (state !== 'aborted') return i === stepIndex ? 'current' : 'waiting';
    if (i > stepIndex) return 'skipped';
    return reason === 'analysis_failed' ? 'failed' : 'stopped';
  });
}

/** What the gates of a step said last; of an earlier attempt only where this one has not come so far. */
export function analysisOf(
  { analyses = [] }: Pick<Release, 'analyses'>,
  stepIndex: number,
): AnalysisRecord | undefined {
  const own = analyses.filter((analysis) => analysis.stepIndex === stepIndex);
  return own.findLast(({ earlier }) => !earlier) ?? own.at(-1);
}

/** `9 measured: 2 failed, 1 allowed`. */
export function countsText(counts: Readonly<Record<string, number>>, failureLimit: number): string {
  const { failed = 0 } = counts;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const others = Object.entries(counts).filter(
    ([phase, count]) => phase !== 'passed' && phase !== 'failed' && count > 0,
  );
  return [
    `${all} measured: ${failed} failed, ${failureLimit} allowed`,
    ...others.map(([phase, count]) => `${count} ${phase}`),
  ].join(', ');
}
