/** What replies say, as the model and the responder are compared. */
import type { Reply } from '../fixtures/dns-client.ts';

/** What a reply says, in comparable form. */
export interface Said {
  readonly rcode: number;
  readonly aa: boolean;
  readonly answers: readonly string[];
  readonly authority: readonly string[];
}

export function said(reply: Reply): Said {
  const text = ({ name, type, data, ttl }: Reply['answers'][number]): string =>
    `${name.slice(0, -1)} ${type} ${data} ${ttl}`;
  return {
    rcode: reply.rcode,
    aa: reply.aa,
    answers: reply.answers.map(text).sort(),
    authority: reply.authority.map(text).sort(),
  };
}
