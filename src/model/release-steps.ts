/** The steps of a release: what a user may write, the presets, and how long a pause is. */

import { readDuration } from '../duration.ts';
import { Problem } from './errors.ts';
import type { Analysis, ReleaseBody, Step } from './release.ts';
import { checkMetrics } from './release-analysis.ts';
import { isPercent } from './release-weights.ts';

/** More than a shift of one per cent each, with a pause and an analysis before every next one. */
const STEPS_MAX = 300;
/** A week; a longer wait is better a pause without an end, and a person. */
const PAUSE_MAX_SECONDS = 7 * 24 * 3600;

export const ANALYSIS_DEFAULTS = {
  intervalSeconds: 10,
  count: 1,
  failureLimit: 0,
  // That of Argo Rollouts (https://argo-rollouts.readthedocs.io/en/stable/features/specification/).
  consecutiveErrorLimit: 4,
  timeoutSeconds: 5,
} as const;

/** What an analysis may ask for; bounds how long a release can hang in one, and how much a gate is asked. */
const ANALYSIS_LIMITS = {
  intervalSeconds: [1, 3600],
  count: [1, 1000],
  failureLimit: [0, 999],
  consecutiveErrorLimit: [0, 999],
  timeoutSeconds: [1, 60],
} as const;

/** The deployment configurations of AWS CodeDeploy, by their names there. */
export const PRESETS: Readonly<Record<string, readonly Step[]>> = {
  AllAtOnce: [{ setWeight: 100 }],
  Canary10Percent5Minutes: canary('5m'),
  Canary10Percent10Minutes: canary('10m'),
  Canary10Percent15Minutes: canary('15m'),
  Canary10Percent30Minutes: canary('30m'),
  Linear10PercentEvery1Minute: linear('1m'),
  Linear10PercentEvery2Minutes: linear('2m'),
  Linear10PercentEvery3Minutes: linear('3m'),
  Linear10PercentEvery10Minutes: linear('10m'),
};

function canary(duration: string): Step[] {
  return [{ setWeight: 10 }, { pause: { duration } }, { setWeight: 100 }];
}

function linear(duration: string): Step[] {
  const tenths = Array.from({ length: 10 }, (_, i): Step[] => [{ setWeight: 10 * (i + 1) }, { pause: { duration } }]);
  // Nothing comes after the last one that a pause could hold up.
  return tenths.flat().slice(0, -1);
}

/** The steps that a body asks for. */
export function stepsOf({ steps, preset }: ReleaseBody): readonly Step[] | Problem {
  if ((steps === undefined) === (preset === undefined)) {
    return new Problem('release_invalid', 'A release has either steps or a preset.', { pointer: '' });
  }
  if (preset !== undefined) {
    const names = Object.keys(PRESETS);
    if (names.includes(preset)) return PRESETS[preset] as readonly Step[];
    const detail = `preset is one of ${names.join(', ')}, not ${JSON.stringify(preset)}.`;
    return new Problem('release_invalid', detail, { pointer: '/preset' });
  }
  return checkSteps(steps as readonly Step[]) ?? (steps as readonly Step[]);
}

function checkSteps(steps: readonly Step[]): Problem | undefined {
  if (steps.length > STEPS_MAX) {
    const detail = `A release has at most ${STEPS_MAX} steps, not ${steps.length}.`;
    return new Problem('release_invalid', detail, { pointer: '/steps' });
  }
  for (const [i, step] of steps.entries()) {
    const bad = checkStep(step, `/steps/${i}`);
    if (bad !== undefined) return bad;
  }
  if (steps.some(({ setWeight }) => setWeight !== undefined)) return undefined;
  return new Problem('release_invalid', 'At least one step is a setWeight: nothing would be released.', {
    pointer: '/steps',
  });
}

function checkStep(step: Step, pointer: string): Problem | undefined {
  const words = Object.keys(step);
  if (words.length !== 1) {
    const found = words.length === 0 ? 'nothing' : words.join(' and ');
    const detail = `A step is one of setWeight, pause, analysis and drain; here is ${found}.`;
    return new Problem('release_invalid', detail, { pointer });
  }
  const { setWeight, pause, analysis } = step;
  if (setWeight !== undefined && !isPercent(setWeight)) {
    const detail = `setWeight is a percentage from 0 to 100 with at most two decimals, not ${setWeight}.`;
    return new Problem('release_invalid', detail, { pointer: `${pointer}/setWeight` });
  }
  if (pause?.duration !== undefined && pause.approval !== undefined) {
    const detail = 'A pause that waits for an approval has no duration: it ends when somebody approves.';
    return new Problem('release_invalid', detail, { pointer: `${pointer}/pause/duration` });
  }
  if (pause?.duration !== undefined && durationSeconds(pause.duration) === undefined) {
    const detail = `duration is whole seconds, or a text such as 30s, 5m or 1h, up to a week; not ${JSON.stringify(pause.duration)}.`;
    return new Problem('release_invalid', detail, { pointer: `${pointer}/pause/duration` });
  }
  return analysis && checkAnalysis(analysis, `${pointer}/analysis`);
}

function checkAnalysis(analysis: Analysis, pointer: string): Problem | undefined {
  const settled = { ...ANALYSIS_DEFAULTS, ...analysis };
  for (const [key, [min, max]] of Object.entries(ANALYSIS_LIMITS)) {
    const value = settled[key as keyof typeof ANALYSIS_LIMITS];
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    const detail = `${key} is a whole number from ${min} to ${max}, not ${value}.`;
    return new Problem('release_invalid', detail, { pointer: `${pointer}/${key}` });
  }
  if (settled.failureLimit >= settled.count) {
    const detail = `With a failureLimit of ${settled.failureLimit} and ${settled.count} measurements no metric could fail.`;
    return new Problem('release_invalid', detail, { pointer: `${pointer}/failureLimit` });
  }
  const samples = analysis.metrics.findIndex((metric) => metric.samples !== undefined);
  if (samples >= 0 && settled.count < 2) {
    const detail =
      'With a count of 1 samples are counted only when the step begins, where there are none yet: give a count of 2 or more.';
    return new Problem('release_invalid', detail, { pointer: `${pointer}/metrics/${samples}/samples` });
  }
  return checkMetrics(analysis.metrics, `${pointer}/metrics`);
}

/** Seconds of a pause as Argo Rollouts writes them: 30, `30`, `30s`, `5m`, `1h`; undefined where it is none of these. */
export function durationSeconds(duration: number | string): number | undefined {
  const text = String(duration);
  const seconds = /^\d{1,9}[smh]?$/.test(text) ? readDuration(text) : undefined;
  return seconds !== undefined && seconds > 0 && seconds <= PAUSE_MAX_SECONDS ? seconds : undefined;
}
