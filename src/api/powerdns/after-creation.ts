/**
 * What a file of records has no place for, noted once the zone is there: how records were written, and what is said of the
 * zone. Others may have changed it by then, and what they did stays.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CHANGES_MAX } from '../../control/drafts/record-list.ts';
import { Problem } from '../../model/errors.ts';
import { settingsRevision, type Zone, zoneBody } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { ApiParts } from '../parts.ts';
import { type AskedRRset, asChange } from './rrset-changes.ts';
import { run } from './run.ts';
import { withNotes } from './zone-notes.ts';

/** So often it is tried on a zone that others change meanwhile. */
const NOTING_MAX = 4;

interface Client {
  readonly parts: ApiParts;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Notes what a body says of a zone, on what is noted of it now. `zoneNow`: as it is at each attempt. */
export async function note(
  { parts, request, reply }: Client,
  zoneNow: () => Zone | Problem,
  fields: Readonly<Record<string, unknown>>,
): Promise<Problem | undefined> {
  for (let i = 1; ; i++) {
    const zone = zoneNow();
    if (zone instanceof Problem) return zone;
    const labels = withNotes(zone.labels ?? {}, fields);
    if (labels instanceof Problem) return labels;
    const command = { kind: 'zone.put', zone: shown(zone.name), body: { ...zoneBody(zone), labels } } as const;
    const result = await run(parts, request, reply, command, { ifMatch: [settingsRevision(zone)] });
    if (!(result instanceof Problem)) return undefined;
    // Somebody changed the zone at that moment.
    if (result.code !== 'revision_stale' || i === NOTING_MAX) return result;
  }
}

/** The records of the RRsets as they were sent. `madeBy`: the revision that made them; those that others changed are theirs. */
export async function keepWritten(
  { parts, request, reply }: Client,
  zoneNow: () => Zone | Problem,
  { rrsets, madeBy }: { readonly rrsets: readonly AskedRRset[]; readonly madeBy: number },
): Promise<void> {
  for (let at = 0; at < rrsets.length; at += CHANGES_MAX) {
    const some = rrsets.slice(at, at + CHANGES_MAX);
    for (let i = 0; i < NOTING_MAX; i++) {
      const zone = zoneNow();
      if (zone instanceof Problem) return;
      const changes = some.filter((rrset) => isAsMade(parts, zone, rrset, madeBy)).map(asChange);
      if (changes.length === 0) break;
      const command = { kind: 'records.change', zone: shown(zone.name), changes } as const;
      const result = await run(parts, request, reply, command, { ifMatch: [zone.revision] });
      if (!(result instanceof Problem) || result.code !== 'revision_stale') break;
    }
  }
}

function isAsMade({ queries }: ApiParts, zone: Zone, { name, type }: AskedRRset, madeBy: number): boolean {
  const found = queries.rrsetsAt(zone.name, name).find((rrset) => rrset.type === type);
  return found?.revision === madeBy;
}
