/** How far a token reaches: which services and zones it may see and change. */
import { Problem } from '../model/errors.ts';
import type { Freeze } from '../model/freeze.ts';
import type { ForcedHealth } from '../model/health-forced.ts';
import { canonicalName } from '../model/name.ts';
import { matchesAny } from '../model/name-pattern.ts';
import { matchesAllBelow, matchesAnyOwner } from '../model/owner-pattern.ts';
import { actorInWords } from '../model/person.ts';
import { previewNames } from '../model/preview.ts';
import type { Proposed } from '../model/proposed.ts';
import type { Release, ReleaseService } from '../model/release.ts';
import type { ModelChange, Revision, Subject } from '../model/revision.ts';
import type { Service } from '../model/service.ts';
import { limitsInWords, type TokenLimits } from '../model/token.ts';
import { shown } from '../shown.ts';
import type { Store } from '../store/sqlite.ts';
import { TYPE } from '../wire/constants.ts';
import { formatType } from '../wire/rdata.ts';
import type { Draft } from './drafts/draft.ts';
import { rrsetName } from './names.ts';

/** What a grant asks the store: which zone holds a name, or held it at a revision, and what a service is now. */
export type GrantStore = Pick<Store, 'zoneOf' | 'zoneAt' | 'service'>;

/** What stands at a name with one of these decides what is answered below it (RFC 1034 §4.2.1, RFC 6672 §2.3, RFC 4035 §2.4). */
const decidesBelow: ReadonlySet<number> = new Set([TYPE.NS, TYPE.DNAME, TYPE.DS]);

/** What is said in place of a sentence that names what is out of reach. */
const UNSAID = 'This token may not see all that it is about.';

/**
 * Names are canonical. What is there now belongs to the longest zone that holds its name now; what is told of a revision
 * belongs to the zone that held the name then, so that a zone's past is not for whoever has its name later.
 */
export class Grant {
  readonly #store: GrantStore;
  readonly #limits: TokenLimits | undefined;

  constructor(store: GrantStore, limits: TokenLimits | undefined) {
    this.#store = store;
    this.#limits = limits;
  }

  /** True where nothing is out of reach. */
  get isUnlimited(): boolean {
    return this.#limits === undefined;
  }

  /** `revision`: whether it was in reach then. */
  service(name: string, revision?: number): boolean {
    if (this.#limits === undefined) return true;
    return matchesAny(this.#limits.services, name) || this.#inZone(name, revision);
  }

  /** With all that is in it. */
  zone(name: string): boolean {
    return this.#limits === undefined || (this.#limits.records === undefined && matchesAny(this.#limits.zones, name));
  }

  /** Whether some of the zone's RRsets may be in reach. */
  recordsOf(zone: string): boolean {
    if (this.#limits?.records === undefined) return this.zone(zone);
    return this.#limits.zones.length === 0 || matchesAny(this.#limits.zones, zone);
  }

  rrset(zone: string, name: string, type: number): boolean {
    if (!this.recordsOf(zone)) return false;
    const { names, types } = this.#limits?.records ?? ANY_RECORDS;
    if (names.length > 0 && !matchesAnyOwner(names, name)) return false;
    return types.length === 0 || types.includes(formatType(type));
  }

  /** Whether the RRsets of a type at every name below are in reach, whatever names there will be. */
  allBelow(zone: string, name: string, type: number): boolean {
    if (!this.recordsOf(zone)) return false;
    const { names, types } = this.#limits?.records ?? ANY_RECORDS;
    if (names.length > 0 && !matchesAllBelow(names, name)) return false;
    return types.length === 0 || types.includes(formatType(type));
  }

  /** A freeze that may hold something in reach; the patterns of others are not to be told. */
  freeze({ services, zones }: Pick<Freeze, 'services' | 'zones'>): boolean {
    if (this.#limits === undefined || (services === undefined && zones === undefined)) return true;
    const patterns = [...(services ?? []), ...(zones ?? [])];
    const own = [...this.#limits.services, ...this.#limits.zones];
    return patterns.some((pattern) => matchesAny(own, pattern) || own.some((each) => matchesAny([pattern], each)));
  }

  /** True where only some RRsets of a zone are in reach, so that even the names of others are not to be told. */
  get isOfRecords(): boolean {
    return this.#limits?.records !== undefined;
  }

  /** The part of a release that is in reach, the same object where that is all of it; undefined: none of it. */
  release(release: Release): Release | undefined {
    const services = release.services.filter(({ name }) => this.service(name, release.revision));
    if (services.length === release.services.length) return release;
    if (services.length === 0) return undefined;
    // The message may name the rest, and what was measured of it; so may what was said of all.
    const { why: _why, ...rest } = release;
    return { ...rest, services, message: UNSAID };
  }

  /** The part of a revision that is in reach, the same object where that is all of it; undefined: none of it. */
  revision(revision: Revision): Revision | undefined {
    if (this.#limits === undefined) return revision;
    const subjects = revision.subjects.map((subject) => this.#subject(subject, revision.revision));
    const seen = subjects.filter((subject) => subject !== undefined);
    if (seen.length === 0) return undefined;
    if (subjects.every((subject, i) => subject === revision.subjects[i])) return revision;
    // The sentence in the log would name the rest, and what was said of all of it may.
    const names = seen.filter(({ kind }) => kind !== 'release').map(({ name }) => shown(name));
    const { reason: _reason, links: _links, ...rest } = revision;
    return {
      ...rest,
      subjects: seen,
      summary: `${revision.kind}: ${names.join(', ')}, and what this token may not see`,
    };
  }

  /** Refuses a draft that changes anything out of reach. */
  checkDraft(draft: Pick<Draft, 'subjects' | 'changes' | 'hidesNamesOf'>, token: string): Problem | undefined {
    if (this.#limits === undefined) return undefined;
    const { subjects, changes, hidesNamesOf } = draft;
    const zones = new Set(subjects.filter(({ kind }) => kind === 'zone').map(({ name }) => name));
    const outside = changes.flatMap((change) => this.#outside(change, zones));
    if (hidesNamesOf !== undefined && !this.zone(hidesNamesOf))
      outside.push(`names of the zone ${shown(hidesNamesOf)}`);
    if (outside[0] === undefined) return undefined;
    const to = this.isOfRecords ? ` to ${limitsInWords({ limits: this.#limits })}` : '';
    const detail = `${actorInWords(token).replaceAll('`', '')} is limited${to}, and this would also change ${outside[0]}.`;
    return new Problem('token_forbidden', detail);
  }

  /** What a change touches that is out of reach. `zones`: those that the draft is about, not those whose serial it raises. */
  #outside(change: ModelChange, zones: ReadonlySet<string>): string[] {
    const zone = (name: string): string[] => (this.zone(name) ? [] : [`the zone ${shown(name)}`]);
    const service = (name: string): string[] => (this.service(name) ? [] : [`the service ${shown(name)}`]);
    switch (change.op) {
      case 'putZone':
        return zones.has(change.zone.name) ? zone(change.zone.name) : [];
      case 'importZone':
        return zone(change.zone.name);
      case 'deleteZone':
        return zone(change.zone);
      case 'putRRset':
        return this.#outsideRRset(change.rrset);
      case 'deleteRRset':
        return this.#outsideRRset(change);
      case 'putService':
        return [...service(change.service.name), ...this.#outsidePreviews(change.service)];
      case 'deleteService':
        return service(change.name);
      case 'putRelease':
        return change.release.services.flatMap(({ name }) => service(name));
      case 'putToken':
        return [`the token ${change.token.name}`];
      case 'deleteToken':
        return [`the token ${change.name}`];
      case 'putWebhook':
        return [`the webhook ${change.webhook.name}`];
      case 'deleteWebhook':
        return [`the webhook ${change.name}`];
      case 'putProposal':
        return change.proposal.services.flatMap(({ name }) => service(name));
      case 'putFreeze':
        return [`the freeze ${change.freeze.name}`];
      case 'deleteFreeze':
        return [`the freeze ${change.name}`];
      case 'putSigning':
        return zone(change.signing.zone);
      case 'deleteSigning':
        return zone(change.zone);
    }
  }

  #outsideRRset({
    zone,
    name,
    type,
  }: {
    readonly zone: string;
    readonly name: string;
    readonly type: number;
  }): string[] {
    if (this.#limits?.records === undefined) return this.zone(zone) ? [] : [`the zone ${shown(zone)}`];
    if (!this.rrset(zone, name, type)) return [`the RRset ${rrsetName(name, type)}`];
    const { names } = this.#limits.records;
    if (!decidesBelow.has(type) || names.length === 0 || matchesAllBelow(names, name)) return [];
    return [`what is answered below ${shown(name)}, since ${formatType(type)} stands for all names there`];
  }

  /**
   * The preview names out of reach that a service gets by a change. A pool's name is chosen by whoever writes the service,
   * so that without this `a.example` could answer `login.a.example`. Those that it had stay, whoever changes the rest.
   */
  #outsidePreviews(service: Service): string[] {
    if (this.zone(service.zone)) return [];
    const before = this.#store.service(service.name);
    const had = before === undefined ? new Map() : previewNames(before);
    const fresh = [...previewNames(service).keys()].filter((name) => !had.has(name) && !this.service(name));
    const why = `a preview name of ${shown(service.name)}; with "previewNames": false it has none`;
    return fresh.map((name) => `what ${shown(name)} answers, ${why}`);
  }

  /** The part of a subject that is in reach; `revision`: of which it is one. */
  #subject(subject: Subject, revision: number): Subject | undefined {
    switch (subject.kind) {
      case 'service':
        return this.service(subject.name, revision) ? subject : undefined;
      case 'zone':
      case 'dnssec':
        return this.zone(subject.name) ? subject : undefined;
      case 'rrset':
        return this.#inZone(subject.name.replace(/\.?\/[^/]*$/, ''), revision) ? subject : undefined;
      case 'health':
        return this.service(healthService(subject), revision) ? subject : undefined;
      case 'release':
        return this.#releaseSubject(subject, revision);
      case 'proposal':
        return this.#proposalSubject(subject) ? subject : undefined;
      case 'token':
      case 'webhook':
      case 'freeze':
        return undefined;
    }
  }

  /** What is proposed is one thing: who may not see all of it sees none. */
  proposal({ services }: Pick<Proposed, 'services'>): boolean {
    return services.every(({ name }) => this.service(name));
  }

  #proposalSubject({ before, after }: Subject): boolean {
    if (after === null && before === null) return false;
    const { services } = (after ?? before) as { readonly services: Readonly<Record<string, number>> };
    return Object.keys(services).every((name) => this.service(canonicalName(name) as string));
  }

  /** Before and after of a release both list its services. */
  #releaseSubject(subject: Subject, revision: number): Subject | undefined {
    // What is no longer kept does not say whose it was; the services are subjects of their own.
    if (subject.after === null) return undefined;
    const { services } = subject.after as { services: readonly ReleaseService[] };
    const seen = services.filter(({ name }) => this.service(name, revision));
    if (seen.length === services.length) return subject;
    if (seen.length === 0) return undefined;
    const trimmed = (progress: unknown): unknown => {
      if (progress === null) return null;
      const all = (progress as { services: readonly ReleaseService[] }).services;
      const services = all.filter(({ name }) => this.service(name, revision));
      const { why: _why, ...rest } = progress as Partial<Release>;
      return { ...rest, services, message: UNSAID };
    };
    return { ...subject, before: trimmed(subject.before), after: trimmed(subject.after) };
  }

  #inZone(name: string, revision: number | undefined): boolean {
    if (this.#limits === undefined || this.#limits.zones.length === 0) return false;
    const zone = revision === undefined ? this.#store.zoneOf(name)?.name : this.#store.zoneAt(name, revision);
    return zone !== undefined && this.zone(zone);
  }
}

const ANY_RECORDS = { names: [], types: [] } as const;

/** The service whose health it is; a name may have a slash in it, so what follows it is taken off. */
function healthService({ name, before, after }: Subject): string {
  const { pool, target } = (after ?? before) as ForcedHealth;
  const rest = target === undefined ? `/${pool}` : `/${pool}/${target}`;
  return name.slice(0, -rest.length);
}
