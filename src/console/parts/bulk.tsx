/** What is done to several services at once: one review names all that it touches, and what it leaves out and why. */

import { useRef, useState } from 'preact/hooks';
import type { Glance, Weights } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { commonPools, forceParts, type Part, pauseParts, seenOf, shiftParts } from '../rules/board.ts';
import { countText } from '../rules/format.ts';
import { plainText } from '../rules/plain.ts';
import { weightsOf } from '../rules/services.ts';
import { describeShares } from '../rules/shares.ts';
import { type Action, useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { Act } from './act.tsx';
import { Dialog, Field, Message } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { isSettled, useLater, WhenFields } from './later.tsx';
import { ReleaseMany } from './release-many.tsx';
import { allowed, Review, useHeld, useReviewed } from './review.tsx';

type Kind = 'shift' | 'release' | 'pause' | 'force';

export function Bulk(props: { chosen: readonly Glance[]; onClear: () => void }) {
  const { chosen, onClear } = props;
  const [open, setOpen] = useState<{ kind: Kind; glances: readonly Glance[] }>();
  // Of what was reviewed, not of what the list has become meanwhile.
  const begin = (kind: Kind): void => setOpen({ kind, glances: chosen });
  const close = (): void => setOpen(undefined);
  return (
    <section class="bulk" aria-label="All that are chosen">
      <strong>{countText(chosen.length, 'service')} chosen</strong>
      <Act needs="shift" class="compact" onClick={() => begin('shift')}>
        Shift…
      </Act>
      <Act needs="release" class="compact" onClick={() => begin('release')}>
        Release…
      </Act>
      <Act needs="release" class="compact" onClick={() => begin('pause')}>
        Pause releases…
      </Act>
      <Act needs="shift" class="compact" onClick={() => begin('force')}>
        Force health…
      </Act>
      <button type="button" class="plain compact" onClick={onClear}>
        Choose none
      </button>
      {open?.kind === 'shift' && <ShiftMany glances={open.glances} live={chosen} onClose={close} onDone={onClear} />}
      {open?.kind === 'release' && (
        <ReleaseMany glances={open.glances} live={chosen} onClose={close} onDone={onClear} />
      )}
      {open?.kind === 'pause' && <PauseMany glances={open.glances} live={chosen} onClose={close} onDone={onClear} />}
      {open?.kind === 'force' && <ForceMany glances={open.glances} live={chosen} onClose={close} onDone={onClear} />}
    </section>
  );
}

interface Many {
  /** As they were when this was opened, and as the list has them now. */
  readonly glances: readonly Glance[];
  readonly live: readonly Glance[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function ShiftMany(props: Many) {
  const action = useAction();
  const { glances, isMoved, notice } = useReviewed(props, action);
  const when = useLater(action);
  const isLater = when.later.isLater;
  const pools = commonPools(glances);
  const [pool, setPool] = useState(pools.at(-1) ?? '');
  const [share, setShare] = useState('100');
  const percent = /^(?:\d|[1-9]\d|100)$/.test(share.trim()) ? Number(share) : undefined;
  const { parts, frozen, choice } = useHeld(allowed(shiftParts(glances, pool, percent ?? 0), 'shift'), isLater);
  const services = Object.fromEntries(
    parts.flatMap((part) => ('what' in part ? [[part.glance.service.name, part.what]] : [])),
  );
  const count = Object.keys(services).length;
  const shift = async (): Promise<void> => {
    const proposed = (): void => {
      props.onDone();
      props.onClose();
    };
    const body = { services, seen: seenOf(parts), ...(when.planned.kind === 'later' && when.planned.body) };
    if (!(await action.run('/v1/shifts', { method: 'POST', body, proposed }))) return;
    note('done', `${countText(count, 'service')} shifted at one instant.`);
    props.onDone();
    props.onClose();
  };
  return (
    <Dialog title={`Shift ${countText(count, 'service')}?`} isWide onClose={props.onClose}>
      {pools.length === 0 ? (
        <Message tone="warn">The services that you chose have no pool in common.</Message>
      ) : (
        <div class="fields">
          <Choose label="Traffic to" value={pool} values={pools} onChoose={setPool} />
          <Field label="Per cent" fault={percent === undefined ? 'A whole number from 0 to 100.' : undefined}>
            {(ids) => (
              <input
                {...ids}
                inputMode="numeric"
                value={share}
                onInput={(event) => setShare(event.currentTarget.value)}
              />
            )}
          </Field>
        </div>
      )}
      <Review
        parts={parts}
        say={(what: Weights, { service }) => `${describeShares(weightsOf(service))} → ${describeShares(what)}`}
        holds={!isLater}
      />
      {choice}
      <p class="small">All of it is one revision, and comes into force at one instant; or none of it does.</p>
      <WhenFields when={when} what="The shift" />
      {notice}
      <DialogEnd
        action={action}
        onCancel={props.onClose}
        onAct={shift}
        isHeld={count === 0 || percent === undefined || isMoved || !isSettled(when.planned)}
        frozen={frozen}
      >
        {isLater ? 'Plan it' : `Shift ${countText(count, 'service')} now`}
      </DialogEnd>
    </Dialog>
  );
}

function PauseMany(props: Many) {
  const action = useAction();
  const { glances, isMoved, notice } = useReviewed(props, action);
  const parts = allowed(pauseParts(glances), 'release');
  const each = useEach(action, props);
  const pause = () =>
    each.run(parts, ({ id }, { service }) => ({
      path: `/v1/services/${segment(service.name)}/releases/${id}/pause`,
      method: 'POST',
      body: {},
    }));
  const count = parts.filter((part) => 'what' in part).length;
  return (
    <Dialog title={`Pause ${countText(count, 'release')}?`} isWide onClose={props.onClose}>
      <Review
        parts={parts}
        say={({ names }, { release }) => `release ${release?.id} to ${release?.to}, which moves ${names.join(', ')}`}
      />
      <Outcomes of={each.outcomes} />
      {notice}
      <DialogEnd action={action} onCancel={props.onClose} onAct={pause} isHeld={count === 0 || isMoved}>
        Pause {countText(count, 'release')} now
      </DialogEnd>
    </Dialog>
  );
}

const HOURS = { '15 minutes': 900, '1 hour': 3600, '4 hours': 14_400, '1 day': 86_400 } as const;
type Hours = keyof typeof HOURS;

function ForceMany(props: Many) {
  const action = useAction();
  const { glances, isMoved, notice } = useReviewed(props, action);
  const pools = [...new Set(glances.flatMap(({ service }) => Object.keys(service.pools)))];
  const [pool, setPool] = useState(pools.at(-1) ?? '');
  const [state, setState] = useState('down');
  const [hours, setHours] = useState<Hours>('1 hour');
  const each = useEach(action, props);
  const parts = allowed(forceParts(glances, pool), 'shift');
  const count = parts.filter((part) => 'what' in part).length;
  const force = () =>
    each.run(parts, (_, { service }) => ({
      path: `/v1/services/${segment(service.name)}/health/${segment(pool)}`,
      method: 'PUT',
      body: { state, durationSeconds: HOURS[hours] },
    }));
  return (
    <Dialog title={`Force the health of ${pool}?`} isWide onClose={props.onClose}>
      <div class="fields">
        <Choose label="Pool" value={pool} values={pools} onChoose={setPool} />
        <Choose label="Counts as" value={state} values={['down', 'up']} onChoose={setState} />
        <Choose label="For" value={hours} values={Object.keys(HOURS)} onChoose={(text) => setHours(text as Hours)} />
      </div>
      <Review
        parts={parts}
        say={(_, { service }) => `${pool} counts as ${state} for ${hours}; now ${describeShares(weightsOf(service))}`}
      />
      <Outcomes of={each.outcomes} />
      {notice}
      <DialogEnd action={action} onCancel={props.onClose} onAct={force} isHeld={count === 0 || isMoved}>
        Force {countText(count, 'service')} now
      </DialogEnd>
    </Dialog>
  );
}

function Choose(props: { label: string; value: string; values: readonly string[]; onChoose: (value: string) => void }) {
  return (
    <Field label={props.label}>
      {(ids) => (
        <select {...ids} value={props.value} onChange={(event) => props.onChoose(event.currentTarget.value)}>
          {props.values.map((value) => (
            <option key={value}>{value}</option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface Sent {
  readonly path: string;
  readonly method: 'POST' | 'PUT';
  readonly body: object;
}

interface Outcome {
  readonly name: string;
  readonly refused: string;
}

/** One request after the other: each is done or refused for itself. */
function useEach(action: Action, { onDone, onClose }: Many) {
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([]);
  const done = useRef(new Set<string>());
  const run = async <What,>(
    parts: readonly Part<What>[],
    make: (what: What, glance: Glance) => Sent,
  ): Promise<void> => {
    const refused: Outcome[] = [];
    for (const part of parts) {
      if (!('what' in part)) continue;
      const { name } = part.glance.service;
      if (done.current.has(name)) continue;
      const { path, ...request } = make(part.what, part.glance);
      const isDone = await action.run(path, {
        ...request,
        isMine: () => true,
        refused: (failure) => refused.push({ name, refused: plainText(failure) }),
      });
      if (isDone) done.current.add(name);
    }
    setOutcomes(refused);
    if (refused.length > 0) return;
    note('done', `Done: ${[...done.current].join(', ')}.`);
    onDone();
    onClose();
  };
  return { outcomes, run };
}

function Outcomes({ of }: { of: readonly Outcome[] }) {
  if (of.length === 0) return null;
  return (
    <Message tone="danger" isAlert>
      <p>The others are done. These were refused:</p>
      <ul>
        {of.map(({ name, refused }) => (
          <li key={name}>
            <strong>{name}</strong>: {refused}
          </li>
        ))}
      </ul>
    </Message>
  );
}
