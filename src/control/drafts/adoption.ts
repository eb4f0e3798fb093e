/** Drafts of what a service takes the place of, and of what it leaves where it goes. */
import {
  adoptedTypes,
  checkReplaced,
  completeBody,
  recordsOf,
  targetsOf,
  type WrittenServiceBody,
} from '../../model/adoption.ts';
import { withHeldRecords } from '../../model/drain.ts';
import { Problem } from '../../model/errors.ts';
import type { ModelChange, Subject } from '../../model/revision.ts';
import { type RRset, rrsetBody } from '../../model/rrset.ts';
import type { Service, ServiceBody } from '../../model/service.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { formatType } from '../../wire/rdata.ts';
import { rrsetName } from '../names.ts';
import type { Draft } from './draft.ts';

/** The A, AAAA or CNAME records at a name of a zone. */
export function adoptable(store: Pick<Store, 'rrsetsAt'>, zone: string, name: string): RRset[] {
  return store.rrsetsAt(zone, name).filter(({ type }) => adoptedTypes.has(type));
}

/** What a written body comes to: the whole body, and the records that the service takes the place of. */
export function settleBody(
  store: Pick<Store, 'rrsetsAt'>,
  place: { zone: string; name: string },
  written: WrittenServiceBody,
  before: Service | undefined,
): { body: ServiceBody; replaced: readonly RRset[] } | Problem {
  const { replace = false } = written;
  const replaced = replace === false ? [] : adoptable(store, place.zone, place.name);
  const stale = checkReplaced(shown(place.name), replace, replaced);
  if (stale !== undefined) return stale;
  const body = completeBody(written, replaced, before);
  return body instanceof Problem ? body : { body, replaced };
}

/** The service as it is once it has taken the place of records: caches hold them for a while, as answers of its pools. */
export function inPlaceOf(service: Service, replaced: readonly RRset[], atMs: number): Service {
  if (replaced.length === 0) return service;
  const ttlSeconds = Math.max(...replaced.map((rrset) => rrset.ttlSeconds));
  return withHeldRecords(service, { targets: targetsOf(replaced), ttlSeconds }, atMs);
}

/** What is said and done of the records that go. The service is put first, so that its name is never without either. */
export function withoutRecords(replaced: readonly RRset[]): Pick<Draft, 'subjects' | 'changes'> {
  return {
    subjects: replaced.map((rrset) => recordSubject(rrset, 'before')),
    changes: replaced.map(({ zone, name, type }): ModelChange => ({ op: 'deleteRRset', zone, name, type })),
  };
}

/** What is said and done of the records that a pool leaves. */
export function leaveRecords(
  service: Service,
  leave: string | undefined,
  revision: number,
): (Pick<Draft, 'subjects' | 'changes'> & { readonly note: string }) | Problem {
  if (leave === undefined) return { subjects: [], changes: [], note: '' };
  const pool = service.pools.find(({ name }) => name === leave);
  if (pool === undefined) {
    const pools = service.pools.map(({ name }) => name).join(', ');
    const detail = `The service ${shown(service.name)} has no pool ${JSON.stringify(leave)} to leave; its pools are ${pools}.`;
    return new Problem('pool_unknown', detail);
  }
  const records = recordsOf(service, pool, revision);
  return {
    subjects: records.map((rrset) => recordSubject(rrset, 'after')),
    changes: records.map((rrset): ModelChange => ({ op: 'putRRset', rrset })),
    note: `, and left the ${typesOf(records)} of its pool ${leave}`,
  };
}

/** `A and AAAA records`. */
export function typesOf(records: readonly RRset[]): string {
  const types = records.map(({ type }) => formatType(type)).join(' and ');
  return `${types} ${records.length === 1 && records[0].rdata.length === 1 ? 'record' : 'records'}`;
}

function recordSubject(rrset: RRset, when: 'before' | 'after'): Subject {
  const name = rrsetName(rrset.name, rrset.type);
  return { kind: 'rrset', name, before: null, after: null, [when]: rrsetBody(rrset) };
}
