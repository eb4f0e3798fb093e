/** The OpenAPI document at /openapi.json, made from the schemas of the routes, and its pages at /docs. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifySchema } from 'fastify';
import { components, refTo } from '../contract/components.ts';
import { problemSchema } from '../contract/problems.ts';
import { problemStatus } from '../model/errors.ts';
import type { ApiInstance } from './parts.ts';

/** Version of the contract, not of the program. */
const API_VERSION = '1.0.0';

const DESCRIPTION = `Every change is a revision: durable, and in force on every worker, before it is answered.
Refusals are \`application/problem+json\` (RFC 9457); their \`code\` is stable.
Names in paths are full host names without the final dot; a byte that is not printable ASCII is written as \`\\DDD\`.`;

/** To be registered before the routes: it collects them as they come. */
export function describeApi(api: ApiInstance): void {
  for (const schema of components([problemSchema(Object.keys(problemStatus))])) api.addSchema(schema);
  api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Teal admin API', version: API_VERSION, description: DESCRIPTION },
      // Relative, so that nothing is made from the Host header.
      servers: [{ url: '/' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: ({ schema, url }) => ({ schema: withNamedBody(schema), url }),
    refResolver: { buildLocalReference: (schema) => String(schema.$id) },
  });
}

/** Requests are held against the schema itself; the document has it once, by its name. */
function withNamedBody(schema: FastifySchema): FastifySchema {
  const { $id } = (schema?.body ?? {}) as { $id?: string };
  return $id === undefined ? schema : { ...schema, body: refTo($id) };
}

/**
 * Only what the server itself sends may run or load. The pages set styles inline and draw their icons from data:
 * URLs; frames and forms are for nobody.
 */
const DOCS_POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

export function documentRoutes(api: ApiInstance): void {
  // Written once: it is long, and anybody may ask for it as often as he likes.
  let document: Buffer | undefined;
  api.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    document ??= Buffer.from(JSON.stringify(api.swagger()));
    return reply.type('application/json; charset=utf-8').send(document);
  });
  api.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_POLICY,
    theme: { title: 'Teal admin API' },
    // Without the bar and its logo, and without a validator: it would send the document to a server on the internet.
    uiConfig: { layout: 'BaseLayout', validatorUrl: null, deepLinking: true },
  });
}
