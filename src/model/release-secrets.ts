/** The secrets in the steps of a release: what its gates are asked with. */
import { Problem } from './errors.ts';
import { type Credentials, makeCredentials, shownCredentials } from './gate-credentials.ts';
import type { Metric, Step } from './release.ts';

/** Kinds of metrics that ask somebody, and where. */
const ASKING = { web: 'url', prometheus: 'address' } as const;
const KINDS = Object.keys(ASKING) as (keyof typeof ASKING)[];

/**
 * The steps with every secret in place. What is only marked as set is taken from an earlier release: from its metric of
 * the same name that asks the same origin, so that a secret goes nowhere but where it went.
 */
export function settleSteps(steps: readonly Step[], earlier: readonly Step[]): readonly Step[] | Problem {
  const known = earlier.flatMap(({ analysis }) => analysis?.metrics ?? []);
  const made: Step[] = [];
  for (const [i, step] of steps.entries()) {
    const metrics: Metric[] = [];
    for (const [j, metric] of (step.analysis?.metrics ?? []).entries()) {
      const settled = settleMetric(metric, known, `/steps/${i}/analysis/metrics/${j}`);
      if (settled instanceof Problem) return settled;
      metrics.push(settled);
    }
    made.push(step.analysis === undefined ? step : { ...step, analysis: { ...step.analysis, metrics } });
  }
  return made;
}

function settleMetric(metric: Metric, known: readonly Metric[], pointer: string): Metric | Problem {
  for (const kind of KINDS) {
    const asked = metric[kind];
    if (asked === undefined) continue;
    const refuse = (detail: string, at: string) =>
      new Problem('release_invalid', detail, { pointer: `${pointer}/${kind}${at}` });
    const stored = known.find(
      (other) => other.name === metric.name && originOf(other, kind) === originOf(metric, kind),
    );
    const credentials = makeCredentials(asked, stored?.[kind], refuse);
    return credentials instanceof Problem ? credentials : { ...metric, [kind]: { ...asked, ...credentials } };
  }
  return metric;
}

function originOf(metric: Metric, kind: keyof typeof ASKING): string | undefined {
  const asked = metric[kind] as { url?: string; address?: string } | undefined;
  return asked && URL.parse(asked[ASKING[kind]] as string)?.origin;
}

/** The steps as everybody may see them. */
export function shownSteps(steps: readonly Step[]): readonly Step[] {
  return steps.map((step) => {
    if (step.analysis === undefined) return step;
    return { ...step, analysis: { ...step.analysis, metrics: step.analysis.metrics.map(shownMetric) } };
  });
}

function shownMetric(metric: Metric): Metric {
  for (const kind of KINDS) {
    const asked = metric[kind];
    if (asked !== undefined) return { ...metric, [kind]: { ...asked, ...shownCredentials(asked as Credentials) } };
  }
  return metric;
}
