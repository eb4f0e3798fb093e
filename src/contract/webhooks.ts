/** Webhooks and their deliveries, as they are sent and shown; and how the stream of events is asked for. */
import { limit } from './pages.ts';
import { name, oneOf, patterns, revision, secret, strict, textOrNull, time, timeOrNull, whole } from './shapes.ts';
import { Type } from './type.ts';
import { why } from './why.ts';

const properties = {
  kind: Type.Optional(
    oneOf(['plain', 'slack', 'teams', 'pagerduty', 'email'], {
      description: 'How it is told; `plain` if left out: as Standard Webhooks says, or by `template`.',
    }),
  ),
  url: Type.String({
    description:
      'http or https; the setting `probes.allow` says which networks it may be in. Of e-mail: `mailto:` and addresses, with commas.',
  }),
  template: Type.Optional(
    Type.String({
      description:
        'Of a plain one: text or JSON that is sent in place of the usual body, in which `{title}`, `{text}`, `{services}` and others stand for what happened (docs/notifications.md).',
    }),
  ),
  secret: Type.Optional(
    secret(
      '`whsec_` and base64 (Standard Webhooks); of PagerDuty its integration key. Slack, Teams and e-mail have none. Left out: the one it has, or a new one, which the reply has this once; else that has {"set":true}.',
    ),
  ),
  triggers: Type.Array(
    oneOf([
      'on-release-started',
      'on-release-step-completed',
      'on-release-resumed',
      'on-analysis-run-running',
      'on-analysis-run-inconclusive',
      'on-analysis-run-failed',
      'on-release-paused',
      'on-approval-needed',
      'on-approved',
      'on-release-completed',
      'on-release-aborted',
      'on-proposal-done',
      'on-proposal-ended',
      'on-freeze-overridden',
      'on-ds-needed',
      'on-ds-seen',
      'on-signatures-ending',
      'on-signatures-ended',
      'on-signatures-renewed',
      'on-node-lost',
      'on-node-back',
      'on-revision',
    ]),
    { description: 'What it is told of.' },
  ),
  services: patterns('Only what is about one of these services'),
};

export const WebhookBody = Type.Object(
  { ...properties, ...why },
  {
    ...strict,
    $id: 'WebhookBody',
    examples: [
      {
        url: 'https://chat.example.com/hooks/releases',
        triggers: ['on-release-completed', 'on-release-aborted', 'on-analysis-run-failed'],
        services: ['*.example.com'],
      },
      { kind: 'slack', url: 'https://hooks.slack.com/services/T0/B0/x', triggers: ['on-release-aborted'] },
      { kind: 'email', url: 'mailto:oncall@example.com', triggers: ['on-release-aborted'] },
    ],
  },
);

export const Webhook = Type.Object({ name: Type.String(), ...properties, revision }, { $id: 'Webhook' });

export const Delivery = Type.Object(
  {
    id: Type.String({ description: 'webhook-id of every attempt.' }),
    trigger: Type.String(),
    event: Type.String({ description: 'Id of the event, as `GET /v1/events` has it.' }),
    state: oneOf(['pending', 'dead']),
    attempts: whole('So far.'),
    createdAt: time(),
    nextAttemptAt: timeOrNull('null: there will be none.'),
    lastError: textOrNull('null: none so far.'),
  },
  { $id: 'Delivery' },
);

export const WebhookParams = Type.Object({ name: name('Name of the webhook.') });

export const DeliveryParams = Type.Object({
  name: name('Name of the webhook.'),
  id: name('Id of the delivery; the receiver knows it as webhook-id.'),
});

export const WebhookTest = Type.Object(
  {
    delivered: Type.Boolean({ description: 'Its receiver took the message.' }),
    error: Type.Optional(Type.String({ description: 'Why it did not.' })),
  },
  { $id: 'WebhookTest' },
);

export const DeliveryPageQuery = Type.Object(
  {
    state: Type.Optional(oneOf(['pending', 'dead'], { description: 'Left out: both.' })),
    after: Type.Optional(whole('`next` of the page before.')),
    limit,
  },
  strict,
);

export const EventsQuery = Type.Object(
  { lastEventId: Type.Optional(Type.String({ description: 'As `Last-Event-ID`, which counts where both are sent.' })) },
  strict,
);
