/** The metrics of an analysis, and what its measurements come to. */
import { Problem } from './errors.ts';
import type { Analysis, Metric } from './release.ts';

/** Each is a request to somebody else, made at the same time. */
export const METRICS_MAX = 10;
export const METRIC_NAME_MAX = 63;

/** One answer of a gate, in words for people. */
export interface Measurement {
  readonly passed: boolean;
  readonly message: string;
}

export function checkMetrics(metrics: readonly Metric[], pointer: string): Problem | undefined {
  if (metrics.length === 0 || metrics.length > METRICS_MAX) {
    const detail = `An analysis has 1 to ${METRICS_MAX} metrics, not ${metrics.length}.`;
    return new Problem('release_invalid', detail, { pointer });
  }
  for (const [i, metric] of metrics.entries()) {
    const bad = checkMetric(metric, `${pointer}/${i}`);
    if (bad !== undefined) return bad;
    if (metrics.findIndex(({ name }) => name === metric.name) === i) continue;
    return new Problem('release_invalid', `Two metrics are called ${metric.name}.`, {
      pointer: `${pointer}/${i}/name`,
    });
  }
  return undefined;
}

function checkMetric({ name, web, prometheus, thresholdRange }: Metric, pointer: string): Problem | undefined {
  const refuse = (detail: string, at: string): Problem =>
    new Problem('release_invalid', detail, { pointer: pointer + at });
  if (!/^[A-Za-z0-9._-]+$/.test(name) || name.length > METRIC_NAME_MAX) {
    return refuse(
      `A metric's name is 1 to ${METRIC_NAME_MAX} letters, digits and ._-, not ${JSON.stringify(name)}.`,
      '/name',
    );
  }
  if ((web === undefined) === (prometheus === undefined)) return refuse('A metric is either web or prometheus.', '');
  if (web !== undefined) {
    if (thresholdRange !== undefined)
      return refuse('A thresholdRange belongs to prometheus: web passes with 2xx.', '/thresholdRange');
    return checkUrl(web.url, `${pointer}/web/url`);
  }
  const { min, max } = thresholdRange ?? {};
  if (min === undefined && max === undefined) {
    return refuse('A prometheus metric has a thresholdRange with min, max or both.', '/thresholdRange');
  }
  if (min !== undefined && max !== undefined && min > max)
    return refuse(`min ${min} is above max ${max}.`, '/thresholdRange');
  if (prometheus?.query === '') return refuse('query is a PromQL expression, not empty.', '/prometheus/query');
  return checkUrl(prometheus?.address ?? '', `${pointer}/prometheus/address`);
}

/** Credentials are refused: steps are shown to everybody who may read, and stay in the log. */
function checkUrl(text: string, pointer: string): Problem | undefined {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return undefined;
  const detail = `An http or https URL without a user name or password was expected, not ${JSON.stringify(text)}.`;
  return new Problem('release_invalid', detail, { pointer });
}

/** Counts the rounds of one analysis until there is a verdict; each round measures every metric once. */
export class Tally {
  readonly #count: number;
  readonly #failureLimit: number;
  readonly #failures = new Map<string, number>();
  #rounds = 0;

  constructor({ count, failureLimit }: Required<Pick<Analysis, 'count' | 'failureLimit'>>) {
    this.#count = count;
    this.#failureLimit = failureLimit;
  }

  /** The verdict, once there is one: too many failures at once, a pass only after the last round. */
  add(round: ReadonlyMap<string, Measurement>): Measurement | undefined {
    this.#rounds++;
    for (const [name, { passed, message }] of round) {
      if (passed) continue;
      const failures = (this.#failures.get(name) ?? 0) + 1;
      this.#failures.set(name, failures);
      if (failures <= this.#failureLimit) continue;
      const limit = `${failures} of ${this.#rounds} measurements failed, ${this.#failureLimit} may`;
      return { passed: false, message: `${name} failed: ${message} (${limit})` };
    }
    if (this.#rounds < this.#count) return undefined;
    return { passed: true, message: [...round].map(([name, { message }]) => `${name}: ${message}`).join('; ') };
  }
}
