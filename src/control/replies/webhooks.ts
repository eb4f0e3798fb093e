/** Webhooks as the API shows them. */
import { SET } from '../../model/secret.ts';
import type { Webhook } from '../../model/webhook.ts';

/** The secret cannot be read again. */
export function webhookReply({ name, url, triggers, services, revision }: Webhook) {
  return { name, url, secret: SET, triggers, ...(services && { services }), revision };
}
