/** Saying that a pool or a target is up or down, for a time, whatever probes see; and taking that back. */
import { useState } from 'preact/hooks';
import type { Forced, Service } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { Act } from './act.tsx';
import { Clock } from './clock.tsx';
import { Dialog } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { Choice } from './fields.tsx';

const HOURS = { '900': '15 minutes', '3600': '1 hour', '14400': '4 hours', '86400': '1 day' } as const;
const ALL = '';

interface Props {
  readonly service: Service;
  readonly pool: string;
  readonly onChanged: () => void;
}

export function ForceButton({ service, pool, onChanged }: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Act needs="shift" class="plain compact" label={`Force… the health of ${pool}`} onClick={() => setOpen(true)}>
        Force…
      </Act>
      {isOpen && <ForceDialog service={service} pool={pool} onChanged={onChanged} onClose={() => setOpen(false)} />}
    </>
  );
}

function ForceDialog({ service, pool, onChanged, onClose }: Props & { onClose: () => void }) {
  const [state, setState] = useState('down');
  const [seconds, setSeconds] = useState('3600');
  const [target, setTarget] = useState(ALL);
  const action = useAction();
  const force = async (): Promise<void> => {
    const path = `/v1/services/${segment(service.name)}/health/${segment(pool)}`;
    const body = { state, durationSeconds: Number(seconds), ...(target !== ALL && { target }) };
    // What is forced already is forced anew: there is nothing of it that a reply that was lost could have undone.
    const isDone = await action.run(path, {
      method: 'PUT',
      body,
      look: `/v1/services/${segment(service.name)}/health`,
    });
    onChanged();
    if (!isDone) return;
    note('done', `${target === ALL ? pool : target} counts as ${state}.`);
    onClose();
  };
  const targets = Object.fromEntries((service.pools[pool]?.targets ?? []).map((each) => [each, each]));
  return (
    <Dialog title={`Force the health of ${pool}?`} onClose={onClose}>
      <div class="fields">
        <Choice label="What" values={{ [ALL]: `the pool ${pool}`, ...targets }} value={target} onText={setTarget} />
        <Choice label="Counts as" values={{ down: 'down', up: 'up' }} value={state} onText={setState} />
        <Choice label="For" values={HOURS} value={seconds} onText={setSeconds} />
      </div>
      <p class="small">
        {state === 'down'
          ? 'It gets no answers from this instant on, unless no pool with weight were left: then all are answered from.'
          : 'It is answered from, whatever probes see.'}
      </p>
      <DialogEnd action={action} onCancel={onClose} onAct={force} isDanger={state === 'down'}>
        Force it now
      </DialogEnd>
    </Dialog>
  );
}

/** What somebody decided, with the way back. */
export function ForcedText(props: Props & { forced: Forced | null | undefined; target?: string }) {
  const { service, pool, forced, target, onChanged } = props;
  const action = useAction();
  if (!forced) return null;
  const query = target === undefined ? '' : `?target=${segment(target)}`;
  const release = async (): Promise<void> => {
    const path = `/v1/services/${segment(service.name)}/health/${segment(pool)}${query}`;
    const isDone = await action.run(path, { method: 'DELETE', refused: ({ detail }) => note('failed', detail) });
    if (isDone) note('done', `${target ?? pool} is what probes see again.`);
    onChanged();
  };
  return (
    <p class="small">
      <span class="badge" data-tone="warn">
        forced {forced.state}
      </span>{' '}
      by {forced.actor} until <Clock at={forced.until} />{' '}
      <Act
        needs="shift"
        class="plain compact"
        label={`No more: ${target ?? pool} forced`}
        disabled={action.isBusy}
        onClick={() => void release()}
      >
        No more
      </Act>
    </p>
  );
}
