/** The gates of an analysis: what each kind is asked, and which answers pass. */
import { credentialHeaders } from '../../model/gate-credentials.ts';
import type { Metric } from '../../model/release.ts';
import type { Measurement } from '../../model/release-analysis.ts';
import { NoReply, type Outbound } from '../outbound/outbound.ts';
import type { Gate } from './analysis.ts';
import { type HealthGateParts, measureHealth } from './health.ts';
import type { SampleGate } from './samples.ts';

/** A query for a gate gives one number, or a handful; more is a mistake. */
const PROMETHEUS_MAX_BYTES = 256 * 1024;

/** What gates are asked through. */
interface GateParts {
  readonly outbound: Outbound;
  readonly health: HealthGateParts;
  readonly samples: Pick<SampleGate, 'measure'>;
}

export function makeGate({ outbound, health, samples }: GateParts): Gate {
  return async (metric, asking) => {
    const { timeoutMs, stopped } = asking;
    const { web, prometheus } = metric;
    if (metric.health !== undefined) return measureHealth(health, metric.health.pool, asking);
    if (metric.samples !== undefined) return samples.measure(metric.samples, asking);
    if (web !== undefined) {
      const reply = await outbound.request(
        { url: new URL(web.url), headers: credentialHeaders(web) },
        { timeoutMs, maxBytes: 0, stopped },
      );
      return reply instanceof NoReply ? error(reply.reason) : judgeStatus(reply.status);
    }
    if (prometheus === undefined) return error('has nothing to ask');
    const limits = { timeoutMs, maxBytes: PROMETHEUS_MAX_BYTES, stopped };
    const reply = await outbound.request({ url: queryUrl(prometheus), headers: credentialHeaders(prometheus) }, limits);
    if (reply instanceof NoReply) return error(reply.reason);
    if (reply.status !== 200) return error(statusWords(reply.status, '200'));
    return judgeValues(reply.body, metric.thresholdRange ?? {});
  };
}

function failed(message: string, value?: number): Measurement {
  return { outcome: 'failed', message, ...(Number.isFinite(value) && { value: value as number }) };
}

/** Nothing was measured: it could not be asked, or what it said is no answer to the question. */
function error(message: string): Measurement {
  return { outcome: 'error', message };
}

/** 2xx passes, the rule of Flagger's webhooks; any other status is the gate's no. */
function judgeStatus(status: number): Measurement {
  if (status >= 200 && status < 300) return { outcome: 'passed', message: `answered ${status}`, value: status };
  return failed(statusWords(status, '2xx'), status);
}

function statusWords(status: number, wanted: string): string {
  return `answered ${status}, not ${wanted}${status >= 300 && status < 400 ? '; redirects are not followed' : ''}`;
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
function queryUrl({ address, query }: NonNullable<Metric['prometheus']>): URL {
  const url = new URL(address);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/query`;
  url.searchParams.set('query', query);
  return url;
}

/** One value of a result, and of which series it is. */
interface Sample {
  /** As PromQL writes it, such as `up{job="api"}`; empty where it has no labels. */
  readonly series: string;
  readonly value: number;
}

/** Samples that a message lists; the rest is counted. */
const TOLD_MAX = 3;
const SERIES_MAX_CHARS = 200;

/** Every value of the result must be a number within the range; a result without any proves nothing, so it fails. */
function judgeValues(body: string, range: NonNullable<Metric['thresholdRange']>): Measurement {
  const samples = samplesOf(body);
  if (samples === undefined) return error('did not answer as Prometheus does');
  const [first] = samples;
  if (first === undefined) return failed('has no value');
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = range;
  const outside = samples.filter(({ value }) => !Number.isFinite(value) || value < min || value > max);
  const [bad] = outside;
  if (bad === undefined) return { outcome: 'passed', message: `is ${passedWords(samples)}`, value: first.value };
  const told = outside.slice(0, TOLD_MAX).map(sampleWords);
  if (outside.length > told.length) told.push(`${outside.length - told.length} more`);
  // Without labels there is nothing to tell them by.
  const counted = bad.series === '' ? '' : ` (${outside.length} of ${samples.length} values)`;
  return failed(`is ${told.join(', ')}, not within ${JSON.stringify(range)}${counted}`, bad.value);
}

function passedWords(samples: readonly Sample[]): string {
  const told = samples.slice(0, 2 * TOLD_MAX).map(({ value }) => numberWords(value));
  return `${told.join(', ')}${samples.length > told.length ? ` and ${samples.length - told.length} more` : ''}`;
}

function sampleWords({ series, value }: Sample): string {
  return series === '' ? numberWords(value) : `${numberWords(value)} for ${series}`;
}

/** As Prometheus writes it: `+Inf`, not Infinity. */
function numberWords(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

/** The values of an instant query's result, scalar or vector; undefined where it is none. */
function samplesOf(body: string): Sample[] | undefined {
  const reply = parsed(body) as { status?: unknown; data?: { resultType?: unknown; result?: unknown } } | null;
  if (reply?.status !== 'success') return undefined;
  const { resultType, result } = reply.data ?? {};
  if (!Array.isArray(result) || (resultType !== 'scalar' && resultType !== 'vector')) return undefined;
  const found = resultType === 'scalar' ? [{ metric: undefined, value: result }] : result;
  const samples = found.map((each) => sampleOf(each?.metric, each?.value));
  return samples.every((sample) => sample !== undefined) ? samples : undefined;
}

function sampleOf(metric: unknown, pair: unknown): Sample | undefined {
  const text: unknown = Array.isArray(pair) ? pair[1] : undefined;
  return typeof text === 'string' ? { series: seriesOf(metric), value: numberOf(text) } : undefined;
}

function seriesOf(metric: unknown): string {
  if (typeof metric !== 'object' || metric === null) return '';
  const { __name__: name = '', ...labels } = metric as Record<string, unknown>;
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(String(value))}`);
  const series = `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''}`;
  return series.length <= SERIES_MAX_CHARS ? series : `${series.slice(0, SERIES_MAX_CHARS)}…`;
}

/** Prometheus writes `NaN`, `+Inf` and `-Inf` for what is none; Number('') would be 0. */
function numberOf(text: string): number {
  if (/^[+-]?Inf$/.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return text.trim() === '' ? Number.NaN : Number(text);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
