/** How the API under /v1 is asked and refuses: bearer tokens (RFC 6750), problem+json (RFC 9457). */
import type { Dialect } from '../dialect.ts';
import { writeProblem } from '../problems.ts';

const CHALLENGE = 'Bearer realm="teal"';

export const dialect: Dialect = {
  secretOf: ({ authorization = '' }) => /^Bearer +(\S+)$/i.exec(authorization)?.[1],
  takesPeople: true,
  howToAsk: 'Send the header `Authorization: Bearer <token>`.',
  // RFC 6750 §3.
  challenge(lacking) {
    if (lacking === undefined) return CHALLENGE;
    const scope = lacking.error === 'insufficient_scope' ? `, scope="${lacking.scope}"` : '';
    return `${CHALLENGE}, error="${lacking.error}"${scope}`;
  },
  refusal: writeProblem,
};
