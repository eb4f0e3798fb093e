/**
 * The provider of identities, asked by OpenID Connect: the code flow with PKCE, state and nonce, every signature held
 * against the provider's keys. It is asked when somebody signs in and while they are, and never at the start; what it
 * costs is bounded, and goes to no network that the settings keep out.
 */
import type * as Client from 'openid-client';
import { type Claims, saysGroups } from '../../model/person.ts';
import { NoReply, type Outbound } from '../outbound/outbound.ts';

interface ProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** None: a public client, which PKCE alone protects. */
  readonly clientSecret?: string | undefined;
  readonly redirectUrl: string;
  readonly scopes: readonly string[];
  readonly groupsClaim: string;
  /** Where the provider leads a browser that signed out there; it has to know the address. None: it stays there. */
  readonly afterSignOutUrl?: string | undefined;
}

interface ProviderParts {
  readonly settings: ProviderSettings;
  readonly outbound: Pick<Outbound, 'request'>;
  readonly steadyMs: () => number;
  /** Ends what is under way when the server stops. */
  readonly stopped: AbortSignal;
}

/** What one sign-in is recognized by when its browser comes back. */
export interface Secrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** What the provider said of somebody, and what it takes to ask again. */
export interface Word {
  readonly claims: Claims;
  /** Where groups were told: in the ID token, or where the provider tells more of people. */
  readonly tellsGroups: 'token' | 'userinfo';
  /** For signing out there. */
  readonly idToken?: string | undefined;
  readonly accessToken?: string | undefined;
  readonly refreshToken?: string | undefined;
}

/**
 * Why there is no word. `unreachable`: nobody knows; it may be there again in a minute. `refused`: the provider says no.
 * `unbelievable`: what it said does not hold. `stale`: the way back was not the one that was begun, or came too late.
 */
export class NoWord {
  readonly kind: 'unreachable' | 'refused' | 'unbelievable' | 'stale';
  /** A sentence, without secrets. */
  readonly reason: string;

  constructor(kind: NoWord['kind'], reason: string) {
    this.kind = kind;
    this.reason = reason;
  }
}

/** A person waits for it in front of a page. */
const REQUEST_TIMEOUT_MS = 10_000;
/** The longest answers list keys, or the groups of somebody in very many. */
const ANSWER_MAX_BYTES = 512 * 1024;
/** What a provider says of itself, its keys among it, changes: it is asked anew after so long, or when something does not hold. */
const DISCOVERY_MAX_MS = 10 * 60_000;
/** Clocks of two machines may run apart by so much. */
const CLOCK_TOLERANCE_SECONDS = 60;

interface Found {
  readonly client: typeof Client;
  readonly config: Client.Configuration;
}

export class Provider {
  readonly #parts: ProviderParts;
  #found: Promise<Found> | undefined;
  #foundAtMs = 0;

  constructor(parts: ProviderParts) {
    this.#parts = parts;
  }

  get issuer(): string {
    return this.#parts.settings.issuer;
  }

  /** Where a browser goes to sign in. */
  signInUrl({ state, nonce, verifier }: Secrets): Promise<URL | NoWord> {
    return this.#ask(async ({ client, config }) => {
      const { redirectUrl, scopes } = this.#parts.settings;
      return client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUrl,
        scope: ['openid', ...scopes.filter((scope) => scope !== 'openid')].join(' '),
        state,
        nonce,
        code_challenge_method: 'S256',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
      });
    });
  }

  /** What the code stands for, with which a browser came back. `query`: of the address that it came to. */
  redeem(query: string, { state, nonce, verifier }: Secrets): Promise<Word | NoWord> {
    return this.#ask(async ({ client, config }) => {
      const cameTo = new URL(this.#parts.settings.redirectUrl);
      cameTo.search = query;
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const tokens = await client.authorizationCodeGrant(config, cameTo, checks);
      const claims = tokens.claims() as Claims;
      return this.#word({ client, config }, tokens, claims);
    });
  }

  /** What it says now of somebody who is signed in. */
  async again(word: Word): Promise<Word | NoWord> {
    const { refreshToken, accessToken, claims } = word;
    if (refreshToken !== undefined) return this.#ask((found) => this.#refreshed(found, word, refreshToken));
    if (accessToken === undefined || word.tellsGroups === 'token') return nothingToAskWith;
    const { groupsClaim } = this.#parts.settings;
    const fresh = await this.#ask(async ({ client, config }) => {
      const told = await client.fetchUserInfo(config, accessToken, claims.sub);
      // Groups that are not told any more are none; what else is not told stays.
      return { ...word, claims: { ...claims, ...told, ...(!saysGroups(told, groupsClaim) && { [groupsClaim]: [] }) } };
    });
    // The token may be too old: that says nothing of the person.
    return fresh instanceof NoWord && fresh.kind === 'refused' ? nothingToAskWith : fresh;
  }

  async #refreshed(found: Found, word: Word, refreshToken: string): Promise<Word | NoWord> {
    const tokens = await found.client.refreshTokenGrant(found.config, refreshToken);
    // Whoever it is now told of has to be who it was (OpenID Connect Core 1.0 §12.2).
    const claims = (tokens.claims() ?? { sub: word.claims.sub }) as Claims;
    if (claims.sub !== word.claims.sub) return new NoWord('refused', 'it told of somebody else than before');
    const fresh = await this.#word(found, tokens, claims);
    const isTold = saysGroups(fresh.claims, this.#parts.settings.groupsClaim);
    if (!isTold && tokens.id_token === undefined && word.tellsGroups === 'token') return nothingToAskWith;
    // A refresh token may be good for more than once, and is then not told again (RFC 6749 §6).
    const { idToken = word.idToken, refreshToken: next = refreshToken } = fresh;
    const kept = tokens.id_token === undefined ? word.claims : {};
    const groups = isTold ? {} : { [this.#parts.settings.groupsClaim]: [] };
    return { ...fresh, claims: { ...kept, ...fresh.claims, ...groups }, idToken, refreshToken: next };
  }

  /** Where a browser goes to sign out there too; undefined: the provider has no such place. */
  async signOutUrl(idToken: string | undefined): Promise<URL | undefined> {
    const found = await this.#ask(async ({ client, config }) => {
      if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
      const { afterSignOutUrl } = this.#parts.settings;
      return client.buildEndSessionUrl(config, {
        ...(idToken !== undefined && { id_token_hint: idToken }),
        ...(afterSignOutUrl !== undefined && { post_logout_redirect_uri: afterSignOutUrl }),
      });
    });
    return found instanceof NoWord ? undefined : found;
  }

  /** Groups that the ID token does not tell are asked for (OpenID Connect Core 1.0 §5.3). */
  async #word(
    { client, config }: Pick<Found, 'client' | 'config'>,
    tokens: Client.TokenEndpointResponse,
    claims: Claims,
  ): Promise<Word> {
    const { id_token: idToken, access_token: accessToken, refresh_token: refreshToken } = tokens;
    const mayAsk = config.serverMetadata().userinfo_endpoint !== undefined;
    const isWhole = saysGroups(claims, this.#parts.settings.groupsClaim);
    const told = isWhole || !mayAsk ? {} : await client.fetchUserInfo(config, accessToken, claims.sub);
    const tellsGroups = isWhole ? 'token' : 'userinfo';
    return { claims: { ...told, ...claims }, tellsGroups, idToken, accessToken, refreshToken };
  }

  /** Never rejects. */
  async #ask<Result>(ask: (found: Found) => Promise<Result>): Promise<Result | NoWord> {
    let client: typeof Client | undefined;
    try {
      // Only who has such a provider loads what speaks with it.
      client = await import('openid-client');
      return await ask(await this.#find(client));
    } catch (error) {
      const none = noWord(error, client);
      // It may have other keys than a moment ago, which the library would not ask for within a minute: the next try does.
      if (none.kind === 'unbelievable') this.#found = undefined;
      return none;
    }
  }

  /** What the provider says of itself, kept for a while; a failure is not kept. Those who ask at once wait for one answer. */
  #find(client: typeof Client): Promise<Found> {
    const nowMs = this.#parts.steadyMs();
    if (this.#found === undefined || nowMs - this.#foundAtMs > DISCOVERY_MAX_MS) {
      this.#foundAtMs = nowMs;
      const looking = this.#discover(client);
      this.#found = looking;
      looking.catch(() => {
        if (this.#found === looking) this.#found = undefined;
      });
    }
    return this.#found;
  }

  async #discover(client: typeof Client): Promise<Found> {
    const { issuer, clientId, clientSecret } = this.#parts.settings;
    const server = new URL(issuer);
    const metadata = { [client.clockTolerance]: CLOCK_TOLERANCE_SECONDS };
    const config = await client.discovery(server, clientId, metadata, showing(client, clientSecret), {
      [client.customFetch]: (url, options) => this.#fetch(url, options),
      execute: [
        client.enableNonRepudiationChecks,
        // The settings take http for this machine only.
        ...(server.protocol === 'http:' ? [client.allowInsecureRequests] : []),
      ],
    });
    return { client, config };
  }

  /** All of its addresses that are asked answer in JSON, so that what else comes is found out by reading it. */
  async #fetch(url: string, { method, headers, body }: Client.CustomFetchOptions): Promise<Response> {
    const { outbound, stopped } = this.#parts;
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const text = body === undefined || body === null ? undefined : String(body);
    const ask = { url: new URL(url), method, headers: lower, ...(text !== undefined && { body: text }) };
    const reply = await outbound.request(ask, {
      timeoutMs: REQUEST_TIMEOUT_MS,
      maxBytes: ANSWER_MAX_BYTES,
      stopped,
    });
    if (reply instanceof NoReply) throw new Unreached(`${new URL(url).host} ${reply.reason}`);
    const isBodiless = reply.status === 204 || reply.status === 205 || reply.status === 304;
    const { status } = reply;
    if (status < 200 || status > 599) throw new Unreached(`${new URL(url).host} answered with the status ${status}`);
    return new Response(isBodiless ? null : reply.body, { status, headers: { 'content-type': 'application/json' } });
  }
}

/** No answer, or none of a server that is in order. */
class Unreached extends Error {}

const nothingToAskWith = new NoWord('unreachable', 'it gave nothing to ask it again with');

/** The way in which the secret is shown: what the provider takes, client_secret_basic first. */
function showing(client: typeof Client, secret: string | undefined): Client.ClientAuth {
  if (secret === undefined) return client.None();
  const basic = client.ClientSecretBasic(secret);
  const post = client.ClientSecretPost(secret);
  return (as, ...rest) => {
    const { token_endpoint_auth_methods_supported: ways } = as;
    // Left out, it is client_secret_basic (OpenID Connect Discovery 1.0 §3).
    const isBasic = ways === undefined || ways.includes('client_secret_basic') || !ways.includes('client_secret_post');
    return isBasic ? basic(as, ...rest) : post(as, ...rest);
  };
}

/** RFC 6585 §4: with whatever words in the body, it says nothing of the person. */
const TOO_MANY = 429;

/**
 * What its words mean (RFC 6749 §4.1.2.1 and §5.2); all others refuse. One that cannot tell now has refused nobody, so that
 * nobody is signed out while it is in trouble.
 */
const kinds: Readonly<Record<string, NoWord['kind']>> = {
  invalid_grant: 'stale',
  server_error: 'unreachable',
  temporarily_unavailable: 'unreachable',
};

/** In words for the page and the log. No message of the library holds a secret, and none is passed on whole. */
function noWord(error: unknown, client: typeof Client | undefined): NoWord {
  const unreached = chainOf(error).find((each) => each instanceof Unreached);
  if (unreached !== undefined) return new NoWord('unreachable', unreached.message);
  if (client !== undefined) {
    if (error instanceof client.ResponseBodyError && error.status === TOO_MANY)
      return new NoWord('unreachable', `it answered with the status ${TOO_MANY}: it is asked too much`);
    if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError) {
      const said = error.error_description === undefined ? error.error : `${error.error}, ${error.error_description}`;
      return new NoWord(kinds[error.error] ?? 'refused', `it says ${clean(said)}`);
    }
    if (error instanceof client.WWWAuthenticateChallengeError)
      return new NoWord('refused', `it refused with the status ${error.status}`);
  }
  const { message } = error as Error;
  const status = chainOf(error).find((each) => each instanceof Response) as Response | undefined;
  if (status !== undefined && (status.status >= 500 || status.status === TOO_MANY))
    return new NoWord('unreachable', `it answered with the status ${status.status}`);
  const cause = (error as Error).cause;
  const more = cause instanceof Error && cause.message !== message ? `: ${cause.message}` : '';
  return new NoWord('unbelievable', clean(`${message}${more}`));
}

function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let each = error; each !== undefined && each !== null && chain.length < 5; each = (each as Error).cause)
    chain.push(each);
  return chain;
}

/** What a stranger says, as part of a sentence. */
const SAID_MAX_CHARS = 300;

function clean(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, SAID_MAX_CHARS);
}
