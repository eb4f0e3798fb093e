/** Webhooks: who else is told, and what could not be delivered. */
import { useState } from 'preact/hooks';
import type { Delivery, Page, Webhook, WebhookTest } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { Act } from '../parts/act.tsx';
import { Clock } from '../parts/clock.tsx';
import { Badge, Empty, Fold, Loaded, PageHead } from '../parts/controls.tsx';
import { Remove } from '../parts/remove.tsx';
import { WebhookForm } from '../parts/webhook-form.tsx';
import { countText } from '../rules/format.ts';
import { triggerText } from '../rules/triggers.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useResource } from '../state/resource.ts';

const PAGE = 200;
/** What waits is tried again by itself, and no event tells of it. */
const DELIVERIES_MS = 5000;

type Open = { readonly what: 'new' } | { readonly what: 'edit' | 'delete'; readonly webhook: Webhook };

export function WebhooksPage() {
  const webhooks = useResource<Page<Webhook>>(`/v1/webhooks?limit=${PAGE}`, { on: ({ kind }) => kind === 'revision' });
  const [open, setOpen] = useState<Open>();
  const close = (): void => setOpen(undefined);
  return (
    <>
      <PageHead
        title="Webhooks"
        facts={<span>Other programs that are told of releases and changes, signed as Standard Webhooks says.</span>}
        tools={
          <Act needs="server" class="primary" onClick={() => setOpen({ what: 'new' })}>
            New webhook
          </Act>
        }
      />
      <Loaded of={webhooks} lines={4}>
        {({ items }) =>
          items.length === 0 ? (
            <div class="card">
              <Empty title="No webhook yet">
                <p>A webhook tells a chat, a pager or a program of your own what releases do.</p>
              </Empty>
            </div>
          ) : (
            <div class="stack">
              {items.map((webhook) => (
                <WebhookCard key={webhook.name} webhook={webhook} onOpen={setOpen} />
              ))}
            </div>
          )
        }
      </Loaded>
      {open?.what === 'new' && <WebhookForm onClose={close} onDone={() => void webhooks.reload()} />}
      {open?.what === 'edit' && (
        <WebhookForm webhook={open.webhook} onClose={close} onDone={() => void webhooks.reload()} />
      )}
      {open?.what === 'delete' && (
        <Remove kind="webhook" item={open.webhook} of={webhooks} onClose={close}>
          {({ url }) => (
            <>
              Nobody at <code>{url}</code> is told of anything from then on, and what waits is not delivered any more.
            </>
          )}
        </Remove>
      )}
    </>
  );
}

function WebhookCard({ webhook, onOpen }: { webhook: Webhook; onOpen: (open: Open) => void }) {
  const { name, url, triggers, services = [] } = webhook;
  return (
    <section class="card" aria-label={name}>
      <div class="between">
        <div>
          <h2>{name}</h2>
          <code>{url}</code>
        </div>
        <div class="row">
          <TestButton name={name} />
          <Act needs="server" class="compact" label={`Edit ${name}`} onClick={() => onOpen({ what: 'edit', webhook })}>
            Edit
          </Act>
          <Act
            needs="server"
            class="compact"
            label={`Delete… ${name}`}
            onClick={() => onOpen({ what: 'delete', webhook })}
          >
            Delete…
          </Act>
        </div>
      </div>
      <p class="small">
        Told of {triggers.map(triggerText).join(', ')}; {services.length === 0 ? 'of everything' : services.join(', ')}.
      </p>
      <Deliveries name={name} />
    </section>
  );
}

/** A message that tells of nothing, now: whether it arrives. */
function TestButton({ name }: { name: string }) {
  const action = useAction();
  const send = async (): Promise<void> => {
    await action.run<WebhookTest>(
      `/v1/webhooks/${segment(name)}/test`,
      { method: 'POST', body: {}, refused: ({ detail }) => note('failed', detail) },
      ({ delivered, error = '' }) =>
        note(
          delivered ? 'done' : 'failed',
          delivered ? `${name} took the message.` : `${name} did not take it: ${error}`,
        ),
    );
  };
  return (
    <Act needs="server" class="compact" label={`Test ${name}`} disabled={action.isBusy} onClick={() => void send()}>
      Test
    </Act>
  );
}

function Deliveries({ name }: { name: string }) {
  const path = `/v1/webhooks/${segment(name)}/deliveries`;
  const deliveries = useResource<Page<Delivery>>(`${path}?limit=50`, {
    on: ({ kind }) => kind !== 'refresh',
    settleMs: 1000,
    everyMs: DELIVERIES_MS,
  });
  return (
    <Loaded of={deliveries} lines={1}>
      {({ items, next }) =>
        items.length === 0 ? (
          <p class="quiet small">Nothing waits, and nothing failed.</p>
        ) : (
          <Fold
            isOpen={items.some(({ state }) => state === 'dead')}
            summary={
              <>
                {countText(items.length, 'delivery', 'deliveries')}
                {next !== undefined && ' and more'}
              </>
            }
          >
            <ul class="stack-s">
              {items.map((delivery) => (
                <DeliveryLine
                  key={delivery.id}
                  name={name}
                  delivery={delivery}
                  onSent={() => void deliveries.reload()}
                />
              ))}
            </ul>
          </Fold>
        )
      }
    </Loaded>
  );
}

function DeliveryLine(props: { name: string; delivery: Delivery; onSent: () => void }) {
  const { name, delivery, onSent } = props;
  const { id, trigger, state, attempts, nextAttemptAt, lastError } = delivery;
  const action = useAction();
  const path = `/v1/webhooks/${segment(name)}/deliveries/${segment(id)}/redeliver`;
  const send = async (): Promise<void> => {
    const isSent = await action.run(path, {
      method: 'POST',
      body: {},
      refused: ({ detail }) => note('failed', detail),
    });
    if (isSent) note('done', `${id} is on its way.`);
    onSent();
  };
  return (
    <li class="between">
      <div>
        <Badge tone={state === 'dead' ? 'danger' : 'warn'}>{state === 'dead' ? '✕ not delivered' : 'waits'}</Badge>{' '}
        <code>{id}</code> {triggerText(trigger)}, {countText(attempts, 'attempt')}
        {nextAttemptAt !== null && (
          <>
            , next <Clock at={nextAttemptAt} />
          </>
        )}
        {lastError !== null && <p class="small">{lastError}</p>}
      </div>
      <Act
        needs="server"
        class="compact"
        label={`Send again: ${id}`}
        disabled={action.isBusy}
        onClick={() => void send()}
      >
        Send again
      </Act>
    </li>
  );
}
