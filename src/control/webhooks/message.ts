/** What a webhook is sent: Standard Webhooks 1.0.0 (standardwebhooks.com), payload and headers. */
import { createHmac } from 'node:crypto';
import { nodeTriggersOf } from '../../model/fleet/node-triggers.ts';
import { canonicalName } from '../../model/name.ts';
import { matchesAny } from '../../model/name-pattern.ts';
import { type StoredWebhook, secretKey, type Webhook, type WebhookTrigger } from '../../model/webhook.ts';
import { contentTypeOf, filled } from '../../model/webhook-template.ts';
import type { Delivery } from '../../store/deliveries.ts';
import { beforeOf, dataOf, type Event, formatId, parseId } from '../events/event.ts';
import type { EventLog } from '../events/log.ts';
import { Grant, type GrantStore } from '../grant.ts';
import { NoReply } from '../outbound/outbound.ts';
import { bodyOf } from './kinds.ts';
import { type Notice, noticeOf } from './notice.ts';

/** A revision of a zone with thousands of services is told without what was before and after. */
const BODY_MAX_CHARS = 256 * 1024;

/** The body of an event for a webhook; undefined: it does not want to be told. */
export function messageFor(
  event: Event,
  webhook: Webhook,
  store: GrantStore,
): { trigger: WebhookTrigger; body: string } | undefined {
  if (event.name === 'health') return undefined;
  const trigger = triggersOf(event).find((each) => webhook.triggers.includes(each));
  if (trigger === undefined) return undefined;
  // What is seen comes after the revision that was the last one then, and that may be the one that made the webhook.
  const { revision, health: seen } = event.position;
  if (seen !== undefined ? revision < webhook.since : revision <= webhook.since) return undefined;
  const { services: patterns } = webhook;
  if (patterns !== undefined && !namesOf(event).some((name) => matchesAny(patterns, name))) return undefined;
  // A webhook that is told of some services is told of these, whatever else one revision or release is about.
  const limits = patterns === undefined ? undefined : { services: patterns, zones: [] };
  const data = dataOf(event, new Grant(store, limits));
  if (data === undefined) return undefined;
  const timestamp = new Date(event.atMs).toISOString();
  if (webhook.kind !== undefined || webhook.template !== undefined)
    return { trigger, body: saidAs(webhook, noticeOf(trigger, data, timestamp)) };
  const body = JSON.stringify({ type: trigger, timestamp, data });
  if (body.length <= BODY_MAX_CHARS) return { trigger, body };
  const less = { ...data, subjects: [], services: [], truncated: true };
  return { trigger, body: JSON.stringify({ type: trigger, timestamp, data: less }) };
}

interface Told {
  readonly store: GrantStore;
  readonly events: Pick<EventLog, 'after'>;
}

/**
 * What is sent of an event: as it waits, or made anew where the webhook was changed since: its receiver may read another
 * kind now, its template may have been mended, and it may be told of less. What is in no revision stays as it waits
 * after a restart.
 */
export function bodyNow(
  webhook: Webhook,
  { event: id, trigger, body }: Pick<Delivery, 'event' | 'trigger' | 'body'>,
  { store, events }: Told,
): string | NoReply {
  const position = parseId(id);
  if (position === undefined || position.revision >= webhook.revision) return body;
  const event = events.after(beforeOf(position)).find((each) => formatId(each.position) === id);
  if (event === undefined) return body;
  // What waits is sent though its trigger was taken away since.
  const message = messageFor(event, { ...webhook, triggers: [trigger as WebhookTrigger] }, store);
  return message?.body ?? new NoReply('was changed since, and is told of none of the services that this is about');
}

/** What is sent of a notice, in the words of the kind, or of the template. */
export function saidAs({ kind, template }: Pick<Webhook, 'kind' | 'template'>, notice: Notice): string {
  if (kind !== undefined) return bodyOf(kind, notice);
  if (template !== undefined) return filled(template, notice.fields);
  return JSON.stringify({ type: notice.trigger, timestamp: notice.at, data: { message: notice.text } });
}

/** A revision is told once, whichever of its triggers a webhook has. */
function triggersOf(event: Exclude<Event, { name: 'health' }>): WebhookTrigger[] {
  if (event.name === 'node') return nodeTriggersOf(event.node);
  if (event.name === 'signatures') return [event.signatures.trigger];
  if (event.name !== 'revision') return [event.trigger];
  return [...(event.revision.override === undefined ? [] : ['on-freeze-overridden' as const]), 'on-revision'];
}

function namesOf(event: Exclude<Event, { name: 'health' }>): string[] {
  if (event.name === 'release') return event.release.services.map(({ name }) => name);
  if (event.name === 'proposal') {
    return Object.keys(event.proposal.services).map((name) => canonicalName(name) as string);
  }
  // A zone is no service, nor is a node: who wants to be told of some services only is not told of them.
  if (event.name === 'dnssec' || event.name === 'signatures' || event.name === 'node') return [];
  return event.revision.subjects.filter(({ kind }) => kind === 'service').map(({ name }) => name);
}

/** The headers of one attempt: its time and signature are its own, its id is that of all attempts. */
export function headersFor(
  { kind, template, secret }: Pick<StoredWebhook, 'kind' | 'template' | 'secret'>,
  { id, body }: { readonly id: string; readonly body: string },
  atMs: number,
): Record<string, string> {
  const contentType = template === undefined ? 'application/json' : contentTypeOf(template);
  // Nobody there checks a signature.
  if (kind !== undefined) return { 'content-type': contentType };
  const timestamp = String(Math.floor(atMs / 1000));
  const signature = createHmac('sha256', secretKey(secret) as Uint8Array)
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64');
  return {
    'content-type': contentType,
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
