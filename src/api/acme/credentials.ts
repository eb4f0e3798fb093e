/** Tokens as clients of ACME send them: as the password of Basic (RFC 7617), whatever the user's name is, or as a key. */

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i;

/** The name has no colon, the password may (RFC 7617 §2). */
export function passwordOf(authorization: string | undefined): string | undefined {
  const encoded = BASIC.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const both = Buffer.from(encoded, 'base64').toString();
  const colon = both.indexOf(':');
  const password = colon === -1 ? '' : both.slice(colon + 1);
  return password === '' ? undefined : password;
}
