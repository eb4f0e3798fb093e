/** The end of a dialog: why it is done, what lies in its way, what became of it, and the two ways out. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Freeze } from '../../contract/types.ts';
import type { Action } from '../state/action.ts';
import { Field, Message, Refusal } from './controls.tsx';
import { Emergency, isInTheWay, REASON_MAX_CHARS } from './emergency.tsx';

/** That a change was sent and no reply came yet; nothing else is offered meanwhile. */
export function Late({ action }: { action: Action }) {
  if (action.phase !== 'late') return null;
  return (
    <Message tone="warn" isAlert>
      It was sent, and no reply has come, so it is not certain whether it was done. The server is being asked what is in
      force; nothing is done twice.
    </Message>
  );
}

/**
 * The end of a dialog: what became of its action, and the two ways out. Without `onAct` the second submits the form.
 * `isHeld`: something has to be decided first. `isQuestion`: it changes nothing, so it is not asked why. `frozen`: what
 * lies in its way; it is passed over with a reason only.
 */
export function DialogEnd(props: {
  action: Action;
  onCancel: () => void;
  onAct?: () => Promise<void>;
  cancel?: string;
  isDanger?: boolean;
  isHeld?: boolean;
  isQuestion?: boolean;
  frozen?: readonly Freeze[];
  children: ComponentChildren;
}) {
  const {
    action,
    onCancel,
    onAct,
    cancel = 'Cancel',
    isDanger = false,
    isHeld = false,
    isQuestion = false,
    frozen = [],
    children,
  } = props;
  const isFrozen = !isQuestion && isInTheWay(action, frozen);
  const isUnsaid = isFrozen && action.override.trim() === '';
  return (
    <>
      {isFrozen && <Emergency action={action} frozen={frozen} />}
      {!isQuestion && <WhyFields action={action} />}
      <Refusal failure={action.failure} />
      <Late action={action} />
      <div class="row-end">
        <button type="button" onClick={onCancel}>
          {action.isBusy ? 'Close' : cancel}
        </button>
        <button
          type={onAct === undefined ? 'submit' : 'button'}
          class={isFrozen ? 'danger solid' : isDanger ? 'danger' : 'primary'}
          disabled={action.isBusy || isHeld || isUnsaid}
          onClick={onAct && (() => void onAct())}
        >
          {phaseText(action.phase) ?? children}
          {isFrozen && !action.isBusy && ', in spite of the freeze'}
        </button>
      </div>
    </>
  );
}

/** What a button says while its action is under way. */
export function phaseText(phase: Action['phase']): string | undefined {
  if (phase === 'idle') return undefined;
  return phase === 'sending' ? 'Sending…' : 'Asking the server…';
}

/** The text goes with every request of the action while it is here, and with nothing else. */
export function WhyFields({ action }: { action: Action }) {
  const { why, say } = action;
  useEffect(() => () => say({ reason: '', links: '' }), []);
  return (
    <div class="fields">
      <Field label="Why (optional)">
        {(ids) => (
          <input
            {...ids}
            dir="auto"
            autocomplete="off"
            maxLength={REASON_MAX_CHARS}
            placeholder="Kept with the change"
            value={why.reason}
            onInput={(event) => say({ ...why, reason: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label="Links (optional)">
        {(ids) => (
          <input
            {...ids}
            inputMode="url"
            autocomplete="off"
            spellcheck={false}
            placeholder="https:// of a commit, a ticket, a run"
            value={why.links}
            onInput={(event) => say({ ...why, links: event.currentTarget.value })}
          />
        )}
      </Field>
    </div>
  );
}
