/**
 * Why a write is made: `reason` and `links` of its JSON body, or the headers Teal-Reason and Teal-Links, which every
 * write takes, so that those without such a body have a place for it; and where it belongs in a trace.
 */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../model/errors.ts';
import { makeWhy, type Why } from '../../model/why.ts';
import { readWhyHeaders, type Said } from '../why-headers.ts';

/** Takes what was said out of the body, so that no handler meets it, and judges it. */
export function takeWhy(request: FastifyRequest): Why | Problem {
  const inBody = takeFromBody(request);
  const inHeaders = readWhyHeaders(request.headers);
  if (inHeaders instanceof Problem) return inHeaders;
  for (const key of ['reason', 'links'] as const) {
    const [header, body] = [inHeaders[key], inBody[key]];
    if (header === undefined || body === undefined || String(header) === String(body)) continue;
    const detail = `The header Teal-${key === 'reason' ? 'Reason' : 'Links'} and "${key}" of the body say different things; one of them is enough.`;
    return new Problem('header_invalid', detail, { pointer: `/${key}` });
  }
  return makeWhy(inBody.reason ?? inHeaders.reason, inBody.links ?? inHeaders.links);
}

/**
 * Only where the route's schema knows the two. The weights of a service are by the names of its pools, one of which may
 * be called `reason`: that is a number then, and stays.
 */
function takeFromBody(request: FastifyRequest): Said {
  const { properties } = (request.routeOptions.schema?.body ?? {}) as { properties?: object };
  if (properties === undefined || !('links' in properties)) return {};
  const body = (request.body ?? {}) as Record<string, unknown>;
  const isReason = typeof body.reason === 'string';
  const isLinks = Array.isArray(body.links);
  if (!isReason && !isLinks) return {};
  const { reason, links, ...rest } = body;
  request.body = {
    ...rest,
    ...(!isReason && 'reason' in body && { reason }),
    ...(!isLinks && 'links' in body && { links }),
  };
  return { ...(isReason && { reason: reason as string }), ...(isLinks && { links: links as string[] }) };
}

/** What was said in headers, for the hash that Idempotency-Key needs; the body is in it anyway. */
export function whyHeaders(headers: FastifyRequest['headers']): string {
  const { 'teal-reason': reason = '', 'teal-links': links = '' } = headers;
  return reason === '' && links === '' ? '' : `${String(reason)}\n${String(links)}\n`;
}
