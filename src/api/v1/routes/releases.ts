/** Releases: made, planned, read, moved on. Each has a path under each of its services, and one of its own. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllReleasesPageQuery, ReleasePageQuery, ReleaseWaitQuery } from '../../../contract/pages.ts';
import {
  ApproveReleaseBody,
  EmptyBody,
  PromoteBody,
  ReleaseBody,
  ReleaseParams,
  ReleasesBody,
  RetryBody,
  ServiceReleaseParams,
} from '../../../contract/releases.ts';
import { ServiceParams } from '../../../contract/services.ts';
import type { Command } from '../../../control/commands/command.ts';
import type { ReleaseView } from '../../../control/queries.ts';
import { Problem } from '../../../model/errors.ts';
import { canonicalName } from '../../../model/name.ts';
import { isActive } from '../../../model/release.ts';
import { access, grantOf } from '../../access.ts';
import { isStillGood } from '../../auth.ts';
import { refuse } from '../../door/guard.ts';
import { takeNoBody } from '../../json-body.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import {
  getHeaders,
  pageReply,
  postHeaders,
  postReply,
  readProblems,
  releaseReplies,
  resourceReply,
  writeProblems,
} from '../../reply-schemas.ts';
import { etagOf, isNamedBy } from '../conditions.ts';
import { ReleaseWaits } from '../release-waits.ts';
import { releaseReply } from '../replies/nouns.ts';
import { releaseViewReply } from '../replies/release.ts';
import { post, sendFresh, sendPage } from '../replies.ts';
import { momentOf } from '../schedule.ts';

const tags = ['releases'];
const description =
  'Each step is one revision, at one instant for all services. While a release goes on, only it moves their weights.';

const create = {
  description,
  tags,
  headers: postHeaders,
  response: {
    ...releaseReplies,
    ...writeProblems(
      'service_unknown',
      'release_active',
      'frozen',
      'schedule_invalid',
      'limit_reached',
      'nothing_to_release',
      'release_invalid',
      'pool_unknown',
      'idempotency_key_reused',
    ),
  },
};

const createOne = {
  ...create,
  operationId: 'createRelease',
  summary: 'Release a service to one of its pools',
  params: ServiceParams,
  body: ReleaseBody,
};

const createMany = {
  ...create,
  operationId: 'createReleaseOfServices',
  summary: 'Release several services that move together',
  body: ReleasesBody,
};

const list = {
  operationId: 'listReleasesOfService',
  summary: 'The releases of a service, by number',
  description: 'Those that have ended among them.',
  tags,
  params: ServiceParams,
  querystring: ReleasePageQuery,
  response: { ...pageReply('Release', 'A page of releases.'), ...readProblems('query_invalid', 'service_unknown') },
};

const listAll = {
  operationId: 'listReleases',
  summary: 'All releases, by number',
  description: 'Those that have ended among them. A token that is limited sees those that it reaches.',
  tags,
  querystring: AllReleasesPageQuery,
  response: { ...pageReply('Release', 'A page of releases.'), ...readProblems('query_invalid') },
};

const get = {
  operationId: 'getReleaseOfService',
  summary: 'One release of a service',
  description: 'Where it stands, what it waits for, and what its gates said.',
  tags,
  params: ServiceReleaseParams,
  headers: getHeaders,
  response: { ...resourceReply('Release', 'The release.'), ...readProblems('release_unknown') },
};

const getAny = {
  ...get,
  operationId: 'getRelease',
  summary: 'One release, or what it is next',
  description:
    'With `waitSeconds` the reply comes when the release has another ETag, or has ended, and at the latest after that time: then with the state as it is, or as 304 where If-None-Match names it. What If-None-Match does not name is told at once, so that a client that sends back each ETag misses no state that lasts; without it the wait is from now.',
  params: ReleaseParams,
  querystring: ReleaseWaitQuery,
  response: { ...get.response, ...readProblems('query_invalid', 'release_unknown') },
};

const verbResponse = postReply('Release', 'Done; what follows from it is in force.');

/** Verbs, what each is for, and what is to be known of it. */
const verbs = {
  promote: [
    'Leave any pause; `{"full":true}` skips all that is left',
    'What follows from it is in force with the reply.',
  ],
  approve: [
    'Agree with the step that it waits at',
    'By somebody else than who asked for the release. The approval is of what was looked at: `revision` names the last revision of that.',
  ],
  pause: ['Pause on request', 'A step that waits begins its wait anew once it is resumed.'],
  resume: ['Leave a pause that was requested', 'A pause that a step asks for is left by promote.'],
  abort: [
    'End the release; the weights are at once what they were before it',
    'Of all of its services, at one instant.',
  ],
  retry: [
    'Begin an aborted release again, at its first step',
    'Refused where it ended so long ago that its steps are no longer kept.',
  ],
} as const;

type Verb = keyof typeof verbs;

function verbSchema(verb: Verb) {
  return {
    operationId: `${verb}Release`,
    summary: verbs[verb][0],
    description: verbs[verb][1],
    tags,
    params: ReleaseParams,
    headers: postHeaders,
    body: verbBodies[verb],
    response: { ...verbResponse, ...writeProblems(...verbProblems[verb]) },
  };
}

const stateProblems = ['release_unknown', 'release_state', 'idempotency_key_reused'] as const;

const retryProblems = [
  'approval_needed',
  'revision_forgotten',
  'frozen',
  'release_unknown',
  'release_state',
  'service_unknown',
  'release_active',
  'nothing_to_release',
  'pool_unknown',
  'idempotency_key_reused',
] as const;

const verbProblems = {
  promote: [...stateProblems, 'frozen', 'approval_needed'],
  approve: [...stateProblems, 'approval_void', 'approval_own'],
  pause: stateProblems,
  resume: stateProblems,
  abort: stateProblems,
  retry: retryProblems,
} as const;

const verbBodies = {
  promote: PromoteBody,
  approve: ApproveReleaseBody,
  pause: EmptyBody,
  resume: EmptyBody,
  abort: EmptyBody,
  retry: RetryBody,
};

const servicesOf = (body: { services: string[] }): string[] => body.services;

export function releaseRoutes(api: ApiInstance, parts: ApiParts): void {
  const { engine, queries } = parts;
  api.post(
    '/v1/services/:name/releases',
    { schema: createOne, config: access('release', 'service') },
    (request, reply) => {
      const { dryRun = false, at: _at, timeZone: _timeZone, seen: _seen, ...body } = request.body;
      const moment = momentOf(request.body);
      if (moment instanceof Problem) return sendProblem(reply, moment);
      const services = [request.params.name];
      const command = { kind: 'release.create', services, body, dryRun, single: true, ...moment } as const;
      return post(engine, request, reply, command);
    },
  );
  api.post('/v1/releases', { schema: createMany, config: access('release', servicesOf) }, (request, reply) => {
    const { services, dryRun = false, at: _at, timeZone: _timeZone, seen: _seen, ...body } = request.body;
    const moment = momentOf(request.body);
    if (moment instanceof Problem) return sendProblem(reply, moment);
    const command = { kind: 'release.create', services, body, dryRun, single: false, ...moment } as const;
    return post(engine, request, reply, command);
  });
  api.get('/v1/services/:name/releases', { schema: list, config: access('read', 'service') }, (request, reply) => {
    const { params, query } = request;
    const name = canonicalName(params.name);
    if (name instanceof Problem) return sendProblem(reply, name);
    const { state } = query;
    const listing = queries.releases(name, query.after ?? 0, grantOf(request), { ...(state && { state }) });
    return sendPage(reply, listing, query.limit, (release) => releaseReply(release, name));
  });
  api.get('/v1/releases', { schema: listAll, config: access('read', 'filtered') }, (request, reply) => {
    const { after = 0, limit, ...filter } = request.query;
    const listing = queries.releases(undefined, after, grantOf(request), filter);
    return sendPage(reply, listing, limit, (release) => releaseReply(release, undefined));
  });
  api.get('/v1/services/:name/releases/:id', { schema: get, config: access('read', 'service') }, (request, reply) => {
    const { id, name } = request.params;
    return sendRelease(request, reply, queries.release(id, name, grantOf(request)));
  });
  waitRoute(api, parts);
  for (const verb of Object.keys(verbs) as Verb[]) verbRoutes(api, engine, verb);
}

function waitRoute(api: ApiInstance, parts: ApiParts): void {
  const { queries, events } = parts;
  const waits = new ReleaseWaits(events);
  api.addHook('preClose', async () => waits.stop());
  api.get('/v1/releases/:id', { schema: getAny, config: access('read', 'filtered') }, async (request, reply) => {
    const find = () => queries.release(request.params.id, undefined, grantOf(request));
    const found = find();
    const { waitSeconds = 0 } = request.query;
    if (waitSeconds === 0 || found instanceof Problem || !isActive(found.release))
      return sendRelease(request, reply, found);
    const { revision } = found.release;
    const known = request.headers['if-none-match'];
    // Malformed, it is no condition (sendFresh says so too).
    if (known !== undefined && isNamedBy(known, revision) === false) return sendRelease(request, reply, found);
    const isOver = (): boolean => {
      const then = find();
      return then instanceof Problem || then.release.revision !== revision;
    };
    const refused = await waits.wait(request, reply, waitSeconds, isOver);
    if (refused !== undefined) return refuse(reply, refused);
    if (isStillGood(request, parts)) return sendRelease(request, reply, find());
    return sendProblem(reply, new Problem('token_invalid', 'The token has expired or was revoked while it waited.'));
  });
}

function sendRelease(request: FastifyRequest, reply: FastifyReply, found: ReleaseView | Problem): FastifyReply {
  if (found instanceof Problem) return sendProblem(reply, found);
  const { revision } = found.release;
  // What is observed changes without a revision: the ETag is for If-Match then, and says nothing of the body's age.
  if (found.progress !== undefined) return reply.header('etag', etagOf(revision)).send(releaseViewReply(found));
  return sendFresh(request, reply, revision, () => reply.send(releaseViewReply(found)));
}

function verbRoutes(api: ApiInstance, engine: ApiParts['engine'], verb: Verb): void {
  const schema = verbSchema(verb);
  const config = access('release', 'release');
  const ofService = { ...schema, operationId: `${verb}ReleaseOfService`, params: ServiceReleaseParams };
  const tell = (request: FastifyRequest, reply: FastifyReply, id: string, service?: string): Promise<FastifyReply> =>
    post(engine, request, reply, commandOf(verb, request.body, { id, ...(service !== undefined && { service }) }));
  api.post(`/v1/releases/:id/${verb}`, { schema, config, preValidation: takeNoBody }, (request, reply) =>
    tell(request, reply, request.params.id),
  );
  api.post(
    `/v1/services/:name/releases/:id/${verb}`,
    { schema: ofService, config, preValidation: takeNoBody },
    (request, reply) => tell(request, reply, request.params.id, request.params.name),
  );
}

function commandOf(verb: Verb, body: unknown, of: { id: string; service?: string }): Command {
  if (verb === 'approve') return { kind: 'release.approve', ...(body as { revision: number }), ...of };
  if (verb !== 'promote') return { kind: `release.${verb}`, ...of };
  return { kind: 'release.promote', full: (body as { full?: boolean }).full ?? false, ...of };
}
