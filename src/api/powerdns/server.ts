/** What clients ask of a server before they ask for zones: which version of the API it speaks, and of which PowerDNS. */
import { access } from '../access.ts';
import type { ApiInstance, ApiParts } from '../parts.ts';

export const SERVER = '/v1/servers/localhost';

/** The PowerDNS whose answers this API gives: clients ask for what an older one lacks, and do without what a newer one has. */
const SPOKEN_VERSION = '4.7.3';

const server = (version: string) => ({
  config_url: `/api${SERVER}/config{/config_setting}`,
  daemon_type: 'authoritative',
  id: 'localhost',
  type: 'Server',
  url: `/api${SERVER}`,
  version,
  zones_url: `/api${SERVER}/zones{/zone}`,
});

export function serverRoutes(api: ApiInstance, { options }: Pick<ApiParts, 'options'>): void {
  const config = access('read', 'filtered', 'records');
  // Three numbers are read of it; what is behind the dash is for people.
  const told = server(`${SPOKEN_VERSION}-teal-${options.version}`);
  api.get('', { config }, (_request, reply) => reply.send([{ url: '/api/v1', version: 1 }]));
  api.get('/v1/servers', { config }, (_request, reply) => reply.send([told]));
  api.get(SERVER, { config }, (_request, reply) => reply.send(told));
  // None of PowerDNS's settings are here: clients take that for the defaults.
  api.get(`${SERVER}/config`, { config }, (_request, reply) => reply.send([]));
  api.get(`${SERVER}/statistics`, { config }, (_request, reply) => reply.send([]));
}
