/** Zones that are signed: signed, looked at, rolled, unsigned; and their private keys, for who may do everything. */
import { RollBody, SigningBody, SigningParams, UnsignQuery } from '../../../contract/dnssec.ts';
import type { SigningView } from '../../../control/dnssec/signings.ts';
import { Problem } from '../../../model/errors.ts';
import { access } from '../../access.ts';
import { logResult } from '../../commands.ts';
import { takeNoBody } from '../../json-body.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import {
  deleteProblems,
  deleteReply,
  getHeaders,
  ifMatchHeader,
  postHeaders,
  postReply,
  putHeaders,
  putReply,
  readProblems,
  resourceReply,
  writeProblems,
} from '../../reply-schemas.ts';
import { signingReply } from '../replies/nouns.ts';
import { contextOf, post, put, remove, sendNow, sendPut } from '../replies.ts';
import { resource } from '../resource.ts';

const tags = ['dnssec'];

const get = {
  operationId: 'getSigning',
  summary: 'How a zone is signed, and what is waited for',
  description: '`status` is one sentence; `ds` are the lines that the parent is to have.',
  tags,
  params: SigningParams,
  headers: getHeaders,
  response: { ...resourceReply('Signing', 'How it is signed.'), ...readProblems('zone_unknown', 'signing_unknown') },
};

const sign = {
  operationId: 'signZone',
  summary: 'Sign a zone, or change how it is signed',
  description:
    'The DS is asked for once no cache can hold an answer without signatures. Of a zone that is being unsigned: takes that back. With aggressive use of NSEC (RFC 8198) resolvers may deny a new name for the negative TTL of the zone though they never asked for it.',
  tags,
  params: SigningParams,
  headers: putHeaders,
  body: SigningBody,
  response: {
    ...putReply('Signing', { creates: true }),
    ...writeProblems(
      'zone_unknown',
      'zone_signed',
      'ds_present',
      'signing_state',
      'dnssec_invalid',
      'signing_refused',
      'ttl_invalid',
      'member_read_only',
    ),
  },
};

const unsign = {
  operationId: 'unsignZone',
  summary: 'Unsign a zone',
  description:
    'The parent is told to take the DS away (RFC 8078 §4); the zone stays signed until no cache can hold it. `GET` shows how far that is, and is 404 when it is done.',
  tags,
  params: SigningParams,
  querystring: UnsignQuery,
  headers: ifMatchHeader,
  response: {
    ...deleteReply,
    ...deleteProblems('query_invalid', 'zone_unknown', 'signing_unknown', 'signing_refused'),
  },
};

const roll = {
  operationId: 'rollKey',
  summary: 'Replace the key of a zone',
  description:
    'The new key is published, then the parent needs its DS, then it signs everything, then the old one goes.',
  tags,
  params: SigningParams,
  headers: postHeaders,
  body: RollBody,
  response: {
    ...postReply('Signing', 'The roll has begun.'),
    ...writeProblems(
      ...(['zone_unknown', 'signing_unknown', 'signing_state', 'dnssec_invalid'] as const),
      ...(['signing_refused', 'idempotency_key_reused'] as const),
    ),
  },
};

const keys = {
  operationId: 'exportKeys',
  summary: 'The private keys of a zone, in the open',
  description: 'To move the zone to another signer. Whoever has them can sign for the zone.',
  tags,
  params: SigningParams,
  response: {
    200: { description: 'The keys.', $ref: 'SigningKeys#' },
    ...readProblems('zone_unknown', 'signing_unknown', 'signing_refused'),
  },
};

export function dnssecRoutes(api: ApiInstance, { engine, signings, zoneFiles, now }: ApiParts): void {
  const path = '/v1/zones/:zone/dnssec';
  const replyOf = ({ signing, ...besides }: SigningView) => signingReply(signing, besides);
  const find = ({ zone }: { readonly zone: string }) => signings.view(zone);
  const signing = resource(find, replyOf, {
    moving: { members: ['status', 'until', 'parent', 'parentHere', 'notified'] },
  });
  api.get(path, { schema: get, config: access('read', 'zone') }, signing.get);
  api.put(path, { schema: sign, config: { ...access('admin', 'zone'), ...signing.writtenBack } }, (request, reply) => {
    const { zone } = request.params;
    const { algorithm, privateKey, foreignKeys, replaceSignatures: how, ...body } = request.body;
    const wanted = { ...(algorithm && { algorithm }), ...(privateKey !== undefined && { privateKey }) };
    const key = signings.freshKey(zone, wanted, now());
    if (key instanceof Problem) return sendProblem(reply, key);
    const foreign = foreignKeys && signings.foreignKeys(zone, foreignKeys);
    if (foreign instanceof Problem) return sendProblem(reply, foreign);
    const isGiven = privateKey !== undefined || algorithm !== undefined;
    const said = { ...body, ...(foreign && { foreign }) };
    if (how !== undefined) {
      const instead = { body: said, key, how, keys: signings.ownKeys(zone) };
      const context = contextOf(request);
      return zoneFiles.replaceSignatures(zone, instead, context).then((result) => {
        logResult(engine, request, { command: 'dnssec.sign', actor: context.actor }, result);
        return sendPut(reply, result);
      });
    }
    const sign = () => put(engine, request, reply, { kind: 'dnssec.sign', zone, body: said, key, isGiven });
    if (foreign === undefined || body.force === true) return sign();
    return signings
      .refuseLeaving(zone, foreign)
      .then((refused) => (refused === undefined ? sign() : sendProblem(reply, refused)));
  });
  api.delete(path, { schema: unsign, config: access('admin', 'zone') }, (request, reply) => {
    const force = request.query.force === 'true';
    return remove(engine, request, reply, { kind: 'dnssec.unsign', zone: request.params.zone, force });
  });
  const rollConfig = { schema: roll, config: access('admin', 'zone'), preValidation: takeNoBody };
  api.post(`${path}/roll`, rollConfig, (request, reply) => {
    const { zone } = request.params;
    const { algorithm, privateKey } = request.body;
    const wanted = { ...(algorithm && { algorithm }), ...(privateKey !== undefined && { privateKey }) };
    const key = signings.freshKey(zone, wanted, now());
    if (key instanceof Problem) return sendProblem(reply, key);
    return post(engine, request, reply, { kind: 'dnssec.roll', zone, key });
  });
  api.get(`${path}/keys`, { schema: keys, config: access('admin', 'server') }, (request, reply) =>
    sendNow(reply.header('cache-control', 'no-store'), signings.export(request.params.zone), (items) => ({ items })),
  );
}
