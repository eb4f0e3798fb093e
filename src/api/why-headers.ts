/** Why a change is made, as headers say it: Teal-Reason and Teal-Links, for requests whose body has no place for it. */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../model/errors.ts';

/** What was said, not judged yet. */
export interface Said {
  readonly reason?: string | undefined;
  readonly links?: readonly string[] | undefined;
}

type Headers = FastifyRequest['headers'];

/**
 * Teal-Reason: UTF-8, percent-encoded (RFC 3986 §2.1) or as its bytes are. Teal-Links: URLs with blanks between them,
 * or a comma and a blank, as several headers of one name are joined (RFC 9110 §5.3).
 */
export function readWhyHeaders(headers: Headers): Said | Problem {
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
