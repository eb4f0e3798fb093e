/** What is about HTTP in the schemas of routes: statuses, headers, refusals. The shapes of bodies are in src/contract. */
import { refTo } from '../contract/components.ts';
import { pageOf } from '../contract/pages.ts';
import { whole } from '../contract/shapes.ts';
import { type ProblemCode, problemStatus } from '../model/errors.ts';
import { PROBLEM_TYPE } from './problems.ts';

const revisionHeader = {
  'Teal-Revision': whole('The revision that holds the result.'),
  'Teal-Behind': {
    type: 'string',
    description:
      'In a fleet: the nodes that do not answer from it yet, such as `"ns3";revision=16` (`;left-out` behind it: it has no room for the zone, and answers it with SERVFAIL); left out where all do.',
  },
};
const etagHeader = { ETag: { type: 'string', description: 'The revision in quotes, for If-Match.' } };

/** The reply to a GET of one resource. */
export function resourceReply($id: string, description: string) {
  return {
    200: { description, headers: etagHeader, ...refTo($id) },
    ...notModified,
  };
}

export const notModified = { 304: { description: 'If-None-Match names its revision.', type: 'null' } };

/** The reply to a GET of a list. */
export function pageReply($id: string, description: string) {
  return { 200: { description, ...pageOf(refTo($id)) } };
}

export function putReply($id: string, options: { creates: boolean }) {
  const headers = { ...etagHeader, ...revisionHeader };
  return {
    200: { description: 'It is in force.', headers, ...refTo($id) },
    ...(options.creates && { 201: { description: 'Made, and in force.', headers, ...refTo($id) } }),
  };
}

export function postReply($id: string, description: string) {
  const replayed = { type: 'string', description: '`true` where an earlier reply is given again.' };
  return { 200: { description, headers: { ...revisionHeader, 'Idempotency-Replayed': replayed }, ...refTo($id) } };
}

/** In place of what was asked for: a proposal of it. */
export const proposedReply = {
  202: {
    ...postReply('ProposedChange', '')[200],
    description: 'Nothing is done yet: it is proposed, and waits for somebody else’s approval, or for its time.',
  },
};

/** The reply to a POST that makes a release, or only plans it. */
export const releaseReplies = {
  ...postReply('Plan', 'The plan; nothing was done.'),
  ...proposedReply,
  201: { ...postReply('Release', 'Made; the first step that need not wait is in force.')[200] },
};

export const deleteReply = { 204: { description: 'It is gone.', headers: revisionHeader, type: 'null' } };

/** What every route with a token may refuse, and every write besides. */
const always: readonly ProblemCode[] = [
  'name_invalid',
  'url_invalid',
  'token_missing',
  'token_invalid',
  'session_ended',
  'token_forbidden',
  'address_forbidden',
  'origin_foreign',
  'rate_limited',
  'share_used_up',
  'busy',
  'internal',
  'store_unavailable',
];
const onWrites: readonly ProblemCode[] = [
  ...(['header_invalid', 'revision_stale', 'reason_invalid', 'links_invalid', 'override_invalid'] as const),
  // In a zone that is signed.
  'signing_refused',
  // In a fleet.
  'fleet_unavailable',
  'fleet_unconfirmed',
];
const withBodies: readonly ProblemCode[] = [
  'body_invalid',
  'request_timeout',
  'body_too_large',
  'media_type_unknown',
  'table_full',
];

export const readProblems = (...codes: ProblemCode[]) => problemReplies([...always, ...codes]);
export const deleteProblems = (...codes: ProblemCode[]) => problemReplies([...always, ...onWrites, ...codes]);
export const writeProblems = (...codes: ProblemCode[]) =>
  problemReplies([...always, ...onWrites, ...withBodies, ...codes]);

/** Refusals by status, with the codes that each may have. */
export function problemReplies(codes: readonly ProblemCode[]) {
  const byStatus = Map.groupBy(codes, (code) => problemStatus[code]);
  const replies = [...byStatus].map(([status, same]) => [
    status,
    {
      description: same.map((code) => `\`${code}\``).join(', '),
      content: { [PROBLEM_TYPE]: { schema: refTo('Problem') } },
    },
  ]);
  return Object.fromEntries(replies) as Record<string, unknown>;
}

/** Every write takes them, also those that have no JSON body. */
export const whyHeaders = {
  type: 'object',
  properties: {
    'Teal-Reason': {
      type: 'string',
      description: 'Why this is done, in place of `reason` in a body: UTF-8, percent-encoded (RFC 3986 §2.1).',
    },
    'Teal-Links': { type: 'string', description: 'URLs with blanks between them, in place of `links` in a body.' },
    'Teal-Override': {
      type: 'string',
      description: 'What the emergency is in which a freeze is passed over: UTF-8, percent-encoded.',
    },
    traceparent: { type: 'string', description: 'W3C Trace Context; kept with the revision.' },
    'X-Request-Id': {
      type: 'string',
      description:
        'Kept with the revision, and in the line of the log: up to 128 letters, digits and `._-`; else one is made.',
    },
  },
};

export const ifMatchHeader = {
  type: 'object',
  properties: {
    'If-Match': { type: 'string', description: 'ETags one of which must be current, or `*`; else 412.' },
    ...whyHeaders.properties,
  },
};

export const postHeaders = {
  type: 'object',
  properties: {
    ...ifMatchHeader.properties,
    'Idempotency-Key': {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      description: 'The same key with the same body gets the same reply for 24 hours, and changes nothing more.',
    },
  },
};

export const putHeaders = {
  type: 'object',
  properties: { ...ifMatchHeader.properties, 'If-None-Match': { type: 'string', description: '`*`: only create.' } },
};

export const getHeaders = {
  type: 'object',
  properties: { 'If-None-Match': { type: 'string', description: 'ETags that the client has; 304 if current.' } },
};
