/** Whose clock is meant, by its name in the tz database; what browsers know is offered, of the same tables as the server's as a rule. */
import { useId } from 'preact/hooks';
import { Field } from './controls.tsx';

export function TimeZoneField(props: {
  value: string;
  onText: (text: string) => void;
  hint?: string;
  fault?: string | undefined;
}) {
  const { value, onText, hint, fault } = props;
  const id = useId();
  return (
    <>
      <Field label="Time zone" {...(hint !== undefined && { hint })} fault={fault}>
        {(ids) => (
          <input
            {...ids}
            required
            list={`${id}-zones`}
            autocomplete="off"
            spellcheck={false}
            value={value}
            onInput={(event) => onText(event.currentTarget.value)}
          />
        )}
      </Field>
      <datalist id={`${id}-zones`}>
        {['UTC', ...Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC')].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
