/** The metrics of an analysis, and what its measurements come to. */
import { Problem } from './errors.ts';
import type { Analysis, Metric, Step } from './release.ts';
import type { Service } from './service.ts';

/** Each is a request to somebody else, made at the same time. */
const METRICS_MAX = 10;
const METRIC_NAME_MAX = 63;

/** `inconclusive`: there was too little to judge by; that lets nothing through, and is no failure either. */
export type GateOutcome = 'passed' | 'failed' | 'inconclusive';

/** What comes of an analysis, in words for people. */
export interface Verdict {
  readonly outcome: GateOutcome;
  readonly message: string;
}

/**
 * One answer of a gate. `error`: it could not be asked, or said nothing that answers the question, so that nothing was
 * measured; Argo Rollouts tells it from a failure too.
 */
export interface Measurement {
  readonly outcome: GateOutcome | 'error';
  readonly message: string;
  /** What was measured, where it is a number. */
  readonly value?: number;
}

/** How far the measurements of one metric are. */
export interface MetricProgress {
  readonly name: string;
  /** Without those that were errors. */
  readonly measurements: number;
  readonly failures: number;
  readonly inconclusive: number;
  readonly errors: number;
  /** Those since the last that was none. */
  readonly consecutiveErrors: number;
  readonly last: Measurement | undefined;
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

/** What a metric may ask. */
const KINDS = ['web', 'prometheus', 'health', 'samples'] as const;

/** More than a nameserver answers in a day. */
const SAMPLES_MAX = 1_000_000_000;

function checkMetric(metric: Metric, pointer: string): Problem | undefined {
  const { name, web, prometheus, thresholdRange } = metric;
  if (!/^[A-Za-z0-9._-]+$/.test(name) || name.length > METRIC_NAME_MAX) {
    const detail = `A metric's name is 1 to ${METRIC_NAME_MAX} letters, digits and ._-, not ${JSON.stringify(name)}.`;
    return refuse(detail, `${pointer}/name`);
  }
  const kinds = KINDS.filter((kind) => metric[kind] !== undefined);
  if (kinds.length !== 1) {
    const found = kinds.length === 0 ? 'nothing' : kinds.join(' and ');
    return refuse(`A metric is one of ${KINDS.join(', ')}; here is ${found}.`, pointer);
  }
  if (prometheus !== undefined) return checkPrometheus(metric, prometheus, pointer);
  if (thresholdRange !== undefined) {
    return refuse(`A thresholdRange belongs to prometheus, not to ${kinds[0]}.`, `${pointer}/thresholdRange`);
  }
  if (metric.samples !== undefined) return checkSamples(metric.samples, `${pointer}/samples`);
  return web && checkUrl(web.url, `${pointer}/web/url`);
}

function checkPrometheus(
  { thresholdRange: { min, max } = {} }: Metric,
  { address, query }: NonNullable<Metric['prometheus']>,
  pointer: string,
): Problem | undefined {
  const range = `${pointer}/thresholdRange`;
  if (min === undefined && max === undefined) {
    return refuse('A prometheus metric has a thresholdRange with min, max or both.', range);
  }
  if (min !== undefined && max !== undefined && min > max) return refuse(`min ${min} is above max ${max}.`, range);
  if (query === '') return refuse('query is a PromQL expression, not empty.', `${pointer}/prometheus/query`);
  return checkUrl(address, `${pointer}/prometheus/address`);
}

function checkSamples(samples: NonNullable<Metric['samples']>, pointer: string): Problem | undefined {
  const counts = Object.entries(samples);
  if (counts.length === 0) return refuse('samples asks for a number of answers, of resolvers, or both.', pointer);
  const bad = counts.find(([, count]) => !Number.isInteger(count) || count < 1 || count > SAMPLES_MAX);
  if (bad === undefined) return undefined;
  return refuse(`${bad[0]} is a whole number from 1 to ${SAMPLES_MAX}, not ${bad[1]}.`, `${pointer}/${bad[0]}`);
}

function refuse(detail: string, pointer: string): Problem {
  return new Problem('release_invalid', detail, { pointer });
}

/** What keeps the metrics of steps from being measured of a service. */
export function checkMeasured(service: Service, steps: readonly Step[]): Problem | undefined {
  for (const [i, { analysis }] of steps.entries()) {
    for (const [j, { name, health }] of (analysis?.metrics ?? []).entries()) {
      if (health === undefined) continue;
      const pointer = `/steps/${i}/analysis/metrics/${j}/health`;
      const pools = service.pools.map((pool) => pool.name);
      if (!pools.includes(health.pool)) {
        const detail = `The service ${service.name} has no pool ${JSON.stringify(health.pool)}; its pools are ${pools.join(', ')}.`;
        return new Problem('pool_unknown', detail, { pointer: `${pointer}/pool` });
      }
      if (service.health !== undefined) continue;
      return refuse(
        `The targets of ${service.name} are not checked, so ${name} could not tell: give it health.`,
        pointer,
      );
    }
  }
  return undefined;
}

/** Credentials are refused: a URL is shown to everybody who may read, and stays in the log. So it is not said again. */
function checkUrl(text: string, pointer: string): Problem | undefined {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return undefined;
  const isLogin = url !== null && (url.username !== '' || url.password !== '');
  const found = isLogin ? 'one with them: `basic` takes both' : JSON.stringify(text);
  const detail = `An http or https URL without a user name or password was expected, not ${found}.`;
  return new Problem('release_invalid', detail, { pointer });
}

/** Writable, as the tally counts. */
type Count = { -readonly [Key in Exclude<keyof MetricProgress, 'name'>]: MetricProgress[Key] };

const NOTHING: Count = {
  measurements: 0,
  failures: 0,
  inconclusive: 0,
  errors: 0,
  consecutiveErrors: 0,
  last: undefined,
};

type TallyRules = Required<Pick<Analysis, 'count' | 'failureLimit' | 'consecutiveErrorLimit' | 'metrics'>>;

/** Counts the measurements of one analysis until there is a verdict. */
export class Tally {
  readonly #rules: TallyRules;
  readonly #metrics: ReadonlyMap<string, Count>;

  constructor(rules: TallyRules) {
    this.#rules = rules;
    this.#metrics = new Map(rules.metrics.map(({ name }) => [name, { ...NOTHING }]));
  }

  /** In the order in which the metrics were given. */
  get progress(): MetricProgress[] {
    return [...this.#metrics].map(([name, count]) => ({ name, ...count }));
  }

  /** Whether a metric is to be measured once more. An error measured nothing, so it does not count. */
  wants(name: string): boolean {
    return this.#countOf(name).measurements < this.#rules.count;
  }

  /**
   * The verdict, once there is one: too many failures, or errors in a row, at once; all else after the last measurement
   * of each. What is inconclusive by then, after so much time, stays so; what was so before and no longer is has passed.
   */
  add(round: ReadonlyMap<string, Measurement>): Verdict | undefined {
    for (const [name, measured] of round) this.#add(name, measured);
    const { failureLimit, consecutiveErrorLimit } = this.#rules;
    const all = this.progress;
    const failed = all.find(({ failures }) => failures > failureLimit);
    if (failed !== undefined) return this.#failure(failed);
    const lost = all.find(({ consecutiveErrors }) => consecutiveErrors > consecutiveErrorLimit);
    if (lost !== undefined) return this.#lost(lost);
    if (all.some(({ name }) => this.wants(name))) return undefined;
    const open = all.find(({ last }) => last?.outcome === 'inconclusive');
    if (open !== undefined) return { outcome: 'inconclusive', message: `${open.name}: ${open.last?.message}` };
    return { outcome: 'passed', message: all.map(({ name, last }) => `${name}: ${last?.message}`).join('; ') };
  }

  #countOf(name: string): Count {
    return this.#metrics.get(name) as Count;
  }

  #add(name: string, measured: Measurement): void {
    const count = this.#countOf(name);
    count.last = measured;
    if (measured.outcome === 'error') {
      count.errors++;
      count.consecutiveErrors++;
      return;
    }
    count.consecutiveErrors = 0;
    count.measurements++;
    if (measured.outcome === 'failed') count.failures++;
    if (measured.outcome === 'inconclusive') count.inconclusive++;
  }

  #failure({ name, failures, measurements, last }: MetricProgress): Verdict {
    const limit = `${failures} of ${measurements} measurements failed, ${this.#rules.failureLimit} may`;
    return { outcome: 'failed', message: `${name} failed: ${last?.message} (${limit})` };
  }

  /** Nothing says that it is bad, but nothing says that it is good either. */
  #lost({ name, consecutiveErrors, last }: MetricProgress): Verdict {
    const limit = `${consecutiveErrors} errors in a row, ${this.#rules.consecutiveErrorLimit} may be`;
    return { outcome: 'failed', message: `${name} could not be measured: ${last?.message} (${limit})` };
  }
}
