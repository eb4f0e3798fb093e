/** The service that the records at a name would make: proposed by the server, so that whoever asks is told the same. */
import { propose, proposeFrom, targetsOf, type WrittenServiceBody } from '../model/adoption.ts';
import { Problem } from '../model/errors.ts';
import { canonicalName } from '../model/name.ts';
import type { RRset } from '../model/rrset.ts';
import { makeService, SERVICE_TTL_DEFAULT_SECONDS } from '../model/service.ts';
import { shown } from '../shown.ts';
import type { Store } from '../store/sqlite.ts';
import { TYPE } from '../wire/constants.ts';
import { formatType } from '../wire/rdata.ts';
import { adoptable, typesOf } from './drafts/adoption.ts';
import type { Grant } from './grant.ts';

/** Without targets those of the records at the name. */
export interface AskedProposal {
  /** With commas between them. */
  readonly targets?: string;
  readonly ttlSeconds?: number;
}

export interface Proposal {
  /** Canonical name. */
  readonly name: string;
  /** Canonical name. */
  readonly zone: string;
  /** To be put as it is. */
  readonly body: WrittenServiceBody;
  /** The records whose place it would take. */
  readonly replaces: readonly RRset[];
  /** So long caches may hold them. */
  readonly heldSeconds: number;
  /** A sentence for people. */
  readonly message: string;
}

/** It is only asked whether it could be made. */
const NO_SALT = '0'.repeat(32);

export function proposal(
  store: Pick<Store, 'service' | 'zoneOf' | 'rrsetsAt'>,
  text: string,
  { targets, ttlSeconds }: AskedProposal,
  grant: Pick<Grant, 'zone'>,
): Proposal | Problem {
  const name = canonicalName(text);
  if (name instanceof Problem) return name;
  if (store.service(name) !== undefined) {
    return new Problem('service_conflict', `${shown(name)} is a service already.`, { conflict: shown(name) });
  }
  const zone = store.zoneOf(name);
  if (zone === undefined) {
    return new Problem('name_outside_zones', `${shown(name)} is in no zone of this server; make the zone first.`);
  }
  if (!grant.zone(zone.name)) {
    const detail = `The records at ${shown(name)} are those of the zone ${shown(zone.name)}, which is not in reach of this token.`;
    return new Problem('token_forbidden', detail);
  }
  const records = adoptable(store, zone.name, name);
  if (records.length === 0 && targets === undefined) {
    return new Problem(
      'rrset_unknown',
      `There are no A, AAAA or CNAME records at ${shown(name)} to make a service of.`,
    );
  }
  const given = targets?.split(',').map((target) => target.trim());
  const proposed =
    given === undefined ? proposeFrom(records) : propose(given, ttlSeconds ?? SERVICE_TTL_DEFAULT_SECONDS);
  const made = makeService({ name, zone: zone.name, salt: NO_SALT }, proposed, undefined, 0);
  if (made instanceof Problem) return made;
  const replace = Object.fromEntries(records.map(({ type, revision }) => [formatType(type), revision]));
  const heldSeconds = Math.max(0, ...records.map((rrset) => rrset.ttlSeconds));
  return {
    name,
    zone: zone.name,
    body: { ...(records.length > 0 && { replace }), ...proposed },
    replaces: records,
    heldSeconds,
    message: messageOf(shown(name), records, made.pools[0].targets, heldSeconds),
  };
}

function messageOf(name: string, records: readonly RRset[], targets: readonly string[], heldSeconds: number): string {
  const list = targets.join(' ');
  if (records.length === 0) return `Nothing answers at ${name} here yet; as a service it answers ${list}.`;
  const own = targetsOf(records);
  const isSame = own.length === targets.length && own.every((target) => targets.includes(target));
  const then = isSame
    ? 'as a service it answers the same until its weights or targets change'
    : `as a service it answers ${list}, which is not what they lead to (${own.join(' ')})`;
  return `${name} has ${withArticle(records)} now; ${then}. Caches may hold the records for up to ${heldSeconds} s.`;
}

/** `an A record`, `A and AAAA records`. */
function withArticle(records: readonly RRset[]): string {
  const isOne = records.length === 1 && records[0].rdata.length === 1;
  if (!isOne) return typesOf(records);
  return `${records[0].type === TYPE.CNAME ? 'a' : 'an'} ${typesOf(records)}`;
}
