/** An emergency in which a freeze is passed over: said in the body of what it refuses, or in a header. */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../model/errors.ts';
import { makeWhy } from '../model/why.ts';

/** Takes what was said out of the body, so that no handler meets it, and judges it. */
export function takeOverride(request: FastifyRequest): string | undefined | Problem {
  const inBody = takeFromBody(request);
  const inHeader = readHeader(request.headers['teal-override']);
  if (inHeader instanceof Problem) return inHeader;
  const said = inBody ?? inHeader;
  if (said === undefined) return undefined;
  const made = makeWhy(said, undefined);
  const pointer = '/override/reason';
  if (made instanceof Problem) return new Problem('override_invalid', made.detail, { pointer });
  if (made.reason !== undefined) return made.reason;
  const detail = 'override has a reason: one line of 1 to 500 characters that says what the emergency is.';
  return new Problem('override_invalid', detail, { pointer });
}

/** Only where the route's schema knows it: a pool may have that name. */
function takeFromBody(request: FastifyRequest): string | undefined {
  const { properties } = (request.routeOptions.schema?.body ?? {}) as { properties?: object };
  const body = (request.body ?? {}) as { override?: { reason: string } };
  if (properties === undefined || !('override' in properties) || body.override === undefined) return undefined;
  const { override, ...rest } = body;
  request.body = rest;
  return override.reason;
}

function readHeader(header: string | readonly string[] | undefined): string | undefined | Problem {
  if (header === undefined) return undefined;
  try {
    return decodeURIComponent(String(header));
  } catch {
    return new Problem('header_invalid', 'Teal-Override is UTF-8, percent-encoded (RFC 3986 §2.1).');
  }
}

/** For the hash that Idempotency-Key needs; the body is in it anyway. */
export function overrideHeader({ 'teal-override': said }: FastifyRequest['headers']): string {
  return said === undefined ? '' : `override ${String(said)}\n`;
}
