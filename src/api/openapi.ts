/** The OpenAPI document at /openapi.json, made from the schemas of the routes, and its pages at /docs. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifySchema } from 'fastify';
import { components, refTo } from '../contract/components.ts';
import { problemSchema } from '../contract/problems.ts';
import { problemStatus } from '../model/errors.ts';
import { openToAll } from './access.ts';
import type { Api, ApiInstance } from './parts.ts';

const DESCRIPTION = `Every change is a revision: durable, and in force on every worker, before it is answered.
Refusals are \`application/problem+json\` (RFC 9457); their \`code\` is stable.
Names in paths are full host names without the final dot; a byte that is not printable ASCII is written as \`\\DDD\`.`;

/** In the order in which the pages show them. */
const tags = [
  { name: 'zones', description: 'Zones, and whole zones as files.' },
  { name: 'RRsets', description: 'Records of a zone, by name and type.' },
  { name: 'dnssec', description: 'Zones that are signed: keys, and what is waited for at the parent.' },
  { name: 'services', description: 'Names that are answered from pools, their health, and what a client gets.' },
  { name: 'weights', description: 'Shifts of traffic between pools, and the way back.' },
  { name: 'releases', description: 'Shifts in steps, with pauses and gates.' },
  { name: 'drain', description: 'When no cache can still hold the answers of a pool.' },
  { name: 'revisions', description: 'The log of changes.' },
  { name: 'events', description: 'What happens, as it happens.' },
  { name: 'freezes', description: 'Times in which no traffic is moved forward.' },
  { name: 'proposals', description: 'Changes that wait for a second person, or for their time.' },
  { name: 'webhooks', description: 'Who is told of what happens.' },
  { name: 'tokens', description: 'Who may do what.' },
  { name: 'fleet', description: 'Several nameservers that move at one instant.' },
  { name: 'apply', description: 'What files declare, compared with what is there.' },
  { name: 'health', description: 'Whether the server lives and takes changes, and what is measured of it.' },
];

/** To be registered before the routes: it collects them as they come. `version`: of the server. */
export function describeApi(api: ApiInstance, version: string): void {
  for (const schema of components([problemSchema(Object.keys(problemStatus))])) api.addSchema(schema);
  api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Teal admin API',
        version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        // Where they are depends on where the server was got from; SECURITY.md of the repository says how to write.
        contact: { name: 'The maintainers of Teal' },
      },
      tags,
      // Relative, so that nothing is made from the Host header.
      servers: [{ url: '/' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: ({ schema, url }) => ({ schema: withNamedBody(schema), url }),
    transformObject: (given) => withBodies('openapiObject' in given ? given.openapiObject : {}),
    refResolver: { buildLocalReference: (schema) => String(schema.$id) },
  });
}

/** Requests are held against the schema itself; the document has it once, by its name. */
function withNamedBody(schema: FastifySchema): FastifySchema {
  const { $id } = (schema?.body ?? {}) as { $id?: string };
  return $id === undefined ? schema : { ...schema, body: refTo($id) };
}

interface Operation {
  requestBody?: { required?: boolean; content: object };
  'x-body'?: object;
}

/** Bodies that are held against no schema are described too, and those that may be left out are not demanded. */
function withBodies<Document extends { paths?: object }>(document: Document): Document {
  const operations: Operation[] = Object.values(document.paths ?? {}).flatMap((path) => Object.values(path));
  for (const operation of operations) {
    const { 'x-body': content, requestBody } = operation;
    delete operation['x-body'];
    if (content !== undefined) operation.requestBody = { required: true, content };
    if (OPTIONAL.test(JSON.stringify(requestBody ?? null)))
      operation.requestBody = { ...requestBody, required: false } as never;
  }
  return document;
}

/** Bodies that are nothing but options: the routes take none for the empty object. */
const OPTIONAL = /schemas\/(?:Approve|Empty|Promote|Retry|Rollback|Roll)Body"/;

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

export const documents: Api = {
  isDocumented: false,
  routes(api) {
    openToAll(api, { isNamed: true });
    // Written once: it is long, and anybody may ask for it as often as he likes.
    let document: Buffer | undefined;
    api.get('/openapi.json', (_request, reply) => {
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
  },
};
