/**
 * A door for clients of PowerDNS's API (https://doc.powerdns.com/authoritative/http-api/): the part of it that they use.
 * docs/powerdns-api.md says what it takes and what it refuses.
 */
import type { FastifyRequest } from 'fastify';
import { parseBody } from '../json-body.ts';
import type { Api } from '../parts.ts';
import { changeRoutes } from './changes.ts';
import { dialect } from './dialect.ts';
import { searchRoutes } from './search.ts';
import { serverRoutes } from './server.ts';
import { zoneRoutes } from './zones.ts';

export const powerdns: Api = {
  prefix: '/api',
  door: 'powerdns',
  dialect,
  isDocumented: false,
  routes(api, parts) {
    // Some clients say no type, or another one, of the JSON that they send.
    api.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) =>
      parseBody(request, body as Buffer, done),
    );
    // Fields that are not known are passed over; those that are have words of their own for what is wrong with them.
    api.setValidatorCompiler(() => (value) => ({ value }));
    api.addHook('preValidation', takeLast);
    serverRoutes(api, parts);
    zoneRoutes(api, parts);
    changeRoutes(api, parts);
    searchRoutes(api, parts);
  },
};

/** Of a parameter that is there more than once the last one counts, as with PowerDNS. */
async function takeLast(request: FastifyRequest): Promise<void> {
  const asked = Object.entries(request.query as Record<string, string | string[]>);
  request.query = Object.fromEntries(asked.map(([name, value]) => [name, Array.isArray(value) ? value.at(-1) : value]));
}
