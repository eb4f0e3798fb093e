/** The nouns as the store has them now. */
import type { Database } from 'better-sqlite3';
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import type { Freeze } from '../model/freeze.ts';
import { isAtOrBelow, suffixesOf } from '../model/name.ts';
import type { Proposed } from '../model/proposed.ts';
import type { Release } from '../model/release.ts';
import type { RRset } from '../model/rrset.ts';
import type { Service } from '../model/service.ts';
import type { StoredToken } from '../model/token.ts';
import type { StoredWebhook } from '../model/webhook.ts';
import type { Zone } from '../model/zone.ts';
import { FIRST_KEY, type RRsetKey } from './blocks.ts';
import { Condition } from './condition.ts';
import { type ContentPlace, ContentReads, type ContentWalk } from './content-reads.ts';
import type { StagedRecords } from './derived.ts';
import { makeStatements, type Statements } from './statements.ts';

/** RRsets of a zone that one look for names goes through: a few milliseconds. */
export const RRSETS_LOOKED_AT = 10_000;

export class NounReads {
  protected readonly statements: Statements;
  protected readonly condition = new Condition();
  protected readonly contents: ContentReads;

  protected constructor(database: Database) {
    this.statements = makeStatements(database);
    this.contents = new ContentReads(database);
  }

  /** Every read goes through here, so that it is known whether the store can be read. */
  protected read<Result>(what: string, work: () => Result): Result {
    return this.condition.read(what, work);
  }

  /** All tokens in the order of their names. */
  tokens(): StoredToken[] {
    return this.read('tokens', () => {
      const rows = this.statements.tokens.all() as { digest: Uint8Array; body: string }[];
      return rows.map(({ digest, body }) => ({ ...(JSON.parse(body) as Omit<StoredToken, 'digest'>), digest }));
    });
  }

  /** All webhooks in the order of their names. */
  webhooks(): StoredWebhook[] {
    return this.read('webhooks', () => this.statements.webhooks.all().map(toWebhook));
  }

  webhook(name: string): StoredWebhook | undefined {
    return this.read('webhook', () => {
      const row = this.statements.webhook.get(name);
      return row === undefined ? undefined : toWebhook(row);
    });
  }

  #contentOf(zone: string): number | undefined {
    return (this.statements.contentOf.get(zone) as { content: number } | undefined)?.content;
  }

  /** The types that staged records have at a name. */
  stagedTypesAt(records: StagedRecords, name: string): number[] {
    return this.read('stagedTypesAt', () => {
      if (typeof records !== 'number') return records.filter((rrset) => rrset.name === name).map(({ type }) => type);
      return this.contents.typesAt(records, name);
    });
  }

  zone(name: string): Zone | undefined {
    return this.read('zone', () => parsed<Zone>(this.statements.zone.get(name)));
  }

  /** The zone that owns a name: the longest that the name is at or below. */
  zoneOf(name: string): Zone | undefined {
    for (const suffix of suffixesOf(name)) {
      const zone = this.zone(suffix);
      if (zone !== undefined) return zone;
    }
    return undefined;
  }

  /** Zones in name order, after a name (exclusive). */
  zones(after: string | undefined, limit: number): Zone[] {
    return this.read('zones', () => {
      const rows =
        after === undefined ? this.statements.zonesFirst.all(limit) : this.statements.zonesAfter.all(after, limit);
      return rows.map((row) => parsed<Zone>(row) as Zone);
    });
  }

  /** How a zone is signed; undefined: it is not. */
  signing(zone: string): ZoneSigning | undefined {
    return this.read('signing', () => parsed<ZoneSigning>(this.statements.signing.get(zone)));
  }

  /** In the order of their zones' names. */
  allSignings(): ZoneSigning[] {
    return this.read('allSignings', () =>
      this.statements.allSignings.all().map((row) => parsed<ZoneSigning>(row) as ZoneSigning),
    );
  }

  freeze(name: string): Freeze | undefined {
    return this.read('freeze', () => parsed<Freeze>(this.statements.freeze.get(name)));
  }

  /** All freezes in the order of their names. */
  freezes(): Freeze[] {
    return this.read('freezes', () => this.statements.freezes.all().map((row) => parsed<Freeze>(row) as Freeze));
  }

  proposal(id: string): Proposed | undefined {
    return this.read('proposal', () => parsed<Proposed>(this.statements.proposal.get(id)));
  }

  /** Proposals in number order, after an id (exclusive). */
  proposals(after: number, limit: number): Proposed[] {
    return this.read('proposals', () =>
      this.statements.proposalsAfter.all(after, limit).map((row) => parsed<Proposed>(row) as Proposed),
    );
  }

  /** Those that may still be carried out, in number order. */
  openProposals(): Proposed[] {
    return this.read('openProposals', () =>
      this.statements.openProposals.all().map((row) => parsed<Proposed>(row) as Proposed),
    );
  }

  /** The longest TTL of anything that a zone answers, seconds. A million RRsets take a tenth of a second. */
  maxTtlOf(name: string): number {
    const zone = this.zone(name);
    if (zone === undefined) return 0;
    const ttl = this.read('maxTtlOf', () => {
      const content = this.#contentOf(name);
      return content === undefined ? 0 : this.contents.maxTtlOf(content);
    });
    const services = this.servicesIn(name).map(({ ttlSeconds }) => ttlSeconds);
    const { ttlSeconds, nameserversTtlSeconds, negativeTtlSeconds } = zone;
    return services.reduce(
      (most, each) => Math.max(most, each),
      Math.max(ttl, ttlSeconds, nameserversTtlSeconds, negativeTtlSeconds),
    );
  }

  rrset(zone: string, name: string, type: number): RRset | undefined {
    return this.read('rrset', () => {
      const place = this.contents.placeOf(zone);
      return place && this.contents.rrset(place, name, type);
    });
  }

  /** All RRsets of one name. */
  rrsetsAt(zone: string, name: string): RRset[] {
    return this.read('rrsetsAt', () => {
      const place = this.contents.placeOf(zone);
      return place === undefined ? [] : this.contents.rrsetsAt(place, name);
    });
  }

  /** RRsets of a zone by name and type, after one of them (exclusive). */
  rrsets(zone: string, after: { name: string; type: number } | undefined, limit: number): RRset[] {
    return this.read('rrsets', () => this.#walked(zone, after, limit, (walk, place) => walk.rrset(place)));
  }

  /** What a search looks at, and costs little to read: of the RRsets of a zone after one of them (exclusive). */
  rrsetKeys(zone: string, after: RRsetKey | undefined, limit: number): (RRsetKey & { readonly isLabelled: boolean })[] {
    return this.read('rrsetKeys', () =>
      this.#walked(zone, after, limit, ({ name, type, isLabelled }) => ({ name, type, isLabelled })),
    );
  }

  /** Those of the first `looked` RRsets of a zone that are of these types. */
  rrsetsOfTypes(zone: string, types: readonly number[], looked: number): RRset[] {
    return this.read('rrsetsOfTypes', () => {
      const found = this.#walked(zone, undefined, looked, (walk, place) =>
        types.includes(walk.type) ? walk.rrset(place) : undefined,
      );
      return found.filter((rrset) => rrset !== undefined);
    });
  }

  /** What is made of the first `limit` RRsets after one. */
  #walked<Made>(
    zone: string,
    after: RRsetKey | undefined,
    limit: number,
    make: (walk: ContentWalk, place: ContentPlace) => Made,
  ): Made[] {
    const made: Made[] = [];
    const place = this.contents.placeOf(zone);
    if (place === undefined) return made;
    const walk = this.contents.walk(place.content, after);
    while (made.length < limit && walk.next()) made.push(make(walk, place));
    return made;
  }

  /**
   * Some RRset of a zone below a name, of those that are meant. Names are in the order of their text, so that it may be
   * anywhere: of those after `after` the next few thousand are looked at, up to `last` where there are more.
   */
  rrsetBelow(
    zone: string,
    name: string,
    isMeant: (rrset: RRsetKey) => boolean,
    after: RRsetKey = FIRST_KEY,
  ): { readonly found?: RRsetKey; readonly last?: RRsetKey } {
    return this.read('rrsetBelow', () => {
      const place = this.contents.placeOf(zone);
      if (place === undefined) return {};
      const walk = this.contents.walk(place.content, after);
      const suffix = name === '' ? '' : `.${name}`;
      for (let looked = 1; walk.next(); looked++) {
        const found = { name: walk.name, type: walk.type };
        // The dot before it may be one within a label.
        const isBelow = found.name.endsWith(suffix) && found.name !== name && isAtOrBelow(found.name, name);
        if (isBelow && isMeant(found)) return { found };
        if (looked === RRSETS_LOOKED_AT) return { last: found };
      }
      return {};
    });
  }

  /** Names the content of a zone: an import brings another one. */
  contentOf(zone: string): number | undefined {
    return this.read('contentOf', () => this.#contentOf(zone));
  }

  service(name: string): Service | undefined {
    return this.read('service', () => parsed<Service>(this.statements.service.get(name)));
  }

  services(after: string | undefined, limit: number): Service[] {
    return this.read('services', () =>
      this.statements.servicesAfter.all(after ?? '', limit).map((row) => parsed<Service>(row) as Service),
    );
  }

  servicesIn(zone: string): Service[] {
    return this.read('servicesIn', () =>
      this.statements.servicesIn.all(zone).map((row) => parsed<Service>(row) as Service),
    );
  }

  /** Some of them, after a name (exclusive). */
  servicesInAfter(zone: string, after: string, limit: number): Service[] {
    return this.read('servicesInAfter', () =>
      this.statements.servicesInAfter.all(zone, after, limit).map((row) => parsed<Service>(row) as Service),
    );
  }

  /** Their names alone: for who reads thousands of them a few at a time. */
  serviceNamesIn(zone: string): string[] {
    return this.read('serviceNamesIn', () =>
      (this.statements.serviceNamesIn.all(zone) as { name: string }[]).map(({ name }) => name),
    );
  }

  release(id: string): Release | undefined {
    return this.read('release', () => parsed<Release>(this.statements.release.get(id)));
  }

  /** Releases in number order, after an id (exclusive). */
  releases(after: number, limit: number): Release[] {
    return this.read('releases', () =>
      this.statements.releasesAfter.all(after, limit).map((row) => parsed<Release>(row) as Release),
    );
  }

  /** The same of one service. */
  releasesOf(service: string, after: number, limit: number): Release[] {
    return this.read('releasesOf', () =>
      this.statements.releasesOf.all(service, after, limit).map((row) => parsed<Release>(row) as Release),
    );
  }

  activeReleases(): Release[] {
    return this.read('activeReleases', () =>
      this.statements.activeReleases.all().map((row) => parsed<Release>(row) as Release),
    );
  }

  activeReleaseOf(service: string): Release | undefined {
    return this.read('activeReleaseOf', () => parsed<Release>(this.statements.activeReleaseOf.get(service)));
  }

  /** The first of the zone's services that a release moves; none: []. */
  releasingIn(zone: string): string[] {
    return this.read('releasingIn', () =>
      (this.statements.releasingIn.all(zone) as { name: string }[]).map(({ name }) => name),
    );
  }

  lastReleaseOf(service: string): Release | undefined {
    return parsed<Release>(this.statements.lastReleaseOf.get(service));
  }

  get zoneCount(): number {
    return this.read('zoneCount', () => (this.statements.zoneCount.get() as { zones: number }).zones);
  }

  allZones(): Zone[] {
    return this.read('allZones', () => this.statements.allZones.all().map((row) => parsed<Zone>(row) as Zone));
  }

  allServices(): Service[] {
    return this.read('allServices', () =>
      this.statements.allServices.all().map((row) => parsed<Service>(row) as Service),
    );
  }

  /** Every RRset of a zone, without holding them all at once. Nothing should be written meanwhile. */
  *rrsetsOf(zone: string): Generator<RRset> {
    const place = this.read('rrsetsOf', () => this.contents.placeOf(zone));
    if (place === undefined) return;
    const walk = this.contents.walk(place.content);
    for (;;) {
      const rrset = this.read('rrsetsOf', () => (walk.next() ? walk.rrset(place) : undefined));
      if (rrset === undefined) return;
      yield rrset;
    }
  }
}

function toWebhook(row: unknown): StoredWebhook {
  const { secret, body } = row as { secret: string; body: string };
  return { ...(JSON.parse(body) as Omit<StoredWebhook, 'secret'>), secret };
}

function parsed<Noun>(row: unknown): Noun | undefined {
  return row === undefined ? undefined : (JSON.parse((row as { body: string }).body) as Noun);
}
