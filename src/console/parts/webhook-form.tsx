/** Making a webhook, or changing it; a secret that is made is shown once. */
import { useState } from 'preact/hooks';
import type { Webhook } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { isInForce } from '../rules/ground.ts';
import { wordsOf } from '../rules/lists.ts';
import { kindsIn, triggersIn, triggerText } from '../rules/triggers.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useGround } from '../state/ground.ts';
import { useResource } from '../state/resource.ts';
import { Dialog, Field, Message } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { Choice, Line, Lines } from './fields.tsx';
import { GroundMoved } from './ground-moved.tsx';

const SECRET_HINTS: Readonly<Record<string, string>> = {
  plain: 'whsec_ and base64; empty: one is made, and shown once',
  pagerduty: 'Its integration key',
};

/** `webhook`: the one to change; without it a new one is made. */
export function WebhookForm(props: { webhook?: Webhook; onClose: () => void; onDone: () => void }) {
  const { webhook, onClose, onDone } = props;
  const isNew = webhook === undefined;
  const [name, setName] = useState(webhook?.name ?? '');
  const [url, setUrl] = useState(webhook?.url ?? '');
  const [triggers, setTriggers] = useState<readonly string[]>(webhook?.triggers ?? ['on-release-completed']);
  const [services, setServices] = useState((webhook?.services ?? []).join(' '));
  const [kind, setKind] = useState<string>(webhook?.kind ?? 'plain');
  const [template, setTemplate] = useState(webhook?.template ?? '');
  const [secret, setSecret] = useState('');
  const [made, setMade] = useState<Webhook>();
  const action = useAction();
  const path = `/v1/webhooks/${segment(name.trim())}`;
  const of = useResource<Webhook>(webhook && `/v1/webhooks/${segment(webhook.name)}`, {
    on: ({ kind }) => kind === 'revision',
  });
  const ground = useGround<Webhook>(of, webhook && { body: webhook, etag: `"${webhook.revision}"` });
  const isHeld = !isNew && ground.moved !== undefined && !action.isBusy;
  const patterns = wordsOf(services);
  const body = {
    kind,
    url: url.trim(),
    triggers,
    ...(kind === 'plain' && template.trim() !== '' && { template }),
    ...(patterns.length > 0 && { services: patterns }),
    ...(secret.trim() !== '' && { secret: secret.trim() }),
  };
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isHeld) return;
    const condition = isNew ? ({ ifNoneMatch: '*' } as const) : { ifMatch: ground.etag };
    const isMine = (now: Webhook): boolean => isInForce(settingsShown(now), { ...body, secret: undefined });
    let reply: Webhook | undefined;
    const isDone = await action.run<Webhook>(path, { method: 'PUT', body, ...condition, isMine }, (got) => {
      reply = got;
    });
    onDone();
    if (!isDone) return void of.reload();
    if (typeof reply?.secret === 'string') return setMade(reply);
    note('done', isNew ? `The webhook ${name.trim()} was made.` : `The webhook ${name} was changed.`);
    onClose();
  };
  const look = (): void => {
    const now = ground.moved?.body;
    if (now === undefined) return onClose();
    setKind(now.kind ?? 'plain');
    setTemplate(now.template ?? '');
    setUrl(now.url);
    setTriggers(now.triggers);
    setServices((now.services ?? []).join(' '));
    ground.take();
    action.clear();
  };
  if (made !== undefined) return <Made webhook={made} onClose={onClose} />;
  return (
    <Dialog title={isNew ? 'New webhook' : `Edit ${webhook.name}`} isWide onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        {isHeld && (
          <GroundMoved
            what={`the webhook ${webhook.name}`}
            opened={settingsShown(ground.body)}
            now={settingsShown(ground.moved?.body)}
            mine={body}
            etag={ground.etag}
            isAbout={({ kind, name: about }) => kind === 'webhook' && about === webhook.name}
            onMine={ground.moved?.body && (() => ground.take())}
            mineText="Keep mine"
            onTheirs={look}
            {...(ground.moved?.body === undefined && { theirsText: 'Close' })}
          />
        )}
        {isNew && <Line label="Name" placeholder="chat" isRequired value={name} onText={setName} />}
        <div class="fields">
          <Kinds kind={kind} onKind={setKind} />
          <Line
            label="URL"
            hint={kind === 'email' ? 'mailto: and addresses, with commas' : undefined}
            placeholder={kind === 'email' ? 'mailto:oncall@example.com' : 'https://chat.example.com/hook'}
            isRequired
            value={url}
            onText={setUrl}
          />
        </div>
        {kind === 'plain' && (
          <Lines
            label="Template"
            hint="Text or JSON in place of the usual body, with {title}, {text} and others; empty: the usual one"
            value={template}
            onText={setTemplate}
          />
        )}
        <Triggers chosen={triggers} onChoose={setTriggers} />
        <Line
          label="Only what is about these services"
          hint="Names with spaces, *.example.com for many; empty: everything"
          value={services}
          onText={setServices}
        />
        <Line
          label="Secret"
          hint={isNew ? SECRET_HINTS[kind] : 'Empty: the one that it has stays'}
          value={secret}
          onText={setSecret}
        />
        <DialogEnd action={action} onCancel={onClose} isHeld={isHeld || triggers.length === 0}>
          {isNew ? 'Make the webhook' : 'Save'}
        </DialogEnd>
      </form>
    </Dialog>
  );
}

function settingsShown(webhook: Webhook | undefined): object | undefined {
  if (webhook === undefined) return undefined;
  const { kind = 'plain', url, template, triggers, services } = webhook;
  return { kind, url, template, triggers, services };
}

function Kinds({ kind, onKind }: { kind: string; onKind: (kind: string) => void }) {
  const described = useResource<object>('/openapi.json').body;
  const kinds = [...new Set([...kindsIn(described ?? {}), kind])];
  return (
    <Choice
      label="Tells"
      values={Object.fromEntries(kinds.map((each) => [each, KIND_TEXTS[each] ?? each]))}
      value={kind}
      onText={onKind}
    />
  );
}

const KIND_TEXTS: Readonly<Record<string, string>> = {
  plain: 'a program, by a plain webhook',
  slack: 'Slack',
  teams: 'Teams',
  pagerduty: 'PagerDuty',
  email: 'people, by e-mail',
};

/** What the server says that there is. */
function Triggers({ chosen, onChoose }: { chosen: readonly string[]; onChoose: (triggers: string[]) => void }) {
  const described = useResource<object>('/openapi.json').body;
  const known = [...new Set([...triggersIn(described ?? {}), ...chosen])];
  const choose = (trigger: string): void =>
    onChoose(chosen.includes(trigger) ? chosen.filter((each) => each !== trigger) : [...chosen, trigger]);
  return (
    <fieldset>
      <legend>What it is told of</legend>
      <div class="choices">
        {known.map((trigger) => (
          <label key={trigger} class="choice">
            <input type="checkbox" checked={chosen.includes(trigger)} onChange={() => choose(trigger)} />
            <span>{triggerText(trigger)}</span>
          </label>
        ))}
      </div>
      {chosen.length === 0 && <p class="hint">Choose one at least.</p>}
    </fieldset>
  );
}

function Made({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  return (
    <Dialog title={`Webhook ${webhook.name}`} onClose={onClose}>
      <Message tone="warn">
        This is shown once. The receiver checks by it that what comes is from this server, as Standard Webhooks says.
      </Message>
      <Field label="Secret">
        {(ids) => (
          <input
            {...ids}
            class="mono"
            readOnly
            value={String(webhook.secret)}
            onFocus={(event) => event.currentTarget.select()}
          />
        )}
      </Field>
      <div class="row-end">
        <button type="button" class="primary" onClick={onClose}>
          I have kept it
        </button>
      </div>
    </Dialog>
  );
}
