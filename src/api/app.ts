/** The admin API, composed apart from listening. */
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, maxHeaderSize, type ServerResponse } from 'node:http';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
  type RouteOptions,
} from 'fastify';
import { listen } from '../guard.ts';
import { Problem } from '../model/errors.ts';
import { makeAuthorize } from './access.ts';
import { makeAuthenticate } from './auth.ts';
import { consolePages } from './console.ts';
import { Door } from './door/door.ts';
import { guardWithShares } from './door/guard.ts';
import { faultOfHeaders, hostOf, isKnownHost, unknownHost } from './door/hosts.ts';
import { refuseBeforeRouting } from './door/refusals.ts';
import { WholeZones } from './door/whole-zones.ts';
import { makeFreshHook, tellBehind } from './fleet-headers.ts';
import { health } from './health.ts';
import { Hurried } from './hurried.ts';
import { makeMeasure, measurements } from './metrics.ts';
import { describeApi, documents } from './openapi.ts';
import type { Api, ApiInstance, ApiParts } from './parts.ts';
import { peoplePages } from './people/index.ts';
import { answerError, sendProblem } from './problems.ts';
import { KnownPaths, withDots } from './routing.ts';
import { dialect } from './v1/dialect.ts';
import { v1 } from './v1/index.ts';
import { compileValidator } from './validation.ts';

/** All that are always there; see doors.ts for the others. */
export const APIS: readonly Api[] = [health, measurements, documents, consolePages, peoplePages, v1];

/** `apis`: what is offered. */
export function createApp(parts: ApiParts, apis: readonly Api[] = APIS): FastifyInstance {
  const hurried = new Hurried();
  const app = Fastify(serverOptions(parts, apis, hurried)) as unknown as ApiInstance;
  const { door: doorOptions, tls } = parts.options;
  const door = new Door(app.server, tls !== undefined, doorOptions);
  refuseBeforeRouting(app.server, door);
  // Node would answer an expectation that it does not know with an empty 417; it may be passed over (RFC 9110 §10.1.1).
  const expected = (...both: [IncomingMessage, ServerResponse]) => app.server.emit('request', ...both);
  listen(app.server, 'checkExpectation', 'a request to the API', expected);
  app.addHook('preClose', async () => door.stop());
  app.addHook('onListen', async () => hurried.compile());
  const paths = new KnownPaths();
  app.addHook('onRoute', (route) => paths.add(route));
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply));
  app.removeAllContentTypeParsers();
  // Paths that no API has are refused as under /v1.
  app.decorate('dialect', dialect);
  app.decorate('door', undefined);
  app.decorate('wholeZones', new WholeZones());
  app.decorateRequest('actor', undefined);
  app.decorateRequest('signedIn', undefined);
  app.decorateRequest('grant', undefined);
  app.decorateRequest('bodyBytes', undefined);
  app.decorateRequest('commandContext', undefined);
  app.decorateRequest('behind', undefined);
  app.decorateRequest('holder', '');
  app.decorateRequest('turns');
  app.decorateRequest('needsToken', false);
  addHooks(app, parts, { paths, door });
  describeApi(app, parts.options.version);
  for (const api of apis) register(app, api, parts);
  return app as unknown as FastifyInstance;
}

/** In a scope of its own, see `Api`. */
function register(app: ApiInstance, { prefix, dialect, door, isDocumented, routes }: Api, parts: ApiParts): void {
  const fill = async (instance: unknown): Promise<void> => {
    const scope = instance as ApiInstance;
    if (dialect !== undefined) scope.decorate('dialect', dialect);
    if (door !== undefined) scope.decorate('door', door);
    // The hook below refuses; this has it run in this scope.
    if (prefix !== undefined) scope.setNotFoundHandler(() => {});
    if (!isDocumented) scope.addHook('onRoute', hide);
    if (door !== undefined && parts.fleet !== undefined) scope.addHook('preHandler', makeFreshHook(parts.fleet));
    routes(scope, parts);
  };
  app.register(fill, prefix === undefined ? {} : { prefix });
}

function hide(route: RouteOptions): void {
  route.schema = { ...route.schema, hide: true };
}

function addHooks(app: ApiInstance, parts: ApiParts, { paths, door }: { paths: KnownPaths; door: Door }): void {
  app.addHook('onRequest', async (request, reply) => {
    setCommonHeaders(request, reply);
    const fault = faultOfHeaders(request.raw);
    if (fault !== undefined) return sendProblem(reply, fault);
    return refuseForeignHost(request, reply, parts.options);
  });
  app.addHook('onRequest', makeAuthenticate(parts));
  app.addHook('onRequest', async (request, reply) => {
    // Before the body is read: nobody wants it.
    if (request.is404) return paths.refuse(request, reply);
    return refuseContentCoding(request, reply);
  });
  guardWithShares(app, door, Math.max(parts.options.bodyMaxBytes, parts.options.zoneFileMaxBytes));
  const { byPath, byBody } = makeAuthorize(parts);
  app.addHook('onRequest', byPath);
  app.addHook('preHandler', byBody);
  if (parts.fleet !== undefined) tellBehind(app);
  app.addHook('onResponse', makeMeasure(parts));
}

/**
 * Among the options, since Fastify loads those of its own, a hundred modules, before it could be told of others; its types
 * know Ajv's only.
 */
const compilersOf = (hurried: Hurried) => ({
  compilersFactory: {
    buildValidator: () => (route: Parameters<typeof compileValidator>[0]) =>
      hurried.noted(route, compileValidator(route)),
    // The schemas of replies are there to be read. Serializers made from them would drop or convert what they do not know.
    buildSerializer: () => () => (body: unknown) => JSON.stringify(body),
  },
});

function serverOptions({ log, options }: ApiParts, apis: readonly Api[], hurried: Hurried): FastifyServerOptions {
  return {
    loggerInstance: log,
    ...(options.tls !== undefined && { https: options.tls }),
    bodyLimit: options.bodyMaxBytes,
    rewriteUrl: ({ url = '/' }) => withDots(url),
    schemaController: compilersOf(hurried) as unknown as NonNullable<FastifyServerOptions['schemaController']>,
    // One line a change instead (replies.ts); a poll of /readyz each second is not worth two.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestId,
    // While the server stops, what was received is still answered, by the same rules.
    return503OnClosing: false,
    // A name that is too long is refused as a name.
    routerOptions: { maxParamLength: maxHeaderSize },
    // refusals.ts answers instead.
    clientErrorHandler: () => {},
    frameworkErrors: (error, request, reply) => {
      setCommonHeaders(request, reply as FastifyReply);
      // A path that is no path leads to no route, and its beginning tells whose it would be all the same.
      const asked = apis.find(({ prefix }) => prefix !== undefined && request.url.startsWith(`${prefix}/`));
      answerError(error, request, reply as FastifyReply, asked?.dialect);
    },
  };
}

/** The client's own id, where it is fit for a log line, so that it can find its request there. */
function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID();
}

/** For browsers that are led here: nothing is guessed, framed, run, or kept without asking again. No CORS. */
function setCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    'x-request-id': request.id,
    'cache-control': 'private, no-cache',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
}

/** What needs no token is told under known names only; whoever has a token may use any. Over TLS no browser takes another name. */
function refuseForeignHost(request: FastifyRequest, reply: FastifyReply, { tls, hosts }: ApiParts['options']) {
  if (request.routeOptions.config.named !== true || tls !== undefined) return;
  if (isKnownHost(hostOf(request.raw), hosts)) return;
  if (request.headers.authorization === undefined) return sendProblem(reply, unknownHost);
  request.needsToken = true;
}

/** A compressed body would be read as if it were not (RFC 9110 §8.4: 415 for a coding that is not taken). */
async function refuseContentCoding(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  const coding = request.headers['content-encoding'];
  if (coding === undefined || coding.toLowerCase() === 'identity') return undefined;
  return sendProblem(reply, new Problem('media_type_unknown', 'Send the body as it is, without Content-Encoding.'));
}
