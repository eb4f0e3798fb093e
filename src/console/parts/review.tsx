/** What a change of several services touches: everything by its name, what holds it, and what is left out and why. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Freeze, Glance, Service } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { hasMoved, heldParts, heldText, type Part, withinReach, withoutHeld } from '../rules/board.ts';
import { countText } from '../rules/format.ts';
import { type Need, whyNot } from '../rules/may.ts';
import type { Action } from '../state/action.ts';
import { self } from '../state/self.ts';
import { call } from '../state/session.ts';
import { Message } from './controls.tsx';
import { useFrozen } from './emergency.tsx';

/** `holds`: whether a freeze that is on is in its way. */
export function Review<What>(props: {
  parts: readonly Part<What>[];
  say: (what: What, glance: Glance) => ComponentChildren;
  holds?: boolean;
}) {
  // What is in the way comes first: the list may be long.
  const isHeld = (part: Part<What>): boolean => props.holds === true && heldParts([part]).length > 0;
  const parts = [...props.parts.filter(isHeld), ...props.parts.filter((part) => !isHeld(part))];
  return (
    <ul class="review" aria-label="What it touches">
      {parts.map((part) => (
        <li key={part.glance.service.name} data-left-out={'leftOut' in part}>
          <strong>
            <bdi>{part.glance.service.name}</bdi>
          </strong>{' '}
          <span class="small">{'what' in part ? props.say(part.what, part.glance) : `left out: ${part.leftOut}`}</span>
          {props.holds && 'what' in part && <Held glance={part.glance} />}
        </li>
      ))}
    </ul>
  );
}

/** Without those to which whoever is signed in may not do it: one of them would have all refused. */
export function allowed<What>(parts: readonly Part<What>[], need: Need): Part<What>[] {
  return withinReach(parts, ({ service }) => whyNot(self.value, need, { services: [service] }));
}

function Held({ glance }: { glance: Glance }) {
  const text = heldText(glance);
  return text === '' ? null : <span class="held small">frozen by {text}</span>;
}

interface Holding<What> {
  readonly parts: readonly Part<What>[];
  /** What lies in the way of the whole of it. */
  readonly frozen: readonly Freeze[];
  /** To go on without what is held. */
  readonly choice: JSX.Element | null;
}

/** What freezes hold of what would move now: it is passed over with a reason, or left out by somebody's word. */
export function useHeld<What>(parts: readonly Part<What>[], isLater: boolean): Holding<What> {
  const [isWithout, setWithout] = useState(false);
  const on = useFrozen();
  const held = isLater ? [] : heldParts(parts);
  if (held.length === 0) return { parts, frozen: [], choice: null };
  const names = new Set(held.flatMap(({ frozen = [] }) => frozen.map(({ name }) => name)));
  const choice = (
    <label class="choice">
      <input type="checkbox" checked={isWithout} onChange={() => setWithout(!isWithout)} />
      Leave out {held.length === 1 ? 'the one' : `the ${countText(held.length, 'service')}`} that a freeze holds
    </label>
  );
  if (isWithout) return { parts: withoutHeld(parts), frozen: [], choice };
  return { parts, frozen: on.filter(({ name }) => names.has(name)), choice };
}

interface Reviewed {
  readonly glances: readonly Glance[];
  /** What is reviewed is not as it was any more: nothing is sent before somebody has looked. */
  readonly isMoved: boolean;
  readonly notice: JSX.Element | null;
}

/** What is reviewed, as it was when that was opened, until somebody asks for what is there now. */
export function useReviewed(
  { glances: opened, live }: { glances: readonly Glance[]; live: readonly Glance[] },
  action: Action,
): Reviewed {
  const [glances, setGlances] = useState(opened);
  const { failure } = action;
  const isStale = failure?.code === 'revision_stale';
  const isMoved = !action.isBusy && (isStale || (failure === undefined && hasMoved(glances, live)));
  const look = async (): Promise<void> => {
    // The list may not have the one that the server named: it was chosen on another page of it.
    const named = isStale ? failure?.conflict : undefined;
    const found = named === undefined ? undefined : await call<Service>(`/v1/services/${segment(named)}`);
    setGlances(
      live.map((glance) => (found?.ok && glance.service.name === named ? { ...glance, service: found.body } : glance)),
    );
    action.clear();
  };
  const notice = isMoved ? (
    <Message tone="warn" isAlert>
      <p>Some of these were changed after you had opened this.</p>
      <button type="button" class="compact" onClick={() => void look()}>
        Show what is there now
      </button>
    </Message>
  ) : null;
  // A freeze begins and ends by itself, and changes nothing of what is reviewed.
  const now = new Map(live.map(({ service, frozen }) => [service.name, frozen]));
  const held = glances.map(({ frozen: _, ...glance }) => {
    const frozen = now.get(glance.service.name);
    return frozen === undefined ? glance : { ...glance, frozen };
  });
  return { glances: held, isMoved, notice };
}
