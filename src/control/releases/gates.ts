/** The gates of an analysis: what each kind is asked, and which answers pass. */
import { credentialHeaders } from '../../model/gate-credentials.ts';
import type { Metric } from '../../model/release.ts';
import type { Measurement } from '../../model/release-analysis.ts';
import type { SampleGate } from '../drain/samples.ts';
import { type HealthGateParts, measureHealth } from '../health/gate.ts';
import { NoReply, type Outbound } from '../outbound/outbound.ts';
import type { Gate } from './analysis.ts';

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
      return reply instanceof NoReply ? failed(reply.reason) : judgeStatus(reply.status);
    }
    if (prometheus === undefined) return failed('has nothing to ask');
    const limits = { timeoutMs, maxBytes: PROMETHEUS_MAX_BYTES, stopped };
    const reply = await outbound.request({ url: queryUrl(prometheus), headers: credentialHeaders(prometheus) }, limits);
    if (reply instanceof NoReply) return failed(reply.reason);
    if (reply.status !== 200) return judgeStatus(reply.status, 200);
    return judgeValues(reply.body, metric.thresholdRange ?? {});
  };
}

function failed(message: string, value?: number): Measurement {
  return { outcome: 'failed', message, ...(Number.isFinite(value) && { value: value as number }) };
}

/** 2xx passes, the rule of Flagger's webhooks; or just the one status. */
function judgeStatus(status: number, only?: number): Measurement {
  const passed = only === undefined ? status >= 200 && status < 300 : status === only;
  if (passed) return { outcome: 'passed', message: `answered ${status}`, value: status };
  const note = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  return failed(`answered ${status}, not ${only ?? '2xx'}${note}`, status);
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
function queryUrl({ address, query }: NonNullable<Metric['prometheus']>): URL {
  const url = new URL(address);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/query`;
  url.searchParams.set('query', query);
  return url;
}

/** Every value of the result must be a number within the range; a result without any proves nothing, so it fails. */
function judgeValues(body: string, range: NonNullable<Metric['thresholdRange']>): Measurement {
  const values = valuesOf(body);
  if (values === undefined) return failed('did not answer as Prometheus does');
  if (values.length === 0) return failed('has no value');
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = range;
  const outside = values.find((value) => !Number.isFinite(value) || value < min || value > max);
  if (outside === undefined)
    return { outcome: 'passed', message: `is ${values.join(', ')}`, value: values[0] as number };
  return failed(`is ${outside}, not within ${JSON.stringify(range)}`, outside);
}

/** The values of an instant query's result, scalar or vector; undefined where it is none. */
function valuesOf(body: string): number[] | undefined {
  const reply = parsed(body) as { status?: unknown; data?: { resultType?: unknown; result?: unknown } } | null;
  if (reply?.status !== 'success') return undefined;
  const { resultType, result } = reply.data ?? {};
  if (!Array.isArray(result)) return undefined;
  const pairs = resultType === 'scalar' ? [result] : resultType === 'vector' ? result.map((each) => each?.value) : [];
  const texts = pairs.map((pair: unknown) => (Array.isArray(pair) ? pair[1] : undefined));
  const isValues =
    (resultType === 'scalar' || resultType === 'vector') && texts.every((text) => typeof text === 'string');
  // Number('') would be 0.
  return isValues ? texts.map((text) => (text.trim() === '' ? Number.NaN : Number(text))) : undefined;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
