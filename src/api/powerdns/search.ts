/** A search over zones and records, as pages of others offer it to people. */
import type { FastifyRequest } from 'fastify';
import { Passed } from '../../control/listing.ts';
import type { Sliced } from '../../control/slices.ts';
import { apexRRsets } from '../../control/zone-files/rrset-json.ts';
import { Problem } from '../../model/errors.ts';
import { type RRset, writtenRecords } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import { formatType } from '../../wire/rdata.ts';
import { access, grantOf } from '../access.ts';
import type { ApiInstance, ApiParts } from '../parts.ts';
import { sendProblem } from '../problems.ts';
import { inTurns } from '../slices.ts';
import { bad } from './rrset-changes.ts';
import { SERVER } from './server.ts';

/** As many as PowerDNS gives where nothing is said; nobody reads more than some. */
const FOUND_DEFAULT = 100;
const FOUND_MAX = 1000;
const KINDS = ['all', 'zone', 'record', 'comment'];
/** RRsets that are looked at in one slice: a few milliseconds' work. */
const RRSETS_AT_ONCE = 200;
/** Each text is held against all of it. */
const PATTERN_MAX_CHARS = 255;

export function searchRoutes(api: ApiInstance, parts: ApiParts): void {
  api.get(`${SERVER}/search-data`, { config: access('read', 'filtered') }, async (request, reply) => {
    const { q, max, object_type: kind = 'all' } = request.query as Record<string, string | undefined>;
    if (q === undefined || q === '') return sendProblem(reply, bad("Query q can't be blank"));
    if (q.length > PATTERN_MAX_CHARS) return sendProblem(reply, bad(`q has at most ${PATTERN_MAX_CHARS} characters`));
    if (max !== undefined && !/^\d{1,9}$/.test(max)) return sendProblem(reply, bad('max is a whole number'));
    const most = max === undefined ? FOUND_DEFAULT : Math.min(Number(max), FOUND_MAX);
    if (most === 0) return sendProblem(reply, bad('Maximum entries must be larger than 0'));
    if (!KINDS.includes(kind)) {
      return sendProblem(reply, bad(`object_type must be one of the following options: ${KINDS.join(', ')}`));
    }
    if (kind === 'comment') return reply.send([]);
    const asked = { pattern: q.toLowerCase(), most, zones: kind !== 'record', records: kind !== 'zone' };
    return reply.send(await inTurns(request, reply, search(parts, request, asked)));
  });
}

interface Asked {
  readonly pattern: string;
  readonly most: number;
  readonly zones: boolean;
  readonly records: boolean;
}

function* search({ queries }: ApiParts, request: FastifyRequest, asked: Asked): Sliced<object[]> {
  const grant = grantOf(request);
  const zones = queries.zones(undefined, grant);
  const found: object[] = [];
  if (zones instanceof Problem) return found;
  let looked = 0;
  for (const zone of zones.found) {
    if (++looked % RRSETS_AT_ONCE === 0) yield;
    if (found.length >= asked.most) return found;
    if (zone instanceof Passed || !grant.zone(zone.name)) continue;
    const id = `${zone.name}.`;
    if (asked.zones && matches(asked.pattern, zone.name)) found.push({ name: id, object_type: 'zone', zone_id: id });
    const rrsets = asked.records ? queries.rrsets(shown(zone.name), undefined, grant) : undefined;
    if (rrsets === undefined || rrsets instanceof Problem) continue;
    for (const rrset of withApex(zone, rrsets.found)) {
      if (++looked % RRSETS_AT_ONCE === 0) yield;
      if (rrset instanceof Passed) continue;
      const { name, type, ttlSeconds } = rrset;
      for (const content of writtenRecords(rrset)) {
        if (found.length >= asked.most) return found;
        if (!matches(asked.pattern, name) && !matches(asked.pattern, content.toLowerCase())) continue;
        const record = { content, disabled: false, name: `${name}.`, object_type: 'record', ttl: ttlSeconds };
        found.push({ ...record, type: formatType(type), zone: id, zone_id: id });
      }
    }
  }
  return found;
}

/** As in a zone that is read: SOA and NS of the zone are among its RRsets. */
function* withApex(zone: Zone, rrsets: Iterable<RRset | Passed>): Generator<RRset | Passed> {
  yield* apexRRsets(zone);
  yield* rrsets;
}

/** `*` stands for any text, `?` for one character; the final dot of a name may be there. Of linear cost times the pattern. */
export function matches(pattern: string, text: string): boolean {
  return isMatch(pattern, text) || isMatch(pattern, `${text}.`);
}

function isMatch(pattern: string, text: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  let i = 0;
  while (i < text.length) {
    if (pattern[at] === '*') {
      [star, resume] = [at, i];
      at++;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}
