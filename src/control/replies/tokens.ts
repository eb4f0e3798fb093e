/** Tokens as the API shows them. */
import { type StoredToken, tokenBody } from '../../model/token.ts';

/** A token as replies show it. */
export function tokenReply(token: StoredToken) {
  const { createdAtMs, revision } = token;
  return { ...tokenBody(token), createdAt: new Date(createdAtMs).toISOString(), revision };
}
