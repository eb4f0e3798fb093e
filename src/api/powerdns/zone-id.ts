/** Zones by their ids in paths, and which of them a token reaches. */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../model/errors.ts';
import { canonicalName } from '../../model/name.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import { grantOf } from '../access.ts';
import type { ApiParts } from '../parts.ts';

/** What a request is to do with a zone: read some of its RRsets, or all that it is. */
type Use = 'records' | 'whole';

/** With the final dot or without; `=2E` is a dot, and so on, as PowerDNS writes what a path cannot have. */
export function zoneOf(request: FastifyRequest, queries: ApiParts['queries'], use: Use): Zone | Problem {
  const { zone: id } = request.params as { zone: string };
  const text = id.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const name = canonicalName(text);
  // What is no name has no zone.
  if (name instanceof Problem) return new Problem('zone_unknown', name.detail);
  const grant = grantOf(request);
  if (use === 'whole' ? !grant.zone(name) : !grant.recordsOf(name)) {
    const detail = `The token ${request.actor?.name} is limited, and ${use === 'whole' ? 'the whole of ' : ''}the zone ${name}. is out of its reach`;
    return new Problem('token_forbidden', detail);
  }
  return queries.zone(shown(name));
}
