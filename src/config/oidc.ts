/** The settings of people who sign in with a provider of identities: what each is, and the rules between them. */
import type { Static } from 'typebox';
import { shapeOf } from '../contract/shapes.ts';
import { RoleBody } from '../contract/tokens.ts';
import { Type } from '../contract/type.ts';

/** What is asked of a provider besides `openid`: each is a word of its own. */
const SCOPES_MAX = 20;

/** Requests of everybody are held against the groups of whoever sends them. */
const GROUPS_MAX = 500;

const DAY_SECONDS = 86_400;

/** Where the provider sends browsers back to, below wherever the console is. */
const CALLBACK = 'auth/callback';

const url = (expected: string) => Type.String({ pattern: '^https?://[^\\s#]{1,500}$', expected });

const seconds = (minimum: number, maximum: number, value: number) =>
  Type.Integer({ minimum, maximum, default: value, expected: `a whole number from ${minimum} to ${maximum}` });

const byGroup = Type.Unsafe<Record<string, Static<typeof RoleBody>>>({
  type: 'object',
  additionalProperties: shapeOf(RoleBody),
  minProperties: 1,
  maxProperties: GROUPS_MAX,
  whole: true,
  expected: `1 to ${GROUPS_MAX} names of groups, each with what it may, such as { scope: release, zones: ["example.com"] }`,
});

const properties = {
  issuer: url("the provider's issuer, such as https://id.example.com/realms/example"),
  clientId: Type.String({ minLength: 1, expected: 'the client id that the provider gave' }),
  clientSecret: Type.Optional(
    Type.String({ minLength: 1, expected: 'the client secret that the provider gave', secret: true }),
  ),
  clientSecretFile: Type.Optional(
    Type.String({ minLength: 1, expected: 'the path of a file with the client secret in it' }),
  ),
  redirectUrl: url(`the address of the console and ${CALLBACK}, such as https://teal.example.com/${CALLBACK}`),
  afterSignOutUrl: Type.Optional(url('an address that the provider knows, such as https://teal.example.com/')),
  label: Type.Optional(Type.String({ minLength: 1, maxLength: 60, expected: 'a name of at most 60 characters' })),
  scopes: Type.Array(Type.String({ pattern: '^[!#-\\[\\]-~]{1,100}$', expected: 'a word, such as groups' }), {
    maxItems: SCOPES_MAX,
    default: ['profile', 'email'],
    expected: `a list of at most ${SCOPES_MAX} scopes of the provider's, such as profile`,
  }),
  groupsClaim: Type.String({ minLength: 1, maxLength: 200, default: 'groups', expected: 'the name of a claim' }),
  nameClaim: Type.String({ minLength: 1, maxLength: 200, default: 'email', expected: 'the name of a claim' }),
  groups: byGroup,
  sessionIdleSeconds: seconds(60, 7 * DAY_SECONDS, 7200),
  sessionMaxSeconds: seconds(60, 7 * DAY_SECONDS, 43_200),
  recheckSeconds: seconds(10, DAY_SECONDS, 300),
  trustSeconds: seconds(30, DAY_SECONDS, 3600),
};

export const oidc = Type.Object(properties, { additionalProperties: false, expected: 'a group of settings' });

interface OidcValues {
  readonly issuer: string;
  readonly redirectUrl: string;
  readonly recheckSeconds: number;
  readonly trustSeconds: number;
}

/** The first rule between them that is broken: the key, and what is wrong there. */
export function findOidcConflict(oidc: OidcValues): { readonly key: string; readonly reason: string } | undefined {
  const { issuer, redirectUrl, recheckSeconds, trustSeconds } = oidc;
  for (const [key, text] of Object.entries({ issuer, redirectUrl })) {
    const url = URL.parse(text);
    if (url === null) return { key, reason: 'expected a URL, found something else' };
    // Codes and tokens, or the cookie of a session, would cross the network in the clear.
    if (url.protocol === 'http:' && !isHere(url.hostname))
      return { key, reason: `expected https, or http on this machine only (localhost), found ${url.origin}` };
  }
  if (!new URL(redirectUrl).pathname.endsWith(`/${CALLBACK}`) || redirectUrl.includes('?'))
    return { key: 'redirectUrl', reason: `expected a URL that ends in /${CALLBACK}, found ${redirectUrl}` };
  if (trustSeconds <= recheckSeconds)
    return {
      key: 'trustSeconds',
      reason: `expected more than recheckSeconds, ${recheckSeconds}, found ${trustSeconds}`,
    };
  return undefined;
}

function isHere(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
