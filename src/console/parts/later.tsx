/** Now, or at a later time: the fields, and which instant they come to while they are typed. */
import { useId, useState } from 'preact/hooks';
import { durationText, momentText } from '../rules/format.ts';
import { firstLater, type Later, ownTimeZone, type Planned, plannedOf } from '../rules/wall.ts';
import type { Action } from '../state/action.ts';
import { Field } from './controls.tsx';
import { useNow } from './now.ts';
import { TimeZoneField } from './time-zone-field.tsx';

interface When {
  readonly later: Later;
  readonly planned: Planned;
  readonly set: (later: Later) => void;
}

export function useLater(action: Action): When {
  const [later, setLater] = useState(() => firstLater(Date.now(), ownTimeZone()));
  const nowMs = useNow(later.isLater);
  // What was refused for one time says nothing of another, and an emergency is one of now.
  const set = (next: Later): void => {
    action.clear();
    action.sayOverride('');
    setLater(next);
  };
  return { later, planned: plannedOf(later, nowMs), set };
}

/** Whether it is plain when it is to be done. */
export function isSettled({ kind }: Planned): boolean {
  return kind === 'now' || kind === 'later';
}

/** `what`: what would be done, such as `The shift`. */
export function WhenFields({ when, what }: { when: When; what: string }) {
  const { later, planned, set } = when;
  const id = useId();
  const choice = (isLater: boolean, text: string) => (
    <label class="choice">
      <input
        type="radio"
        name={`${id}-when`}
        checked={later.isLater === isLater}
        onChange={() => set({ ...later, isLater })}
      />
      {text}
    </label>
  );
  return (
    <fieldset class="stack-s">
      <legend>When</legend>
      <div class="row">
        {choice(false, 'Now')}
        {choice(true, 'At a later time')}
      </div>
      {later.isLater && (
        <>
          <div class="fields">
            <Field label="Date">
              {(ids) => (
                <input
                  {...ids}
                  type="date"
                  required
                  value={later.date}
                  onInput={(event) => set({ ...later, date: event.currentTarget.value })}
                />
              )}
            </Field>
            <Field label="Time">
              {(ids) => (
                <input
                  {...ids}
                  type="time"
                  required
                  value={later.time}
                  onInput={(event) => set({ ...later, time: event.currentTarget.value })}
                />
              )}
            </Field>
            <TimeZoneField value={later.timeZone} onText={(timeZone) => set({ ...later, timeZone })} />
          </div>
          <Comes planned={planned} what={what} />
        </>
      )}
    </fieldset>
  );
}

function Comes({ planned, what }: { planned: Planned; what: string }) {
  const nowMs = useNow();
  if (planned.kind === 'fault') {
    return (
      <p class="fault" role="alert">
        {planned.fault}
      </p>
    );
  }
  if (planned.kind !== 'later') return null;
  return (
    <p class="small" role="status">
      {what} is done by the server at <strong>{momentText(planned.atMs)}</strong>, in{' '}
      {durationText((planned.atMs - nowMs) / 1000)}; not if a service of it is changed before, or is frozen then. Until
      then it can be withdrawn.
    </p>
  );
}
