/** What a change of several services touches: everything by its name, and what is left out and why. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Glance } from '../../contract/types.ts';
import { hasMoved, type Part, withinReach } from '../rules/board.ts';
import { type Need, whyNot } from '../rules/may.ts';
import type { Action } from '../state/action.ts';
import { self } from '../state/self.ts';
import { Message } from './controls.tsx';

export function Review<What>(props: {
  parts: readonly Part<What>[];
  say: (what: What, glance: Glance) => ComponentChildren;
}) {
  return (
    <ul class="review" aria-label="What it touches">
      {props.parts.map((part) => (
        <li key={part.glance.service.name} data-left-out={'leftOut' in part}>
          <strong>
            <bdi>{part.glance.service.name}</bdi>
          </strong>{' '}
          <span class="small">{'what' in part ? props.say(part.what, part.glance) : `left out: ${part.leftOut}`}</span>
        </li>
      ))}
    </ul>
  );
}

/** Without those to which whoever is signed in may not do it: one of them would have all refused. */
export function allowed<What>(parts: readonly Part<What>[], need: Need): Part<What>[] {
  return withinReach(parts, ({ service }) => whyNot(self.value, need, { services: [service] }));
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
  const isMoved = !action.isBusy && action.failure === undefined && hasMoved(glances, live);
  const notice = isMoved ? (
    <Message tone="warn" isAlert>
      <p>Some of these were changed after you had opened this.</p>
      <button type="button" class="compact" onClick={() => setGlances(live)}>
        Show what is there now
      </button>
    </Message>
  ) : null;
  return { glances, isMoved, notice };
}
