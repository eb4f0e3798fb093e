/** Deleting one thing of a list: as it was seen, and asked anew where it has become another one meanwhile. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Page } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import type { Resource } from '../state/resource.ts';
import { Dialog } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { GroundMoved } from './ground-moved.tsx';

interface Listed {
  readonly name: string;
  /** Absent of what no revision made. */
  readonly revision?: number;
}

const verbs = {
  freeze: { list: '/v1/freezes', title: 'Delete the freeze', done: 'deleted', act: 'Delete now' },
  webhook: { list: '/v1/webhooks', title: 'Delete the webhook', done: 'deleted', act: 'Delete now' },
  // A token of the same name that was made since is another one.
  token: { list: '/v1/tokens', title: 'Revoke', done: 'revoked', act: 'Revoke now' },
} as const;

/** `of`: the list that it is in. `shown`: what is told of it where it has moved. `children`: what follows from it. */
export function Remove<Item extends Listed>(props: {
  kind: keyof typeof verbs;
  item: Item;
  of: Resource<Page<Item>>;
  shown?: (item: Item | undefined) => unknown;
  onClose: () => void;
  children: (item: Item) => ComponentChildren;
}) {
  const { kind, of, shown = (each) => each, onClose } = props;
  const { list, title, done, act } = verbs[kind];
  const action = useAction();
  const [item, setItem] = useState(props.item);
  const { name, revision } = item;
  const now = of.body?.items.find((each) => each.name === name);
  const isHeld = of.body !== undefined && now?.revision !== revision && !action.isBusy;
  const etag = revision === undefined ? undefined : `"${revision}"`;
  const confirm = async (): Promise<void> => {
    const isDone = await action.run(`${list}/${segment(name)}`, { method: 'DELETE', ifMatch: etag });
    void of.reload();
    if (!isDone) return;
    note('done', `The ${kind} ${name} was ${done}.`);
    onClose();
  };
  const look = (): void => {
    if (now === undefined) return onClose();
    setItem(now);
    action.clear();
  };
  return (
    <Dialog title={`${title} ${name}?`} onClose={onClose}>
      {isHeld && (
        <GroundMoved
          what={`the ${kind} ${name}`}
          opened={shown(item)}
          now={shown(now)}
          etag={etag}
          isAbout={(subject) => subject.kind === kind && subject.name === name}
          onTheirs={look}
          theirsText={now === undefined ? 'Close' : 'Ask about the one that is there now'}
        />
      )}
      <p>{props.children(item)}</p>
      <DialogEnd action={action} onCancel={onClose} onAct={confirm} isDanger isHeld={isHeld}>
        {act}
      </DialogEnd>
    </Dialog>
  );
}
