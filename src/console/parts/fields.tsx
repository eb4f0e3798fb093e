/** Fields of a form by the place of what they edit: a line, some lines, a choice. */
import { Field } from './controls.tsx';

interface Props {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly value: string;
  readonly onText: (text: string) => void;
}

export function Line(props: Props & { isNumber?: boolean; isRequired?: boolean; placeholder?: string }) {
  const { label, hint, value, onText, isNumber, isRequired, placeholder } = props;
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <input
          {...ids}
          autocomplete="off"
          spellcheck={false}
          required={isRequired}
          placeholder={placeholder}
          inputMode={isNumber ? 'numeric' : undefined}
          value={value}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function Lines({ label, hint, value, onText, placeholder }: Props & { placeholder?: string }) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <textarea
          {...ids}
          class="mono"
          rows={Math.max(2, value.split('\n').length)}
          spellcheck={false}
          placeholder={placeholder}
          value={value}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** `values`: each with what stands for it. */
export function Choice({ label, hint, value, onText, values }: Props & { values: Readonly<Record<string, string>> }) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <select {...ids} value={value} onChange={(event) => onText(event.currentTarget.value)}>
          {Object.entries(values).map(([each, text]) => (
            <option key={each} value={each}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
