/** Drafts of webhooks made, changed and taken away. Their secrets are in no revision. */

import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../model/errors.ts';
import { notSet } from '../../model/http-headers.ts';
import { SET, settleSecret } from '../../model/secret.ts';
import {
  hasSecret,
  makeWebhook,
  type StoredWebhook,
  WEBHOOKS_MAX,
  type Webhook,
  webhookBody,
} from '../../model/webhook.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { webhookReply } from '../replies/webhooks.ts';
import { checkPrecondition, type Drafted } from './draft.ts';

export function draftWebhookPut(
  store: Store,
  { name, body, freshSecret }: Extract<Command, { kind: 'webhook.put' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const before = store.webhook(name);
  const stale = checkPrecondition(context, before?.revision, `the webhook ${name}`);
  if (stale !== undefined) return stale;
  const made = makeWebhook(name, body);
  if (made instanceof Problem) return made;
  if (before === undefined && store.webhooks().length >= WEBHOOKS_MAX) {
    return new Problem('limit_reached', `There are ${WEBHOOKS_MAX} webhooks already.`);
  }
  // A secret of one kind is none of another.
  const had = before !== undefined && before.kind === made.kind ? before.secret : undefined;
  if (had === undefined && body.secret !== undefined && typeof body.secret !== 'string') {
    return new Problem('webhook_invalid', notSet(`the webhook ${name}`), { pointer: '/secret' });
  }
  const given = settleSecret(body.secret ?? SET, had);
  if (made.kind === 'pagerduty' && given === undefined) {
    const detail = 'For PagerDuty, secret is the integration key (routing key) of a service there; it is missing.';
    return new Problem('webhook_invalid', detail, { pointer: '/secret' });
  }
  const secret = hasSecret(made.kind) ? (given ?? freshSecret) : '';
  const kept = before === undefined ? undefined : { since: before.since, revision: before.revision };
  if (kept !== undefined && isDeepStrictEqual(before, { ...made, ...kept, secret })) {
    return { revision: kept.revision, body: webhookReply(before as Webhook) };
  }
  const webhook: StoredWebhook = { ...made, since: before?.since ?? revision, revision, secret };
  return {
    kind: 'webhook.put',
    summary: `${before === undefined ? 'made' : 'changed'} the webhook ${name}`,
    subjects: [{ kind: 'webhook', name, before: before ? webhookBody(before) : null, after: webhookBody(webhook) }],
    changes: [{ op: 'putWebhook', webhook }],
    created: before === undefined,
    body: { ...webhookReply(webhook), ...(secret === freshSecret && { secret }) },
  };
}

export function draftWebhookDelete(
  store: Store,
  { name }: Extract<Command, { kind: 'webhook.delete' }>,
  context: CommandContext,
): Drafted {
  const before = store.webhook(name);
  const stale = checkPrecondition(context, before?.revision, `the webhook ${name}`);
  if (stale !== undefined) return stale;
  if (before === undefined) return unknownWebhook(name);
  return {
    kind: 'webhook.delete',
    summary: `deleted the webhook ${name}`,
    subjects: [{ kind: 'webhook', name, before: webhookBody(before), after: null }],
    changes: [{ op: 'deleteWebhook', name }],
    created: false,
    body: null,
  };
}

export function unknownWebhook(name: string): Problem {
  return new Problem('webhook_unknown', `There is no webhook ${name} here.`);
}
