/** How ExternalDNS sends a token, and which statuses let it go on. */
import type { Problem } from '../../model/errors.ts';
import type { Dialect, Written } from '../dialect.ts';

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

/**
 * After a status below 500 ExternalDNS exits and the names of a whole cluster stand still; from 500 to 510 it comes again
 * with its next interval. So whatever time or a person mends is a 503. What stays: no token or one without the right, and
 * paths and methods that there are not, where going on would hide that nothing is ever written.
 */
const FATAL: ReadonlySet<number> = new Set([401, 403, 404, 405]);
const SOFT = { from: 500, to: 510 };

export const dialect: Dialect = {
  // Go's client makes Basic of `http://any:SECRET@host/…`; a proxy beside it may send Bearer.
  secretOf({ authorization = '' }) {
    const basic = BASIC.exec(authorization)?.[1];
    if (basic === undefined) return /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const pair = Buffer.from(basic, 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    return colon === -1 || colon === pair.length - 1 ? undefined : pair.slice(colon + 1);
  },
  howToAsk: 'Give ExternalDNS a token: --webhook-provider-url=http://external-dns:TOKEN@host:port/external-dns.',
  // No browser is to ask for a password.
  challenge: () => undefined,
  refusal: writeRefusal,
};

/** Words for its log. */
function writeRefusal({ status, code, detail }: Problem): Written {
  const isSoft = status >= SOFT.from && status <= SOFT.to;
  const told = isSoft || FATAL.has(status) ? status : 503;
  return { status: told, type: 'text/plain; charset=utf-8', body: `${code}: ${detail}\n` };
}
