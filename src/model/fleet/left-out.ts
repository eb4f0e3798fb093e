/**
 * Zones that a node leaves out of its table for want of room, and answers with SERVFAIL. It confirms the entries of the log
 * like everybody, since it answers from them in all other zones; so it says beside what it confirms which zones that does
 * not go for, and nobody is told that it answers there.
 */
import type { ModelChange } from '../revision.ts';
import type { Zone } from '../zone.ts';
import { encodeRecord, isText, isWhole, parseRecord, Unreadable } from './records.ts';

export interface LeftOut {
  /** Of the process that said it: nobody minds what one before it said. */
  readonly incarnation: string;
  /** Canonical names in order, as many as are told. */
  readonly zones: readonly string[];
  /** How many there are. */
  readonly count: number;
}

/** Each append reads them all: more zones than these are told of by their number. */
const TOLD_MAX_BYTES = 32 * 1024;
/** JSON escapes a byte of a name's text by two at most; then there is what is around the names. */
const RECORD_MAX_BYTES = 2 * TOLD_MAX_BYTES + 4096;

export function leftOutOf(incarnation: string, zones: Iterable<string>): LeftOut {
  const all = [...zones].sort();
  const told: string[] = [];
  let bytes = 0;
  for (const zone of all) {
    bytes += zone.length + '"",'.length;
    if (bytes > TOLD_MAX_BYTES) break;
    told.push(zone);
  }
  return { incarnation, zones: told, count: all.length };
}

export function encodeLeftOut({ incarnation, zones, count }: LeftOut): Uint8Array {
  return encodeRecord({ incarnation, zones, count });
}

export function parseLeftOut(value: Uint8Array): LeftOut | Unreadable {
  const record = parseRecord(value, RECORD_MAX_BYTES);
  if (record instanceof Unreadable) return record;
  const { incarnation, zones, count } = record;
  if (!isText(incarnation)) return new Unreadable('has no incarnation');
  const isWell = Array.isArray(zones) && zones.every((zone) => typeof zone === 'string');
  if (!isWell || !isWhole(count) || count < zones.length) return new Unreadable('does not name zones and their number');
  return { incarnation, zones, count };
}

export function isSame(one: LeftOut, other: LeftOut): boolean {
  return one.count === other.count && one.zones.join() === other.zones.join();
}

/**
 * Whether some of these zones are left out, or may be, and which ones are known to be. `zones`: undefined: it is not known
 * which ones a reply is about, so that any may be among them.
 */
export function amongLeftOut(
  { zones: told, count }: LeftOut,
  zones: readonly string[] | undefined,
): { readonly isAny: boolean; readonly named: readonly string[] } {
  const named = zones?.filter((zone) => told.includes(zone)) ?? [];
  const mayBe = zones === undefined ? count > 0 : count > told.length && zones.length > 0;
  return { isAny: named.length > 0 || mayBe, named };
}

/** A change of the model, wherever the records are that an import brings. */
type OfZone = Exclude<ModelChange, { op: 'importZone' }> | { readonly op: 'importZone'; readonly zone: Zone };

/** The zones whose answers changes are about, each once. */
export function zonesOf(changes: readonly OfZone[]): string[] {
  return [...new Set(changes.flatMap((change) => zoneOf(change) ?? []))];
}

export function zoneOf(change: OfZone): string | undefined {
  switch (change.op) {
    case 'putZone':
    case 'importZone':
      return change.zone.name;
    case 'putRRset':
      return change.rrset.zone;
    case 'putService':
      return change.service.zone;
    case 'putSigning':
      return change.signing.zone;
    case 'deleteRRset':
    case 'deleteService':
    case 'deleteSigning':
      return change.zone;
    default:
      // A zone that ends is left out no longer; and the rest is no part of any answer.
      return undefined;
  }
}
