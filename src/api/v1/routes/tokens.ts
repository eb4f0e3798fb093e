/** Tokens: made, listed, revoked. A secret is in the reply that made its token, and nowhere else. */
import { randomBytes } from 'node:crypto';

import { TokenPageQuery } from '../../../contract/pages.ts';
import { TokenBody, TokenParams } from '../../../contract/tokens.ts';
import { digestOf, makeSecret } from '../../../control/tokens.ts';
import { access } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import {
  deleteProblems,
  deleteReply,
  getHeaders,
  ifMatchHeader,
  pageReply,
  postHeaders,
  postReply,
  readProblems,
  resourceReply,
  writeProblems,
} from '../../reply-schemas.ts';
import { tokenReply } from '../replies/nouns.ts';
import { post, remove, sendPage, sendResource } from '../replies.ts';

const tags = ['tokens'];

const list = {
  operationId: 'listTokens',
  summary: 'Tokens in name order, without those of the settings',
  description: 'What each may do, for what, and until when. No secret, and no digest of one.',
  tags,
  querystring: TokenPageQuery,
  response: { ...pageReply('Token', 'A page of tokens.'), ...readProblems('query_invalid') },
};

const get = {
  operationId: 'getToken',
  summary: 'One token',
  description: 'Without its secret. Those of the settings are not here.',
  tags,
  params: TokenParams,
  headers: getHeaders,
  response: { ...resourceReply('Token', 'The token.'), ...readProblems('token_unknown') },
};

const create = {
  operationId: 'createToken',
  summary: 'Make a token',
  description:
    'The reply has its secret, this once. One that is given again for its Idempotency-Key has not: only a digest is kept.',
  tags,
  headers: postHeaders,
  body: TokenBody,
  response: {
    201: postReply('NewToken', 'Made, and good at once.')[200],
    ...writeProblems(
      'token_name_invalid',
      'token_owner_invalid',
      'pattern_invalid',
      'expiry_invalid',
      'limits_invalid',
      'networks_invalid',
      'type_unknown',
      'token_exists',
      'limit_reached',
      'idempotency_key_reused',
    ),
  },
};

const revoke = {
  operationId: 'revokeToken',
  summary: 'Revoke a token; it is refused from the next request on',
  description: 'The last one that may make others stays, unless the settings have one.',
  tags,
  params: TokenParams,
  headers: ifMatchHeader,
  response: { ...deleteReply, ...deleteProblems('token_unknown', 'token_needed') },
};

export function tokenRoutes(api: ApiInstance, { engine, queries, tokens, now }: ApiParts): void {
  const config = access('admin', 'server');
  api.get('/v1/tokens', { schema: list, config }, ({ query }, reply) => {
    const { after = '', limit, ...filter } = query;
    return sendPage(reply, queries.tokens(after, filter, now()), limit, tokenReply);
  });
  api.get('/v1/tokens/:name', { schema: get, config }, (request, reply) =>
    sendResource(request, reply, queries.token(request.params.name), tokenReply),
  );
  api.post('/v1/tokens', { schema: create, config }, (request, reply) => {
    const secret = makeSecret(randomBytes);
    const command = { kind: 'token.create', body: request.body, digest: digestOf(secret) } as const;
    // After the command, so that it is in no reply that is kept.
    return post(engine, request, reply, command, ({ body, replayed }) =>
      replayed ? body : { ...(body as object), secret },
    );
  });
  api.delete('/v1/tokens/:name', { schema: revoke, config }, (request, reply) => {
    const { settingsAdmin } = tokens;
    return remove(engine, request, reply, { kind: 'token.delete', name: request.params.name, settingsAdmin });
  });
}
