/** How PowerDNS's API is asked and refuses: a key in X-API-Key, one sentence in `error`, or the phrase of the status alone. */
import { STATUS_CODES } from 'node:http';
import type { Problem, ProblemCode } from '../../model/errors.ts';
import type { Dialect } from '../dialect.ts';

const PLAIN = 'text/plain; charset=utf-8';

/** What clients know by its status alone, and PowerDNS answers without a word more. */
const phrases: Partial<Record<ProblemCode, number>> = {
  token_missing: 401,
  token_invalid: 401,
  zone_unknown: 404,
  route_unknown: 404,
  method_unknown: 405,
  body_invalid: 400,
  url_invalid: 400,
};

/** Faults of a request that are no faults of its body: they keep their status, and clients come again after some of them. */
const kept: readonly number[] = [403, 408, 413, 415, 429, 431];

export const dialect: Dialect = {
  secretOf: ({ 'x-api-key': key }) => (typeof key === 'string' && key !== '' ? key : undefined),
  howToAsk: 'Send the header `X-API-Key: <token>`.',
  challenge: () => undefined,
  refusal(problem: Problem) {
    const phrase = phrases[problem.code];
    if (phrase !== undefined) return { status: phrase, type: PLAIN, body: STATUS_CODES[phrase] as string };
    // Whatever is refused of what was asked for is 422 there, a conflict too: a client takes 409 for a zone that it may use.
    const status = problem.status >= 500 || kept.includes(problem.status) ? problem.status : 422;
    return { status, type: 'application/json', body: JSON.stringify({ error: problem.detail }) };
  },
};
