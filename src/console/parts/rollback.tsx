/** Going back: the one obvious button, and the confirmation that says where it leads. */

import { useState } from 'preact/hooks';
import type { Release, Service, Weights, WeightsReply } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { shownOf } from '../rules/services.ts';
import { describeShares } from '../rules/shares.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useGround } from '../state/ground.ts';
import type { Resource } from '../state/resource.ts';
import { Act } from './act.tsx';
import { Dialog, Message } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { EffectView } from './effect-view.tsx';
import { GroundMoved } from './ground-moved.tsx';

export function RollbackButton(props: {
  service: Service;
  of: Resource<Service>;
  /** Where it leads, as far as the history at hand tells. */
  target: Weights | undefined;
  active: Release | undefined;
  /** There is nowhere to go back to; a dialog that is open stays until it is told what became of its rollback. */
  isThere: boolean;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      {!props.isThere && (
        <Act needs="shift" class="danger" onClick={() => setOpen(true)}>
          <span class="whole">↩ Roll back</span>
          {props.target && <span class="small">to {describeShares(props.target)}</span>}
        </Act>
      )}
      {isOpen && <ConfirmRollback {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

/** `revision`: to the weights that were in force there; without it, to before the last release or shift. */
export function ConfirmRollback(props: {
  service: Service;
  of: Resource<Service>;
  target: Weights | undefined;
  active: Release | undefined;
  revision?: number;
  onClose: () => void;
}) {
  const { of, revision, onClose } = props;
  const action = useAction();
  const ground = useGround<Service>(of, { body: props.service, etag: of.etag });
  // Where it leads, and what it ends, is what was seen when it was opened.
  const [seen, setSeen] = useState({ target: props.target, active: props.active });
  const { active } = seen;
  const service = ground.body as Service;
  const isHeld = ground.moved !== undefined && !action.isBusy;
  // Where the history at hand did not tell then, it does once it is read; while nothing moves that is of the same ground.
  const target = seen.target ?? (ground.moved === undefined ? props.target : undefined);
  const confirm = async (): Promise<void> => {
    const path = `/v1/services/${segment(service.name)}/rollback`;
    const body = revision === undefined ? {} : { revision };
    const isDone = await action.run<WeightsReply>(path, { method: 'POST', body, ifMatch: ground.etag }, ({ weights }) =>
      note('done', `${service.name} rolled back: ${describeShares(weights)}.`),
    );
    void of.reload();
    if (isDone) onClose();
  };
  const look = (): void => {
    if (ground.moved?.body === undefined) return onClose();
    ground.take();
    setSeen({ target: props.target, active: props.active });
    action.clear();
  };
  const others = Object.keys(active?.services ?? {}).filter((name) => name !== service.name);
  return (
    <Dialog title={`Roll back ${service.name}?`} onClose={onClose}>
      {isHeld && (
        <GroundMoved
          what={service.name}
          opened={shownOf(service)}
          now={shownOf(ground.moved?.body)}
          mine={target && { weights: target }}
          etag={ground.etag}
          isAbout={({ kind, name }) => kind === 'service' && name === service.name}
          onTheirs={look}
          theirsText={ground.moved?.body === undefined ? 'Close' : 'See where it leads now'}
        />
      )}
      {active && (
        <Message tone="warn">
          The release to {active.to} is aborted by this
          {others.length > 0 && <>, and {others.join(', ')} go back with it</>}.
        </Message>
      )}
      {!isHeld && target === undefined && (
        <p>
          The weights from before the last release or shift come back. If there was none, nothing is changed and the
          server says so.
        </p>
      )}
      {!isHeld && target !== undefined && <EffectView service={service} after={target} />}
      <DialogEnd action={action} onCancel={onClose} onAct={confirm} isHeld={isHeld}>
        Roll back now
      </DialogEnd>
    </Dialog>
  );
}
