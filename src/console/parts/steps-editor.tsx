/** The steps of a release as a form: shares, pauses and gates in any order. */
import { useId } from 'preact/hooks';
import type { Step } from '../../contract/types.ts';
import type { Metric } from '../../model/release.ts';
import { Field } from './controls.tsx';

type Kind = 'setWeight' | 'pause' | 'wait' | 'web' | 'prometheus' | 'health' | 'samples' | 'drain';

const kinds: Record<Kind, string> = {
  setWeight: 'Set the share',
  pause: 'Pause for a time',
  wait: 'Pause until promoted',
  web: 'Gate: a web address',
  prometheus: 'Gate: a Prometheus query',
  health: 'Gate: health checks',
  samples: 'Gate: enough answers',
  drain: 'Wait until drained',
};

/** A gate is measured so often, ten seconds apart, unless the steps are written for the API. */
const MEASUREMENTS = 3;

export function StepsEditor(props: { to: string; steps: readonly Step[]; onChange: (steps: readonly Step[]) => void }) {
  const { to, steps, onChange } = props;
  const replace = (i: number, step: Step): void => onChange(steps.map((old, at) => (at === i ? step : old)));
  return (
    <fieldset>
      <legend>Steps</legend>
      <ol class="steps-editor">
        {steps.map((step, i) => (
          <li key={i}>
            <StepFields number={i + 1} to={to} step={step} onChange={(next) => replace(i, next)} />
            <button
              type="button"
              class="plain compact"
              aria-label={`Remove step ${i + 1}`}
              onClick={() => onChange(steps.filter((_, at) => at !== i))}
            >
              ✕
            </button>
          </li>
        ))}
      </ol>
      <button type="button" class="compact" onClick={() => onChange([...steps, { setWeight: 100 }])}>
        Add a step
      </button>
    </fieldset>
  );
}

function kindOf(step: Step): Kind {
  if (step.setWeight !== undefined) return 'setWeight';
  if (step.pause !== undefined) return step.pause.duration === undefined ? 'wait' : 'pause';
  const metric = step.analysis?.metrics[0];
  if (metric === undefined) return 'drain';
  return (['web', 'prometheus', 'health', 'samples'] as const).find((kind) => kind in metric) ?? 'web';
}

function stepOf(kind: Kind, to: string): Step {
  switch (kind) {
    case 'setWeight':
      return { setWeight: 50 };
    case 'pause':
      return { pause: { duration: '5m' } };
    case 'wait':
      return { pause: {} };
    case 'web':
      return gate({ name: 'smoke', web: { url: 'https://' } });
    case 'prometheus':
      return gate({ name: 'errors', prometheus: { address: 'https://', query: '' }, thresholdRange: { max: 0.01 } });
    case 'health':
      return gate({ name: 'up', health: { pool: to } } as Metric);
    case 'samples':
      return gate({ name: 'enough', samples: { answers: 1000 } } as Metric);
    case 'drain':
      return { drain: {} } as Step;
  }
}

function gate(metric: Metric): Step {
  return { analysis: { count: MEASUREMENTS, metrics: [metric] } };
}

function StepFields(props: { number: number; to: string; step: Step; onChange: (step: Step) => void }) {
  const { number, to, step, onChange } = props;
  const kind = kindOf(step);
  const id = useId();
  return (
    <div class="fields">
      <div class="field">
        <label for={id}>Step {number}</label>
        <select id={id} value={kind} onChange={(event) => onChange(stepOf(event.currentTarget.value as Kind, to))}>
          {Object.entries(kinds).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </div>
      <StepDetails kind={kind} step={step} to={to} onChange={onChange} />
    </div>
  );
}

function StepDetails(props: { kind: Kind; step: Step; to: string; onChange: (step: Step) => void }) {
  const { kind, step, to, onChange } = props;
  const metric = step.analysis?.metrics[0] as (Metric & { samples?: { answers?: number } }) | undefined;
  switch (kind) {
    case 'setWeight':
      return (
        <Text
          label={`Share of ${to}, per cent`}
          value={String(step.setWeight)}
          onChange={(text) => onChange({ setWeight: Number(text) })}
        />
      );
    case 'pause':
      return (
        <Text
          label="How long (30s, 5m, 1h)"
          value={String(step.pause?.duration ?? '')}
          onChange={(duration) => onChange({ pause: { duration } })}
        />
      );
    case 'web':
      return (
        <Text
          label="Address that answers 2xx"
          value={metric?.web?.url ?? ''}
          onChange={(url) => onChange(gate({ name: 'smoke', web: { url } }))}
        />
      );
    case 'prometheus':
      return <PrometheusFields metric={metric as Metric} onChange={(next) => onChange(gate(next))} />;
    case 'samples':
      return (
        <Text
          label="Answers at least"
          value={String(metric?.samples?.answers ?? '')}
          onChange={(text) => onChange(gate({ name: 'enough', samples: { answers: Number(text) } } as Metric))}
        />
      );
    default:
      return null;
  }
}

function PrometheusFields({ metric, onChange }: { metric: Metric; onChange: (metric: Metric) => void }) {
  const { address = '', query = '' } = metric.prometheus ?? {};
  const of = (prometheus: { address: string; query: string }) => onChange({ ...metric, prometheus });
  return (
    <>
      <Text label="Prometheus address" value={address} onChange={(next) => of({ address: next, query })} />
      <Text label="Query" value={query} onChange={(next) => of({ address, query: next })} />
      <Text
        label="Passes up to"
        value={String(metric.thresholdRange?.max ?? '')}
        onChange={(text) => onChange({ ...metric, thresholdRange: { max: Number(text) } })}
      />
    </>
  );
}

function Text(props: { label: string; value: string; onChange: (text: string) => void }) {
  return (
    <Field label={props.label}>
      {(ids) => <input {...ids} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)} />}
    </Field>
  );
}
