/**
 * What nobody knows of a service's name: records that an import replaced, or that went with a zone, before the service was
 * made. The log names those by a hash of all of them, and resolvers may still hold answers that led to a pool's targets.
 */
import { COMMIT_MAX_SECONDS } from '../../model/drain.ts';
import { suffixesOf } from '../../model/name.ts';
import { timeOfDay } from '../../model/time-of-day.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { CLOCKS_DIFFER_MS } from '../clock.ts';

/** What TTL they had is not known either: resolvers keep nothing for longer than a week (RFC 8767 §4). */
const KEPT_MAX_SECONDS = 7 * 24 * 60 * 60;

export interface UnknownRecords {
  /** Canonical name. */
  readonly zone: string;
  /** Of the import, or of the end of the zone. */
  readonly revision: number;
  /** Unix time, milliseconds: until then resolvers may hold them. */
  readonly untilMs: number;
}

/** The last of them that may still be held; undefined: there are none. `service`: canonical name. */
export function unknownRecordsOf(
  store: Pick<Store, 'revisionBefore' | 'madeAfter' | 'recordsTaken'>,
  service: string,
  nowMs: number,
): UnknownRecords | undefined {
  const heldMs = (COMMIT_MAX_SECONDS + KEPT_MAX_SECONDS) * 1000;
  const after = store.revisionBefore(nowMs - heldMs - CLOCKS_DIFFER_MS);
  const upTo = store.madeAfter('service', service, after);
  // Whatever was taken before it was made was taken before that.
  if (upTo === undefined) return undefined;
  const taken = suffixesOf(service).flatMap((zone): UnknownRecords[] => {
    const last = store.recordsTaken(zone, { after, upTo });
    if (last === undefined) return [];
    const untilMs = last.atMs + heldMs;
    return untilMs > nowMs ? [{ zone, revision: last.revision, untilMs }] : [];
  });
  return taken.sort((one, other) => other.untilMs - one.untilMs)[0];
}

/** As the report's sentence goes on. */
export function unknownWords(unknown: UnknownRecords | undefined, nowMs: number): string {
  if (unknown === undefined) return '';
  const { zone, revision, untilMs } = unknown;
  return `; records that revision ${revision} took out of the zone ${shown(zone)} as a whole, before the service was made, are not known of: where one led to a target of a pool, resolvers may hold it for as long as its TTL said (${timeOfDay(untilMs, nowMs)} at the latest)`;
}
