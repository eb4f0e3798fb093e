/** Going back: the one obvious button, and the confirmation that says where it leads. */
import { useState } from 'preact/hooks';
import { segment } from '../api/client.ts';
import type { Release, Service, Weights, WeightsReply } from '../api/types.ts';
import { describeShares } from '../rules/shares.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import type { Resource } from '../state/resource.ts';
import { Dialog, DialogEnd, Message } from './controls.tsx';
import { EffectView } from './effect-view.tsx';

export function RollbackButton(props: {
  service: Service;
  of: Resource<Service>;
  /** Where it leads, as far as the history at hand tells. */
  target: Weights | undefined;
  active: Release | undefined;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="danger" onClick={() => setOpen(true)}>
        ↩ Roll back{props.target && <span class="small">to {describeShares(props.target)}</span>}
      </button>
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
  const { service, of, target, active, revision, onClose } = props;
  const action = useAction();
  const confirm = async (): Promise<void> => {
    const path = `/v1/services/${segment(service.name)}/rollback`;
    const body = revision === undefined ? {} : { revision };
    const isDone = await action.run<WeightsReply>(path, { method: 'POST', body, ifMatch: of.etag }, ({ weights }) =>
      note('done', `${service.name} rolled back: ${describeShares(weights)}.`),
    );
    await of.reload();
    if (isDone) onClose();
  };
  const others = Object.keys(active?.services ?? {}).filter((name) => name !== service.name);
  return (
    <Dialog title={`Roll back ${service.name}?`} onClose={onClose}>
      {active && (
        <Message tone="warn">
          The release to {active.to} is aborted by this
          {others.length > 0 && <>, and {others.join(', ')} go back with it</>}.
        </Message>
      )}
      {target === undefined ? (
        <p>
          The weights from before the last release or shift come back. If there was none, nothing is changed and the
          server says so.
        </p>
      ) : (
        <EffectView service={service} after={target} />
      )}
      <DialogEnd action={action} onCancel={onClose} onAct={confirm}>
        {action.isBusy ? 'Rolling back…' : 'Roll back now'}
      </DialogEnd>
    </Dialog>
  );
}
