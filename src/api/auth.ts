/** Who may call: those with a token, however their API sends it, and a limit on guesses. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { afterMs } from '../guard.ts';
import { Problem } from '../model/errors.ts';
import { highestScope } from '../model/person.ts';
import type { Token } from '../model/token.ts';
import { isInNetworks } from '../model/token-networks.ts';
import type { Lacking } from './dialect.ts';
import type { ApiParts, Hook } from './parts.ts';
import { sendProblem } from './problems.ts';
import { signedIn } from './sessions.ts';
import { WrongTokens } from './wrong-tokens.ts';

/**
 * An onRequest hook that lets nobody pass without a token, save on routes that are marked public: a route that
 * nobody thought about is closed.
 *
 * The token in a header is the only credential, beside the session of a person whom our own page asks for (sessions.ts):
 * no cookie alone, no trusted address. So a web page that reaches the API through the user's browser (cross-site requests,
 * DNS rebinding to 127.0.0.1) has nothing to act with, and the Host header needs no check on these routes: nothing in any
 * reply is made from it. Of the others see door/hosts.ts.
 */
export function makeAuthenticate({ tokens, people, now, options, log, metrics }: ApiParts): Hook {
  const wrong = new WrongTokens({
    perMinute: options.authFailuresPerMinute,
    now,
    after: (ms, act) => afterMs('a wrong token', ms, act),
    later: (ms, act) => afterMs('the count of wrong tokens', ms, act).unref(),
    log,
    count: (isLimited) => metrics.wrongToken(isLimited),
  });
  return async (request, reply) => {
    const { public: isPublic, openTo } = request.routeOptions.config;
    if (isPublic === true && !request.needsToken) return;
    const { dialect } = request.server;
    const secret = dialect.secretOf(request.headers);
    const person = secret === undefined && people && dialect.takesPeople && signedIn(request, people);
    if (person instanceof Problem) return sendProblem(person.status === 401 ? challenge(reply) : reply, person);
    if (person) {
      request.signedIn = person;
      request.actor = { name: person.session.person.name, scope: highestScope(person.roles) };
      return;
    }
    if (secret === undefined && openTo?.(request) === true) return;
    if (secret === undefined) return sendProblem(challenge(reply), new Problem('token_missing', dialect.howToAsk));
    // A right token is never limited, whatever else came from its address: behind a proxy or on a shared host a
    // broken script must not keep the operator out. It costs one hash to find out; tokens are too long to be guessed.
    const actor = tokens.find(secret);
    // Without an address: the client has hung up already.
    if (actor === undefined) return refuseToken(request, reply, wrong);
    if (!tokens.isGood(actor, now())) {
      const expired = new Problem('token_invalid', `The token \`${actor.name}\` has expired.`);
      return sendProblem(challenge(reply, INVALID), expired);
    }
    if (actor.networks === undefined || isInNetworks(actor.networks, request.ip)) {
      request.actor = actor;
      return;
    }
    wrong.addElsewhere(request.ip ?? '', actor.name);
    return sendProblem(reply, elsewhere(actor, request.ip));
  };
}

/** Whether who sent a request may still do it: a token may have expired since, or been revoked, and a session be over. */
export function isStillGood({ actor, signedIn: by }: FastifyRequest, { tokens, people, now }: ApiParts): boolean {
  if (by !== undefined) return people?.people.isGood(by.session, by.version) === true;
  return actor !== undefined && tokens.isGood(actor, now());
}

const INVALID: Lacking = { error: 'invalid_token' };

/** Says with which credentials to come again. */
export function challenge(reply: FastifyReply, lacking?: Lacking): FastifyReply {
  const header = reply.request.server.dialect.challenge(lacking);
  return header === undefined ? reply : reply.header('www-authenticate', header);
}

/** It does not say from where it may be used: that would help a thief only. */
function elsewhere({ name }: Token, address: string | undefined): Problem {
  const detail = `The token \`${name}\` may not be used from ${address ?? 'this address'}: it is limited to other networks.`;
  return new Problem('address_forbidden', detail);
}

async function refuseToken(request: FastifyRequest, reply: FastifyReply, wrong: WrongTokens): Promise<FastifyReply> {
  const answer = wrong.add(request.ip ?? '', request.raw.socket);
  if (answer.kind === 'none') {
    // A client that sends many at once is told nothing more on this connection.
    reply.hijack();
    request.raw.destroy();
    return reply;
  }
  if (answer.kind === 'late') {
    const { waitSeconds, due } = answer;
    await due;
    reply.header('retry-after', waitSeconds);
    const detail = `Too many wrong tokens from ${request.ip}; try again in ${waitSeconds} s. A right token works at once.`;
    return sendProblem(reply, new Problem('rate_limited', detail));
  }
  const unknown = new Problem('token_invalid', 'No such token; it may have been mistyped or removed.');
  return sendProblem(challenge(reply, INVALID), unknown);
}
