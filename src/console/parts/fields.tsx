/** Fields of a form by the place of what they edit: a line, some lines, a choice. */
import { useState } from 'preact/hooks';
import { shownNumber } from '../rules/numbers.ts';
import { Field } from './controls.tsx';

interface Props {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly fault?: string | undefined;
  readonly value: string;
  readonly onText: (text: string) => void;
}

export function Line(props: Props & { isNumber?: boolean; isRequired?: boolean; placeholder?: string }) {
  const { label, hint, fault, value, onText, isNumber, isRequired, placeholder } = props;
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(ids) => (
        <input
          {...ids}
          autocomplete="off"
          spellcheck={false}
          required={isRequired}
          placeholder={placeholder}
          inputMode={isNumber ? 'decimal' : undefined}
          value={value}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A number; `value` NaN: what stands there is none. It is kept as it is typed, so that any number can be typed key by key. */
export function NumberLine({ value, onText, ...props }: Omit<Props, 'value'> & { readonly value: number | undefined }) {
  const [typed, setTyped] = useState<string>();
  const type = (text: string): void => {
    setTyped(text);
    onText(text);
  };
  const fault = Number.isNaN(value) ? 'A number, such as 5 or 0.5.' : undefined;
  return <Line {...props} fault={fault} isNumber value={shownNumber(value, typed)} onText={type} />;
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
