/** What is asked before a zone is signed, its key rolled, or it is unsigned: what happens then, and in which order. */
import { useState } from 'preact/hooks';
import type { Signing } from '../../contract/types.ts';
import { ALGORITHM_WORDS, isUnsigning, shownSigning } from '../rules/signing.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useGround } from '../state/ground.ts';
import type { Resource } from '../state/resource.ts';
import { Dialog, Message } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { GroundMoved } from './ground-moved.tsx';

/** What a dialog is about. */
interface AboutSigning {
  readonly zone: string;
  readonly path: string;
  readonly of: Resource<Signing>;
  readonly onClose: () => void;
}

/** The ground that a dialog stands on, and what is shown where it moves: the server takes steps by itself. */
function useSigningGround({ zone, of }: AboutSigning, clear: () => void) {
  const ground = useGround<Signing>(of, undefined, shownSigning);
  const isMoved = ground.moved !== undefined;
  const look = (): void => {
    ground.take();
    clear();
  };
  const moved = isMoved && (
    <GroundMoved
      what={`the signing of ${zone}`}
      opened={ground.body && shownSigning(ground.body)}
      now={ground.moved?.body && shownSigning(ground.moved.body)}
      etag={ground.etag}
      isAbout={({ kind, name }) => kind === 'dnssec' && name === zone}
      onTheirs={look}
      theirsText="Ask about what is in force"
    />
  );
  return { ...ground, isMoved, moved };
}

export function SignDialog(props: AboutSigning) {
  const { zone, path, of, onClose } = props;
  const action = useAction();
  const ground = useSigningGround(props, action.clear);
  const [algorithm, setAlgorithm] = useState('ecdsap256sha256');
  const isBack = ground.body !== undefined && isUnsigning(ground.body.stage);
  const confirm = async (): Promise<void> => {
    const body = isBack ? {} : { algorithm };
    const condition = ground.etag === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: ground.etag };
    const isMine = ({ stage }: Signing) => !isUnsigning(stage);
    const { again } = ground;
    const isDone = await action.run<Signing>(path, { method: 'PUT', body, ...condition, isMine, again }, ({ status }) =>
      note('done', status),
    );
    void of.reload();
    if (isDone) onClose();
  };
  return (
    <Dialog title={isBack ? `Keep ${zone} signed?` : `Sign ${zone}?`} onClose={onClose}>
      {!action.isBusy && ground.moved}
      {isBack ? (
        <p>All is signed still. The parent is asked for the DS again, once no cache can hold what does not fit.</p>
      ) : (
        <>
          <fieldset class="stack-s">
            <legend>The key</legend>
            {Object.entries(ALGORITHM_WORDS).map(([value, words]) => (
              <label key={value} class="choice">
                <input
                  type="radio"
                  name="algorithm"
                  checked={algorithm === value}
                  onChange={() => setAlgorithm(value)}
                />
                <span>{words}</span>
              </label>
            ))}
          </fieldset>
          <ol class="stack-s numbered">
            <li>Everything in the zone is signed. Answers go on, and nobody is told.</li>
            <li>When no cache can hold an answer without signatures, this page shows the DS for the parent.</li>
            <li>When every nameserver of the parent has it, and caches have let go of what was before, it is done.</li>
          </ol>
          <Message>
            The private key is sealed by this server's wrapping key: keep a copy of that apart from backups of the data.
          </Message>
        </>
      )}
      <DialogEnd action={action} onCancel={onClose} onAct={confirm} isHeld={ground.isMoved && !action.isBusy}>
        {isBack ? 'Keep it signed' : 'Sign now'}
      </DialogEnd>
    </Dialog>
  );
}

export function RollDialog(props: AboutSigning) {
  const { zone, path, of, onClose } = props;
  const action = useAction();
  const ground = useSigningGround(props, action.clear);
  const confirm = async (): Promise<void> => {
    const request = { method: 'POST', body: {}, ifMatch: ground.etag, again: ground.again } as const;
    const isDone = await action.run<Signing>(`${path}/roll`, request, ({ status }) => note('done', status));
    void of.reload();
    if (isDone) onClose();
  };
  return (
    <Dialog title={`Roll the key of ${zone}?`} onClose={onClose}>
      {!action.isBusy && ground.moved}
      <ol class="stack-s numbered">
        <li>A new key is made, and published beside the one that signs.</li>
        <li>When every cache can know it, the parent needs its DS instead of the old one: this page shows it.</li>
        <li>When that has come, the new key signs everything; the old one goes when no cache holds its signatures.</li>
      </ol>
      <DialogEnd action={action} onCancel={onClose} onAct={confirm} isHeld={ground.isMoved && !action.isBusy}>
        Roll now
      </DialogEnd>
    </Dialog>
  );
}

export function UnsignDialog(props: AboutSigning) {
  const { zone, path, of, onClose } = props;
  const action = useAction();
  const ground = useSigningGround(props, action.clear);
  const [isForced, setForced] = useState(false);
  const confirm = async (): Promise<void> => {
    const query = isForced ? '?force=true' : '';
    const request = { method: 'DELETE', ifMatch: ground.etag, again: ground.again } as const;
    const isDone = await action.run(`${path}${query}`, request, () =>
      note('done', isForced ? `${zone} is not signed any more.` : `${zone} is being unsigned.`),
    );
    void of.reload();
    if (isDone) onClose();
  };
  return (
    <Dialog title={`Unsign ${zone}?`} onClose={onClose}>
      {!action.isBusy && ground.moved}
      <p>
        The parent is told to take the DS away (CDS), and whoever keeps it there has to, where the parent does not
        follow by itself. The zone stays signed until no cache can hold a DS; until then it can be taken back.
      </p>
      <label class="choice">
        <input type="checkbox" checked={isForced} onChange={(event) => setForced(event.currentTarget.checked)} />
        <span>At once, whatever the parent has</span>
      </label>
      {isForced && (
        <Message tone="danger">
          Where the parent has a DS, or a cache holds one, everybody who validates gets no answer for this zone and all
          of its services.
        </Message>
      )}
      <DialogEnd
        action={action}
        onCancel={onClose}
        onAct={confirm}
        isDanger={isForced}
        isHeld={ground.isMoved && !action.isBusy}
      >
        {isForced ? 'Unsign at once' : 'Begin to unsign'}
      </DialogEnd>
    </Dialog>
  );
}
