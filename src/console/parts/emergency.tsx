/** A freeze that lies in the way of a change, and passing it over: only with what the emergency is. */
import type { Freeze, Page } from '../../contract/types.ts';
import { momentText } from '../rules/format.ts';
import { windowsText } from '../rules/freezes.ts';
import type { Action } from '../state/action.ts';
import type { LiveEvent } from '../state/live.ts';
import { useResource } from '../state/resource.ts';
import { Field, Message } from './controls.tsx';

/** A freeze begins and ends by the clock, and no event tells of it. */
const LOOK_MS = 60_000;
const SETTLE_MS = 500;
const onRevision = ({ kind }: LiveEvent): boolean => kind === 'revision';

/** The freezes that are on, of a service or of any. */
export function useFrozen(service?: string): readonly Freeze[] {
  const path = service === undefined ? '/v1/freezes' : `/v1/freezes?service=${encodeURIComponent(service)}`;
  const freezes = useResource<Page<Freeze>>(path, { on: onRevision, settleMs: SETTLE_MS, everyMs: LOOK_MS });
  return (freezes.body?.items ?? []).filter(({ active }) => active);
}

/** `weekend: Fri 16:00 – Mon 08:00 Europe/Berlin, until …`. */
export function FreezeWords({ freeze }: { freeze: Freeze }) {
  const { name, message, windows, timeZone, until } = freeze;
  return (
    <span>
      <bdi>{message ?? name}</bdi>: {windowsText(windows)} {timeZone}
      {until === null ? ', without an end.' : `, until ${momentText(until)}.`}
    </span>
  );
}

/** Whether the change of an action has a freeze in its way: one that is known, or one that the server named. */
export function isInTheWay(action: Action, frozen: readonly Freeze[]): boolean {
  return frozen.length > 0 || action.failure?.code === 'frozen' || action.override !== '';
}

/** The most that the server takes. */
export const REASON_MAX_CHARS = 500;

export function Emergency({ action, frozen }: { action: Action; frozen: readonly Freeze[] }) {
  return (
    <Message tone="danger">
      <div class="stack-s">
        {frozen.length > 0 && (
          <p>
            <strong>Frozen.</strong>{' '}
            {frozen.map((freeze, i) => (
              <span key={freeze.name}>
                {i > 0 && ' '}
                <FreezeWords freeze={freeze} />
              </span>
            ))}
          </p>
        )}
        <Field
          label="What the emergency is"
          hint="Passes the freeze over. It is kept with the change, stands in the log, and is told to webhooks."
        >
          {(ids) => (
            <input
              {...ids}
              dir="auto"
              autocomplete="off"
              maxLength={REASON_MAX_CHARS}
              placeholder="Without one it is refused"
              value={action.override}
              onInput={(event) => action.sayOverride(event.currentTarget.value)}
            />
          )}
        </Field>
      </div>
    </Message>
  );
}
