/** Deleting a service: with nothing left at its name, or with the records of one of its pools. */
import { useState } from 'preact/hooks';
import type { Service } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { shownOf } from '../rules/services.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useGround } from '../state/ground.ts';
import type { Resource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';
import { Dialog } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { GroundMoved } from './ground-moved.tsx';

const NOTHING = '';

export function DeleteService({ of, onClose }: { of: Resource<Service>; onClose: () => void }) {
  const action = useAction();
  const ground = useGround<Service>(of);
  const service = ground.body as Service;
  const { name, pools, shares, ttlSeconds } = service;
  // Most want to keep the answer that most clients get.
  const [leave, setLeave] = useState(
    () => Object.keys(pools).sort((a, b) => (shares[b] ?? 0) - (shares[a] ?? 0))[0] ?? NOTHING,
  );
  const isHeld = ground.moved !== undefined && !action.isBusy;
  const confirm = async (): Promise<void> => {
    const query = leave === NOTHING ? '' : `?leave=${segment(leave)}`;
    const path = `/v1/services/${segment(name)}${query}`;
    const isDone = await action.run(path, { method: 'DELETE', ifMatch: ground.etag });
    if (!isDone) return void of.reload();
    note('done', leave === NOTHING ? `${name} was deleted.` : `${name} was deleted; the records of ${leave} stay.`);
    onClose();
    location.hash = hrefOf({ page: 'services' });
  };
  const look = (): void => {
    if (ground.moved?.body === undefined) return onClose();
    ground.take();
    action.clear();
  };
  const choice = (value: string, label: string, detail: string) => (
    <label class="choice">
      <input type="radio" name="leave" checked={leave === value} onChange={() => setLeave(value)} />
      <span>
        {label}
        <span class="quiet small mono"> {detail}</span>
      </span>
    </label>
  );
  return (
    <Dialog title={`Delete ${name}?`} onClose={onClose}>
      {isHeld && (
        <GroundMoved
          what={name}
          opened={shownOf(service)}
          now={shownOf(ground.moved?.body)}
          etag={ground.etag}
          isAbout={({ kind, name: about }) => kind === 'service' && about === name}
          onTheirs={look}
          theirsText={ground.moved?.body === undefined ? 'Close' : 'Ask about what is in force'}
        />
      )}
      <fieldset class="stack-s">
        <legend>What stays at the name</legend>
        {Object.entries(pools).map(([pool, { targets }]) => choice(pool, `The records of ${pool}`, targets.join(' ')))}
        {choice(NOTHING, 'Nothing: the name is gone', '')}
      </fieldset>
      <p>
        {leave === NOTHING
          ? 'From this instant on resolvers are told that the name has no such record, and keep that too.'
          : `They answer from the same instant on, with a TTL of ${ttlSeconds} s.`}{' '}
        The log keeps what the service was.
      </p>
      <DialogEnd action={action} onCancel={onClose} onAct={confirm} isDanger isHeld={isHeld}>
        Delete now
      </DialogEnd>
    </Dialog>
  );
}
