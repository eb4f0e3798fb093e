/** The gates of one step: what each asks, how often, and how much may fail. */
import type { Step } from '../../contract/types.ts';
import type { Metric } from '../../model/release.ts';
import { type MetricKind, metricKindOf, metricOf, withNumber } from '../rules/gates.ts';
import { Choice, Line, NumberLine } from './fields.tsx';

type Analysis = NonNullable<Step['analysis']>;

const metricKinds: Record<MetricKind, string> = {
  web: 'A web address',
  prometheus: 'A Prometheus query',
  health: 'Health checks',
  samples: 'Enough answers',
};

const LIMITS = [
  ['count', 'Measurements', 'Empty: 1'],
  ['intervalSeconds', 'Seconds between them', 'Empty: 10'],
  ['failureLimit', 'May fail', 'Empty: none'],
  ['consecutiveErrorLimit', 'Errors in a row', 'Empty: 4'],
  ['timeoutSeconds', 'Seconds to answer', 'Empty: 5'],
] as const;

export function GatesFields(props: { to: string; analysis: Analysis; onChange: (analysis: Analysis) => void }) {
  const { to, analysis, onChange } = props;
  const metrics = analysis.metrics as readonly Metric[];
  const put = (next: readonly Metric[]): void => onChange({ ...analysis, metrics: next } as Analysis);
  const names = metrics.map(({ name }) => name);
  return (
    <>
      {metrics.map((metric, i) => (
        <div key={i} class="stack-s gate-fields">
          <div class="between">
            <Choice
              label={`Gate ${i + 1} asks`}
              values={metricKinds}
              value={metricKindOf(metric)}
              onText={(kind) =>
                put(metrics.map((old, at) => (at === i ? metricOf(kind as MetricKind, to, others(names, i)) : old)))
              }
            />
            {metrics.length > 1 && (
              <button
                type="button"
                class="plain compact"
                aria-label={`Remove the gate ${metric.name}`}
                onClick={() => put(metrics.filter((_, at) => at !== i))}
              >
                ✕
              </button>
            )}
          </div>
          <MetricFields metric={metric} onChange={(next) => put(metrics.map((old, at) => (at === i ? next : old)))} />
        </div>
      ))}
      <div>
        <button type="button" class="compact" onClick={() => put([...metrics, metricOf('web', to, names)])}>
          Add a gate
        </button>
      </div>
      <details>
        <summary>How often, and how much may fail</summary>
        <div class="fields">
          {LIMITS.map(([key, label, hint]) => (
            <NumberLine
              key={key}
              label={label}
              hint={hint}
              value={analysis[key]}
              onText={(text) => onChange(withNumber(analysis, key, text))}
            />
          ))}
        </div>
      </details>
    </>
  );
}

function others(names: readonly string[], i: number): string[] {
  return names.filter((_, at) => at !== i);
}

function MetricFields({ metric, onChange }: { metric: Metric; onChange: (metric: Metric) => void }) {
  const { web, prometheus, samples, health, thresholdRange } = metric;
  const range = (key: 'min' | 'max') => ({
    value: thresholdRange?.[key],
    onText: (text: string) => onChange({ ...metric, thresholdRange: withNumber(thresholdRange ?? {}, key, text) }),
  });
  return (
    <div class="fields">
      <Line label="Name of the gate" value={metric.name} onText={(name) => onChange({ ...metric, name })} />
      {web && (
        <Line
          label="Address that answers 2xx"
          value={web.url}
          onText={(url) => onChange({ ...metric, web: { ...web, url } })}
        />
      )}
      {prometheus && (
        <>
          <Line
            label="Prometheus address"
            value={prometheus.address}
            onText={(address) => onChange({ ...metric, prometheus: { ...prometheus, address } })}
          />
          <Line
            label="Query"
            value={prometheus.query}
            onText={(query) => onChange({ ...metric, prometheus: { ...prometheus, query } })}
          />
          <NumberLine label="Passes up to" {...range('max')} />
          <NumberLine label="Passes from" hint="Empty: whatever" {...range('min')} />
        </>
      )}
      {health && (
        <Line
          label="Pool with a target that is up"
          value={health.pool}
          onText={(pool) => onChange({ ...metric, health: { pool } } as Metric)}
        />
      )}
      {samples && (
        <>
          <NumberLine
            label="Answers at least"
            value={samples.answers}
            onText={(text) => onChange({ ...metric, samples: withNumber(samples, 'answers', text) } as Metric)}
          />
          <NumberLine
            label="Resolvers at least"
            hint="Empty: whatever"
            value={samples.resolvers}
            onText={(text) => onChange({ ...metric, samples: withNumber(samples, 'resolvers', text) } as Metric)}
          />
        </>
      )}
    </div>
  );
}
