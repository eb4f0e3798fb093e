/**
 * Why a write is made: `reason` and `links` of its JSON body, or the headers Teal-Reason and Teal-Links, which every
 * write takes, so that those without such a body have a place for it; and where it belongs in a trace.
 */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../model/errors.ts';
import { makeWhy, type Why } from '../../model/why.ts';

interface Said {
  readonly reason?: string | undefined;
  readonly links?: readonly string[] | undefined;
}

/** Takes what was said out of the body, so that no handler meets it, and judges it. */
export function takeWhy(request: FastifyRequest): Why | Problem {
  const inBody = takeFromBody(request);
  const inHeaders = readHeaders(request.headers);
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

type Headers = FastifyRequest['headers'];

/**
 * Teal-Reason: UTF-8, percent-encoded (RFC 3986 §2.1) or as its bytes are. Teal-Links: URLs with blanks between them,
 * or a comma and a blank, as several headers of one name are joined (RFC 9110 §5.3).
 */
function readHeaders(headers: Headers): Said | Problem {
  const { 'teal-reason': reason, 'teal-links': links } = headers;
  const decoded = reason === undefined ? undefined : decode(String(reason));
  if (decoded instanceof Problem) return decoded;
  const urls =
    links === undefined
      ? undefined
      : String(links)
          .split(/,?[ \t]+/)
          .filter(Boolean);
  return { ...(decoded && { reason: decoded }), ...(urls && urls.length > 0 && { links: urls }) };
}

/** Node gives the bytes of a header as Latin-1. */
function decode(text: string): string | Problem {
  const bad = /%(?![0-9A-Fa-f]{2})/.test(text);
  const bytes = Buffer.from(
    text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  try {
    if (!bad) return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Said below.
  }
  const what = bad ? 'a % in it is written %25' : 'its bytes are no UTF-8';
  return new Problem('header_invalid', `Teal-Reason is text in UTF-8, percent-encoded (RFC 3986 §2.1): ${what}.`);
}

/** What was said in headers, for the hash that Idempotency-Key needs; the body is in it anyway. */
export function whyHeaders(headers: Headers): string {
  const { 'teal-reason': reason = '', 'teal-links': links = '' } = headers;
  return reason === '' && links === '' ? '' : `${String(reason)}\n${String(links)}\n`;
}
