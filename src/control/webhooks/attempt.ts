/** One attempt to tell a receiver: by a request, or by e-mail. */
import { recipientsOf, type StoredWebhook } from '../../model/webhook.ts';
import type { Delivery } from '../../store/deliveries.ts';
import type { Clock } from '../clock.ts';
import type { Lines } from '../lines.ts';
import type { Mailer } from '../outbound/mail.ts';
import { NoReply, type Outbound, type Reply } from '../outbound/outbound.ts';
import { mailIn, withRoutingKey } from './kinds.ts';
import { headersFor } from './message.ts';

/** Standard Webhooks recommends 15 to 30 s; a receiver should note the message and answer. */
const TIMEOUT_MS = 15_000;

export interface AttemptParts {
  readonly outbound: Pick<Outbound, 'request'>;
  /** Undefined: the settings name no mail server. */
  readonly mail?: Pick<Mailer, 'send'> | undefined;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Pick<Lines, 'error'>;
}

type Message = Pick<Delivery, 'id' | 'body'>;

/** Sends it once; never rejects: a webhook whose attempt had no end would be held up for ever. */
export async function attempt(
  parts: AttemptParts,
  webhook: StoredWebhook,
  message: Message,
  stopped: AbortSignal,
): Promise<Reply | NoReply> {
  try {
    return await send(parts, webhook, message, stopped);
  } catch (err) {
    parts.log.error({ webhook: webhook.name, err }, 'a webhook could not be sent, unexpectedly');
    return new NoReply(`could not be asked: ${(err as Error).message}`);
  }
}

async function send(
  { outbound, mail, clock }: AttemptParts,
  webhook: StoredWebhook,
  { id, body }: Message,
  stopped: AbortSignal,
): Promise<Reply | NoReply> {
  if (webhook.kind === 'email') {
    const message = mailIn(body);
    if (message === undefined) return new NoReply('was made for another kind of webhook');
    if (mail === undefined) return new NoReply('cannot be sent: the settings have no mail server (mail.host)');
    return mail.send({ id, to: recipientsOf(webhook), ...message }, stopped);
  }
  const headers = headersFor(webhook, { id, body }, clock.wallMs());
  const sent = webhook.kind === 'pagerduty' ? withRoutingKey(body, webhook.secret) : body;
  const ask = { url: new URL(webhook.url), method: 'POST', headers, body: sent };
  // The body of its answer is of no interest, so that nothing of it is read.
  return outbound.request(ask, { timeoutMs: TIMEOUT_MS, maxBytes: 0, stopped });
}

/** Why an attempt failed; undefined: it did not. */
export function failureOf(reply: Reply | NoReply): string | undefined {
  if (reply instanceof NoReply) return reply.reason;
  const { status } = reply;
  if (status >= 200 && status < 300) return undefined;
  return `answered ${status}, not 2xx${status >= 300 && status < 400 ? '; redirects are not followed' : ''}`;
}
