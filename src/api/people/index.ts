/** Signing in and out by a provider of identities: where browsers are sent, come back to, and leave. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Failed } from '../../control/people/people.ts';
import { Problem } from '../../model/errors.ts';
import { openToAll } from '../access.ts';
import { ClientLimiter } from '../client-limiter.ts';
import { hostOf } from '../door/hosts.ts';
import type { Api, ApiInstance, ApiParts, ApiPeople } from '../parts.ts';
import { sendProblem } from '../problems.ts';
import { cookieOf, foreignOf, prefixed, setCookie, signedIn } from '../sessions.ts';
import { FAILED_POLICY, failedPage } from './page.ts';

/** From one address, which may be that of a proxy before many people, in a minute. Each may have the provider asked. */
const SIGN_INS_PER_MINUTE = 120;

/** As long as a sign-in that was begun may take. */
const SIGN_IN_COOKIE_SECONDS = 15 * 60;

/** Of a state, in the name of the cookie: two tabs that sign in at once do not take each other's away. */
const STATE_CHARS = 12;

export const peoplePages: Api = {
  isDocumented: false,
  routes(api, parts) {
    openToAll(api, { isNamed: true });
    const { people } = parts;
    // Whether there is such a way, for the page that one signs in at.
    api.get('/auth/ways', (_request, reply) =>
      reply.send(people === undefined ? {} : { oidc: { label: people.label } }),
    );
    if (people !== undefined) addRoutes(api, people, parts);
  },
};

function addRoutes(api: ApiInstance, people: ApiPeople, { now }: ApiParts): void {
  const limiter = new ClientLimiter(SIGN_INS_PER_MINUTE);
  const limited = (request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined => {
    const waitSeconds = limiter.count(request.ip ?? '', now());
    if (waitSeconds === 0) return undefined;
    reply.header('retry-after', waitSeconds);
    return sendFailed(reply, people, { kind: 'busy', reason: 'many sign in from your address at this moment' });
  };
  api.get('/auth/sign-in', { exposeHeadRoute: false }, async (request, reply) => {
    const refused = limited(request, reply);
    if (refused !== undefined) return refused;
    const elsewhere = otherPlace(request, people);
    if (elsewhere !== undefined) return reply.redirect(elsewhere, 302);
    const begun = await people.people.begin();
    if ('kind' in begun) return sendFailed(reply, people, begun);
    const state = new URL(begun.url).searchParams.get('state') ?? '';
    setCookie(reply, signInCookie(state, people), begun.browser, {
      ...lax(people),
      maxAgeSeconds: SIGN_IN_COOKIE_SECONDS,
    });
    return reply.header('cache-control', 'no-store').redirect(begun.url, 302);
  });
  api.get('/auth/callback', { exposeHeadRoute: false }, async (request, reply) => {
    const refused = limited(request, reply);
    if (refused !== undefined) return refused;
    const query = request.url.split('?').slice(1).join('?');
    const name = signInCookie(new URLSearchParams(query).get('state') ?? '', people);
    const browser = cookieOf(request.headers, name);
    const finished = await people.people.finish(query, browser);
    if (browser !== undefined) setCookie(reply, name, '', { ...lax(people), maxAgeSeconds: 0 });
    if ('kind' in finished) return sendFailed(reply, people, finished);
    const { sessionCookie, base: path, isSecure } = people.places;
    setCookie(reply, sessionCookie, finished.secret, { path, isSecure, sameSite: 'Strict' });
    // To the console, without the code in the address.
    return reply.header('cache-control', 'no-store').redirect('../', 303);
  });
  api.post('/auth/sign-out', async (request, reply) => {
    // Nobody is signed out by a page of others: a form that it sends would have the browser forget the cookie.
    const foreign = foreignOf(request.headers, people.places);
    if (foreign !== undefined) return sendProblem(reply, foreign);
    const person = signedIn(request, people);
    const { sessionCookie, base: path, isSecure } = people.places;
    setCookie(reply, sessionCookie, '', { path, isSecure, sameSite: 'Strict', maxAgeSeconds: 0 });
    const session = person === undefined || person instanceof Problem ? undefined : person.session;
    const ended = session === undefined ? {} : await people.people.end(session);
    return ended instanceof Problem ? sendProblem(reply, ended) : reply.send(ended);
  });
}

/**
 * Where one has to come to sign in, if not here: cookies are kept by host, and the provider sends browsers back to that of
 * the settings. Asked once only, since a proxy may call this server by another name.
 */
function otherPlace(request: FastifyRequest, { places }: ApiPeople): string | undefined {
  const isAsked = (request.query as { here?: string }).here !== undefined;
  if (isAsked || hostOf(request.raw) === new URL(places.origin).host) return undefined;
  return `${places.origin}${places.base}auth/sign-in?here`;
}

/** The browser comes from the provider: that is another site, so Strict would not send it. */
function lax({ places }: ApiPeople): { path: string; isSecure: boolean; sameSite: 'Lax' } {
  return { path: places.base, isSecure: places.isSecure, sameSite: 'Lax' };
}

function signInCookie(state: string, { places: { base, isSecure } }: ApiPeople): string {
  const short = state.replace(/[^A-Za-z0-9_-]/g, '').slice(0, STATE_CHARS);
  return prefixed(`teal-sign-in-${short}`, base, isSecure);
}

function sendFailed(reply: FastifyReply, { label }: ApiPeople, failed: Failed): FastifyReply {
  const { status, html } = failedPage(failed, { label, requestId: reply.request.id });
  reply.headers({ 'cache-control': 'no-store', 'content-security-policy': FAILED_POLICY });
  return reply.code(status).type('text/html; charset=utf-8').send(Buffer.from(html));
}
