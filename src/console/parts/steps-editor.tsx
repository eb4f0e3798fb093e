/** The steps of a release as a form: shares, pauses and gates in any order, each moved, inserted or taken away. */
import { useId } from 'preact/hooks';
import type { Step } from '../../contract/types.ts';
import { inserted, kindOf, moved, type StepKind, stepOf } from '../rules/gates.ts';
import { numberOf } from '../rules/numbers.ts';
import { Line, NumberLine } from './fields.tsx';
import { GatesFields } from './gates-fields.tsx';

const kinds: Record<StepKind, string> = {
  setWeight: 'Set the share',
  pause: 'Pause for a time',
  wait: 'Pause until promoted',
  approval: 'Pause until somebody else approves',
  gates: 'Gates',
  drain: 'Wait until drained',
};

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
            <div class="step-moves">
              <Move label={`Insert a step before step ${i + 1}`} onClick={() => onChange(inserted(steps, i, FRESH))}>
                ＋
              </Move>
              <Move label={`Move step ${i + 1} up`} isOff={i === 0} onClick={() => onChange(moved(steps, i, -1))}>
                ↑
              </Move>
              <Move
                label={`Move step ${i + 1} down`}
                isOff={i === steps.length - 1}
                onClick={() => onChange(moved(steps, i, 1))}
              >
                ↓
              </Move>
              <Move label={`Remove step ${i + 1}`} onClick={() => onChange(steps.filter((_, at) => at !== i))}>
                ✕
              </Move>
            </div>
          </li>
        ))}
      </ol>
      <button type="button" class="compact" onClick={() => onChange([...steps, { setWeight: 100 }])}>
        Add a step
      </button>
    </fieldset>
  );
}

const FRESH: Step = { pause: { duration: '5m' } };

function Move(props: { label: string; isOff?: boolean; onClick: () => void; children: string }) {
  return (
    <button
      type="button"
      class="plain compact"
      aria-label={props.label}
      title={props.label}
      disabled={props.isOff}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}

function StepFields(props: { number: number; to: string; step: Step; onChange: (step: Step) => void }) {
  const { number, to, step, onChange } = props;
  const kind = kindOf(step);
  const id = useId();
  return (
    <div class="stack-s">
      <div class="fields">
        <div class="field">
          <label for={id}>Step {number}</label>
          <select
            id={id}
            value={kind}
            onChange={(event) => onChange(stepOf(event.currentTarget.value as StepKind, to))}
          >
            {Object.entries(kinds).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </div>
        {kind === 'setWeight' && (
          <NumberLine
            label={`Share of ${to}, per cent`}
            value={step.setWeight}
            // Nothing is no number, so that it stays a step of this kind.
            onText={(text) => onChange({ setWeight: numberOf(text) ?? Number.NaN })}
          />
        )}
        {kind === 'pause' && (
          <Line
            label="How long (30s, 5m, 1h)"
            value={String(step.pause?.duration ?? '')}
            onText={(duration) => onChange({ pause: { ...step.pause, duration } })}
          />
        )}
      </div>
      {step.analysis && (
        <GatesFields to={to} analysis={step.analysis} onChange={(analysis) => onChange({ analysis })} />
      )}
    </div>
  );
}
