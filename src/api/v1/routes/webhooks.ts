/** Webhooks: made, read, changed, deleted; and what could not be delivered to them. */
import { randomBytes } from 'node:crypto';
import { refTo } from '../../../contract/components.ts';
import { NamePageQuery } from '../../../contract/pages.ts';
import { EmptyBody } from '../../../contract/releases.ts';
import { DeliveryPageQuery, DeliveryParams, WebhookBody, WebhookParams } from '../../../contract/webhooks.ts';
import { Problem } from '../../../model/errors.ts';
import { access } from '../../access.ts';
import { takeNoBody } from '../../json-body.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import {
  deleteProblems,
  deleteReply,
  getHeaders,
  ifMatchHeader,
  pageReply,
  putHeaders,
  putReply,
  readProblems,
  resourceReply,
  whyHeaders,
  writeProblems,
} from '../../reply-schemas.ts';
import { deliveryReply } from '../replies/delivery.ts';
import { webhookReply } from '../replies/nouns.ts';
import { put, remove, sendNow, sendPage } from '../replies.ts';
import { resource } from '../resource.ts';

const tags = ['webhooks'];

/** 256 bits, within what Standard Webhooks asks for. */
const SECRET_BYTES = 32;

const list = {
  operationId: 'listWebhooks',
  summary: 'Webhooks in name order, without their secrets',
  description: 'In the place of each secret stands that it is set.',
  tags,
  querystring: NamePageQuery,
  response: { ...pageReply('Webhook', 'A page of webhooks.'), ...readProblems('query_invalid') },
};

const get = {
  operationId: 'getWebhook',
  summary: 'One webhook, without its secret',
  description: 'In the place of the secret stands that it is set.',
  tags,
  params: WebhookParams,
  headers: getHeaders,
  response: { ...resourceReply('Webhook', 'The webhook.'), ...readProblems('webhook_unknown') },
};

const putWebhook = {
  operationId: 'putWebhook',
  summary: 'Make or change a webhook',
  description: 'Where no secret is sent for a new one, the reply has the secret that was made, this once.',
  tags,
  params: WebhookParams,
  headers: putHeaders,
  body: WebhookBody,
  response: {
    ...putReply('Webhook', { creates: true }),
    ...writeProblems('member_read_only', 'webhook_invalid', 'pattern_invalid', 'limit_reached'),
  },
};

const deleteWebhook = {
  operationId: 'deleteWebhook',
  summary: 'Delete a webhook, and what waits for it',
  description: 'What was not delivered yet is not delivered any more.',
  tags,
  params: WebhookParams,
  headers: ifMatchHeader,
  response: { ...deleteReply, ...deleteProblems('webhook_unknown') },
};

const deliveries = {
  operationId: 'listDeliveries',
  summary: 'What waits for a webhook, and what could not be delivered',
  description: '`pending` is tried again by itself, `dead` only where somebody asks for it.',
  tags,
  params: WebhookParams,
  querystring: DeliveryPageQuery,
  response: { ...pageReply('Delivery', 'A page of deliveries.'), ...readProblems('query_invalid', 'webhook_unknown') },
};

const redeliver = {
  operationId: 'redeliver',
  summary: 'Send a delivery again, now',
  description: 'With the id that it has, so that the receiver knows it again.',
  tags,
  params: DeliveryParams,
  headers: whyHeaders,
  body: EmptyBody,
  response: {
    200: { description: 'It is on its way.', ...refTo('Delivery') },
    ...writeProblems('webhook_unknown', 'delivery_unknown'),
  },
};

const test = {
  operationId: 'testWebhook',
  summary: 'Send a message that tells of nothing, now, and say whether it arrived',
  description:
    'Once, and outside of the queue. The message says that it is a test; for PagerDuty it is an event of the severity info.',
  tags,
  params: WebhookParams,
  headers: whyHeaders,
  body: EmptyBody,
  response: {
    200: { description: 'What became of it.', ...refTo('WebhookTest') },
    ...writeProblems('webhook_unknown'),
  },
};

export function webhookRoutes(api: ApiInstance, { engine, queries, webhooks }: ApiParts): void {
  // A URL is often a secret by itself, so that reading is for those who could write.
  const config = access('admin', 'server');
  api.get('/v1/webhooks', { schema: list, config }, ({ query }, reply) =>
    sendPage(reply, queries.webhooks(query.after ?? ''), query.limit, webhookReply),
  );
  const webhook = resource(({ name }: { name: string }) => queries.webhook(name), webhookReply);
  api.get('/v1/webhooks/:name', { schema: get, config }, webhook.get);
  const putConfig = { ...config, ...webhook.writtenBack };
  api.put('/v1/webhooks/:name', { schema: putWebhook, config: putConfig }, (request, reply) => {
    const { name } = request.params;
    const freshSecret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
    const command = { kind: 'webhook.put', name, body: request.body, freshSecret } as const;
    return put(engine, request, reply, command);
  });
  api.delete('/v1/webhooks/:name', { schema: deleteWebhook, config }, (request, reply) =>
    remove(engine, request, reply, { kind: 'webhook.delete', name: request.params.name }),
  );
  api.get('/v1/webhooks/:name/deliveries', { schema: deliveries, config }, ({ params, query }, reply) => {
    const { state, after = 0, limit } = query;
    return sendPage(reply, queries.deliveries(params.name, state, after), limit, deliveryReply);
  });
  const tried = { schema: test, config, preValidation: takeNoBody };
  api.post('/v1/webhooks/:name/test', tried, async (request, reply) => {
    const outcome = await webhooks.test(request.params.name);
    if (outcome instanceof Problem) return sendProblem(reply, outcome);
    const { error } = outcome;
    return reply.send({ delivered: error === undefined, ...(error !== undefined && { error }) });
  });
  const path = '/v1/webhooks/:name/deliveries/:id/redeliver';
  api.post(path, { schema: redeliver, config, preValidation: takeNoBody }, (request, reply) => {
    const again = webhooks.redeliver(request.params.name, request.params.id);
    return sendNow(reply, again, deliveryReply);
  });
}
