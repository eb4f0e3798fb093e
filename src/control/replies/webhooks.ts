/** Webhooks as the API shows them. */
import { SET } from '../../model/secret.ts';
import { hasSecret, type Webhook } from '../../model/webhook.ts';

/** The secret cannot be read again. */
export function webhookReply({ name, kind, url, template, triggers, services, revision }: Webhook) {
  return {
    name,
    ...(kind && { kind }),
    url,
    ...(template !== undefined && { template }),
    ...(hasSecret(kind) && { secret: SET }),
    triggers,
    ...(services && { services }),
    revision,
  };
}
