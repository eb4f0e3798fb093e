/**
 * httpreq: the requests that lego (so Traefik and others) makes where it is told to leave a challenge to somebody else.
 * Two values of one name both stay, since a name and its wildcard are proved at the same name.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { strict } from '../../contract/shapes.ts';
import { Type } from '../../contract/type.ts';
import { Problem } from '../../model/errors.ts';
import { access } from '../access.ts';
import type { Dialect } from '../dialect.ts';
import { parseBody } from '../json-body.ts';
import type { Api, ApiParts } from '../parts.ts';
import { Refusal, sendProblem } from '../problems.ts';
import { compileValidator } from '../validation.ts';
import { BODY_MAX_BYTES, changeChallenges, DIGEST, ttlBeside, txtOf } from './challenge.ts';
import { passwordOf } from './credentials.ts';

const dialect: Dialect = {
  secretOf: ({ authorization }) => passwordOf(authorization),
  howToAsk: 'Send a token as the password of Basic authentication, with any user name.',
  challenge: () => undefined,
  // lego shows the whole body of what is not 2xx.
  refusal: ({ status, code, detail }) => ({
    status,
    type: 'application/json',
    body: JSON.stringify({ error: detail, code }),
  }),
};

interface Challenge {
  readonly fqdn: string;
  readonly value: string;
}

/** What is sent with HTTPREQ_MODE=RAW: name and value are for the receiver to make. */
interface RawChallenge {
  readonly domain: string;
  readonly token: string;
  readonly keyAuth: string;
}

const text = Type.String({ minLength: 1 });
const whole = { httpPart: 'body', method: 'POST', url: '' };
const checkChallenge = compileValidator({ schema: Type.Object({ fqdn: text, value: text }, strict), ...whole });
const raw = Type.Object({ domain: text, token: text, keyAuth: text }, strict);
const checkRaw = compileValidator({ schema: raw, ...whole });

export const httpreq: Api = {
  prefix: '/httpreq',
  dialect,
  door: 'httpreq',
  isDocumented: false,
  routes(api, parts) {
    api.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_MAX_BYTES }, parseBody);
    const options = { config: access('records', 'filtered'), bodyLimit: BODY_MAX_BYTES };
    api.post('/present', options, (request, reply) => change(parts, request, reply, 'add'));
    api.post('/cleanup', options, (request, reply) => change(parts, request, reply, 'remove'));
  },
};

async function change(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  verb: 'add' | 'remove',
): Promise<FastifyReply> {
  const challenge = readChallenge(request.body);
  if (challenge instanceof Problem) return sendProblem(reply, challenge);
  const { fqdn: name, value } = challenge;
  const zone = parts.queries.zoneOf(name);
  if (zone instanceof Problem) return sendProblem(reply, zone);
  const record = { name, type: 'TXT', values: [txtOf(value)] };
  const ttlSeconds = verb === 'add' ? ttlBeside(parts, { zone: zone.name, name }) : undefined;
  const added = { ...record, ...(ttlSeconds !== undefined && { ttlSeconds }) };
  const changes = [verb === 'add' ? { add: added } : { remove: record }];
  const result = await changeChallenges(parts, request, { zone: zone.name, name, changes });
  return result instanceof Problem ? sendProblem(reply, result) : reply.send({});
}

function readChallenge(body: unknown): Challenge | Problem {
  const isRaw = typeof body === 'object' && body !== null && 'domain' in body;
  const checked = (isRaw ? checkRaw : checkChallenge)(body);
  if ('error' in checked) {
    if (checked.error instanceof Refusal) return checked.error.problem;
    throw checked.error;
  }
  const challenge = isRaw ? fromRaw(checked.value as RawChallenge) : (checked.value as Challenge);
  if (DIGEST.test(challenge.value)) return challenge;
  const detail = `The property "value" is a digest of 43 characters in base64url (RFC 8555 §8.4), not ${JSON.stringify(challenge.value)}.`;
  return new Problem('body_invalid', detail, { pointer: '/value' });
}

/** As clients make them of it for others (RFC 8555 §8.4). A wildcard is proved at the name that it stands in. */
function fromRaw({ domain, keyAuth }: RawChallenge): Challenge {
  const fqdn = `_acme-challenge.${domain.replace(/^\*\./, '')}`;
  return { fqdn, value: createHash('sha256').update(keyAuth).digest('base64url') };
}
