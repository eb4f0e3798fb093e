/** What each API has of its own where others speak for it: how its clients send a token, and what a refusal looks like. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Problem } from '../model/errors.ts';

/** A refusal as it goes out. */
export interface Written {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Who asks, whether the token is good, how far it reaches, what it may hold of the server and how often a wrong one may
 * be sent is judged for all APIs alike (auth.ts, access.ts, door/); this is how they are told.
 */
export interface Dialect {
  /**
   * The secret of a token, where clients of this API send it; undefined: there is none. From a header that
   * a web page cannot set: never from a cookie, an address or the path.
   */
  secretOf(headers: IncomingHttpHeaders): string | undefined;
  /** People who are signed in may use it by their session (sessions.ts): it is what our own page asks. */
  readonly takesPeople?: true;
  /** What to send, for those who sent no token. */
  readonly howToAsk: string;
  /**
   * The header WWW-Authenticate of a refusal that a token could help (RFC 9110 §11.6.1); undefined: none. One with the
   * scheme Basic would have browsers ask for a password, and from then on send it with what any page asks of them.
   */
  challenge(lacking?: Lacking): string | undefined;
  /** The refusal in the words and under the status that clients of this API understand. */
  refusal(problem: Problem): Written;
}

/** What is wrong with a token that was sent (RFC 6750 §3.1). */
export type Lacking =
  | { readonly error: 'invalid_token' }
  | { readonly error: 'insufficient_scope'; readonly scope: string };
