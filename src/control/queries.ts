/** What is read, for each API to show in its own way: the nouns of the derived rows. Never touches the table. */
import { Problem } from '../model/errors.ts';
import { type AskedFilter, isLabelled, isNamed, isNarrow, makeFilter } from '../model/filter.ts';
import type { KeptAnalysis, KeptMetric } from '../model/kept-analysis.ts';
import { canonicalName } from '../model/name.ts';
import type { Release } from '../model/release.ts';
import type { Revision } from '../model/revision.ts';
import type { RRset } from '../model/rrset.ts';
import type { Service } from '../model/service.ts';
import type { StoredToken, TokenLimits } from '../model/token.ts';
import type { Webhook } from '../model/webhook.ts';
import type { Zone } from '../model/zone.ts';
import { shown } from '../shown.ts';
import type { Delivery } from '../store/deliveries.ts';
import type { Store } from '../store/sqlite.ts';
import { Malformed } from '../wire/malformed.ts';
import { parseType } from '../wire/rdata.ts';
import { Agreement } from './agreement.ts';
import { answeredBy } from './answered.ts';
import { type Declared, type Plan, planApply, type Rehearsing } from './apply/plan.ts';
import type { Command, CommandContext } from './commands/command.ts';
import { withForesight } from './drafts/foresight.ts';
import { findRelease, unknownRelease } from './drafts/releases.ts';
import { findRRsetId, missingRRset } from './drafts/rrsets.ts';
import { findService } from './drafts/services.ts';
import { unknownToken } from './drafts/tokens.ts';
import { unknownWebhook } from './drafts/webhooks.ts';
import { unknownZone } from './drafts/zones.ts';
import { Grant } from './grant.ts';
import { type Listing, narrowed, walk } from './listing.ts';
import { firstOf, rrsetName } from './names.ts';
import type { AnalysisProgress } from './observed/analysis.ts';
import { nothingObserved, type Observed } from './observed/observed.ts';
import { type ServiceHealth, serviceHealth } from './observed/service-health.ts';
import { type AskedProposal, type Proposal, proposal } from './proposal.ts';
import { type AskedRevisions, listRevisions, revisionsIn } from './revisions.ts';
import { type AskedReleases, type AskedTokens, isRelease, isToken, searchRRsets } from './search.ts';
import type { Sliced } from './slices.ts';
import { isGranted, type Touched } from './touched.ts';

export type { Delivery };

/** A release as one token sees it, with what this process knows of it. */
export interface ReleaseView {
  /** The part that is in reach. */
  readonly release: Release;
  /** Canonical name of the service under whose path it was asked for. */
  readonly service: string | undefined;
  /** How far the analysis is that it is in; undefined: it is in none. */
  readonly progress: AnalysisProgress | undefined;
}

/** Zones that /readyz names. */
const LEFT_OUT_NAMED_MAX = 5;

export class Queries {
  readonly agreement: Agreement;
  readonly #store: Store;
  readonly #observed: Observed;

  constructor(store: Store, observed: Partial<Observed> = {}) {
    this.#store = store;
    this.agreement = new Agreement(store);
    this.#observed = { ...nothingObserved, ...observed };
  }

  grant(limits: TokenLimits | undefined): Grant {
    return new Grant(this.#store, limits);
  }

  /** Whether what a request names is in reach; what is no name, or not there, is for others to refuse. */
  grants(grant: Grant, what: Touched): boolean {
    return isGranted(this.#store, grant, what);
  }

  /** What the command must know that takes long to find out; see foresight.ts. */
  foresee(command: Command, context: CommandContext): Sliced<Command> {
    return withForesight(this.#store, command, context);
  }

  zone(text: string): Zone | Problem {
    const name = canonicalName(text);
    if (name instanceof Problem) return name;
    return this.#store.zone(name) ?? unknownZone(name);
  }

  /** The zone that owns the name: the longest that holds it. */
  zoneOf(text: string): Zone | Problem {
    const name = canonicalName(text);
    if (name instanceof Problem) return name;
    const zone = this.#store.zoneOf(name);
    return zone ?? new Problem('name_outside_zones', `${shown(name)} is in no zone that is here.`);
  }

  /** In name order; `after` is a name as typed by a user. */
  zones(after: string | undefined, grant: Grant, asked: AskedFilter = {}): Listing<Zone> | Problem {
    const filter = makeFilter(asked);
    if (filter instanceof Problem) return filter;
    const start = after === undefined ? undefined : canonicalName(after);
    if (start instanceof Problem) return start;
    const listing: Listing<Zone> = {
      found: walk<Zone>((last) => this.#store.zones(last?.name ?? start, 1)),
      within: (zone) => (grant.zone(zone.name) ? zone : undefined),
      key: (zone) => shown(zone.name),
    };
    return narrowed(
      listing,
      isNarrow(filter),
      ({ name, labels }) => isNamed(filter, shown(name)) && isLabelled(filter, labels),
    );
  }

  rrset(zone: string, name: string, type: string): RRset | Problem {
    const id = findRRsetId(this.#store, { zone, name, type });
    if (id instanceof Problem) return id;
    return this.#store.rrset(id.zone.name, id.name, id.type) ?? missingRRset(this.#store, id);
  }

  /** In the order of name and type; `after` is `name/TYPE`, as `key` gave it. */
  rrsets(zoneText: string, after: string | undefined, grant: Grant, asked: AskedFilter = {}): Listing<RRset> | Problem {
    const filter = makeFilter(asked);
    if (filter instanceof Problem) return filter;
    const zone = canonicalName(zoneText);
    if (zone instanceof Problem) return zone;
    if (this.#store.zone(zone) === undefined) return unknownZone(zone);
    const start = after === undefined ? undefined : parseRRsetKey(after);
    if (start instanceof Problem) return start;
    if (isNarrow(filter) || grant.isOfRecords) return searchRRsets(this.#store, { zone, start, grant, filter });
    return {
      found: walk<RRset>((last) => this.#store.rrsets(zone, last ?? start, 1)),
      within: (rrset) => rrset,
      key: (rrset) => rrsetName(rrset.name, rrset.type),
    };
  }

  /** All that a zone answers, with what makes each; `after` as `key` gave it. */
  answered(zone: string, after: string | undefined, grant: Grant, asked: AskedFilter = {}) {
    return answeredBy(this.#store, zone, { after, grant, asked });
  }

  rrsetsAt(zone: string, name: string): RRset[] {
    return this.#store.rrsetsAt(zone, name);
  }
  service(text: string): Service | Problem {
    return findService(this.#store, text);
  }

  /** The service that the records at a name would make, or these targets would. */
  proposal(text: string, asked: AskedProposal, grant: Grant): Proposal | Problem {
    return proposal(this.#store, text, asked, grant);
  }

  /** What would have to be done so that all is as declared. */
  plan(engine: Rehearsing, declared: Declared, context: CommandContext, grant: Grant): Sliced<Plan | Problem> {
    return planApply(this.#store, engine, declared, context, grant);
  }

  /** In name order; `after` is a name as typed by a user. */
  services(after: string | undefined, grant: Grant, asked: AskedFilter = {}): Listing<Service> | Problem {
    const filter = makeFilter(asked);
    if (filter instanceof Problem) return filter;
    const start = after === undefined ? undefined : canonicalName(after);
    if (start instanceof Problem) return start;
    const listing: Listing<Service> = {
      found: walk<Service>((last) => this.#store.services(last?.name ?? start, 1)),
      within: (service) => (grant.service(service.name) ? service : undefined),
      key: (service) => shown(service.name),
    };
    return narrowed(
      listing,
      isNarrow(filter),
      ({ name, zone, labels }) =>
        isNamed(filter, shown(name)) && (filter.zone ?? zone) === zone && isLabelled(filter, labels),
    );
  }

  /** What is known of the health of a service now, here. */
  health(text: string): ServiceHealth | Problem {
    const service = findService(this.#store, text);
    return service instanceof Problem ? service : serviceHealth(service, this.#observed.health);
  }

  release(id: string, service: string | undefined, grant: Grant): ReleaseView | Problem {
    const found = findRelease(this.#store, id, service);
    if (found instanceof Problem) return found;
    const release = grant.release(found.release);
    if (release === undefined) return unknownRelease(id, 'in reach of this token');
    const view = { release, service: found.name, progress: this.#observed.analysisOf(release.id) };
    return release === found.release ? view : unsaid(view);
  }

  /** In number order, the oldest first; of one service, or of all. */
  releases(
    service: string | undefined,
    after: number,
    grant: Grant,
    asked: AskedReleases = {},
  ): Listing<Release> | Problem {
    const filter = makeFilter(asked);
    if (filter instanceof Problem) return filter;
    const matches = (release: Release): boolean => isRelease(this.#store, release, filter, asked.state);
    const isNarrowed = isNarrow(filter) || (asked.state !== undefined && asked.state !== 'active');
    // Few go on at once, and they are known by their state.
    if (asked.state === 'active' && service === undefined) {
      return narrowed(this.#activeReleases(after, grant), isNarrowed, matches);
    }
    const name = service === undefined ? undefined : canonicalName(service);
    if (name instanceof Problem) return name;
    const store = this.#store;
    const next = (number: number) =>
      name === undefined ? store.releases(number, 1) : store.releasesOf(name, number, 1);
    // A service that was deleted still has its releases.
    if (name !== undefined && next(after).length === 0 && store.service(name) === undefined) {
      return new Problem('service_unknown', `There is no service ${shown(name)} here.`);
    }
    const all = releasesIn(
      walk((last) => next(last === undefined ? after : Number(last.id))),
      grant,
    );
    return narrowed(all, isNarrowed || asked.state === 'active', matches);
  }

  /** Those that go on or are paused, in number order. */
  #activeReleases(after: number, grant: Grant): Listing<Release> {
    return releasesIn(
      this.#store.activeReleases().filter(({ id }) => Number(id) > after),
      grant,
    );
  }

  /** Revisions about one service, by number; `after` is exclusive, in the direction of the walk. */
  history(text: string, after: number | undefined, newestFirst: boolean, grant: Grant): Listing<Revision> | Problem {
    const name = canonicalName(text);
    if (name instanceof Problem) return name;
    const store = this.#store;
    const next = (number: number | undefined) =>
      newestFirst
        ? store.history('service', name, number ?? Number.MAX_SAFE_INTEGER, 1)
        : store.historyAfter('service', name, number ?? 0, 1);
    // A service that was deleted still has its history.
    if (after === undefined && next(after).length === 0) {
      return new Problem('service_unknown', `There is and was no service ${shown(name)} here.`);
    }
    return revisionsIn(
      walk((last) => next(last?.revision ?? after)),
      grant,
    );
  }

  /** The whole log; `after` as for `history`. */
  revisions(
    after: number | undefined,
    newestFirst: boolean,
    grant: Grant,
    asked: AskedRevisions = {},
  ): Listing<Revision> | Problem {
    return listRevisions(this.#store, grant, { after, newestFirst, asked });
  }

  webhook(name: string): Webhook | Problem {
    return this.#store.webhook(name) ?? unknownWebhook(name);
  }

  /** `after` is a name. */
  webhooks(after: string): Listing<Webhook> {
    const found = this.#store.webhooks().filter(({ name }) => name > after);
    return { found, within: (webhook) => webhook, key: ({ name }) => name };
  }

  /** What waits for a webhook or could not be delivered, the oldest first; `after` is a number as `key` gave it. */
  deliveries(name: string, state: Delivery['state'] | undefined, after: number): Listing<Delivery> | Problem {
    if (this.#store.webhook(name) === undefined) return unknownWebhook(name);
    const { deliveries } = this.#store;
    return {
      found: walk<Delivery>((last) => deliveries.list(name, state, last?.position ?? after, 1)),
      within: (delivery) => delivery,
      key: ({ position }) => String(position),
    };
  }

  token(name: string): StoredToken | Problem {
    return this.#store.tokens().find((token) => token.name === name) ?? unknownToken(name);
  }

  /** `after` is a name. */
  tokens(after: string, asked: AskedTokens = {}, atMs = 0): Listing<StoredToken> {
    const found = this.#store.tokens().filter((token) => token.name > after && isToken(token, asked, atMs));
    return { found, within: (token) => token, key: ({ name }) => name };
  }

  /**
   * What keeps the server from taking changes, or else from answering; undefined: nothing. A store that failed is tried again.
   */
  readiness(): Problem | undefined {
    this.#store.check();
    const failed = this.#store.failure === undefined ? undefined : this.#store.tryAgain();
    return failed ?? this.#missing() ?? this.#leftOut() ?? this.#observed.signingRefusal();
  }

  #missing(): Problem | undefined {
    const missing = this.#observed.missingWorkers();
    if (missing.length === 0) return undefined;
    const those = missing.length === 1 ? `Worker ${missing[0]} does` : `Workers ${missing.join(', ')} do`;
    return new Problem('workers_missing', `${those} not answer, and part of the queries with that; see the log.`);
  }

  /** Anybody may ask, and is told some names of zones. */
  #leftOut(): Problem | undefined {
    const zones = [...this.#observed.leftOut()];
    if (zones.length === 0) return undefined;
    const named = firstOf(zones.map(shown), LEFT_OUT_NAMED_MAX);
    const detail = `The table has no room for ${named}: queries there are answered with SERVFAIL, until something is free. Raise table.maxBytes and restart; the log says more.`;
    return new Problem('zones_left_out', detail);
  }
}

/** What was measured is said in words and numbers that may be of services out of reach. */
function unsaid({ release, progress, ...view }: ReleaseView): ReleaseView {
  const { analyses } = release;
  return {
    ...view,
    release: analyses === undefined ? release : { ...release, analyses: analyses.map(withoutWords) },
    progress: progress && {
      ...progress,
      metrics: progress.metrics.map((metric) => ({ ...metric, last: undefined })),
      measured: { ...progress.measured, metrics: progress.measured.metrics.map(withoutValues) },
    },
  };
}

function withoutWords(analysis: KeptAnalysis): KeptAnalysis {
  return { ...analysis, message: '', metrics: analysis.metrics.map(withoutValues) };
}

function withoutValues(metric: KeptMetric): KeptMetric {
  return { ...metric, latest: metric.latest.map(({ atMs, phase }) => ({ atMs, phase, message: '' })) };
}

function releasesIn(found: Iterable<Release>, grant: Grant): Listing<Release> {
  return { found, within: (release) => grant.release(release), key: ({ id }) => id };
}

function parseRRsetKey(text: string): { name: string; type: number } | Problem {
  const slash = text.lastIndexOf('/');
  const name = canonicalName(text.slice(0, Math.max(slash, 0)));
  const type = parseType(text.slice(slash + 1));
  if (slash >= 0 && typeof name === 'string' && !(type instanceof Malformed)) return { name, type };
  const detail = `after is a name and a type such as www.example.com/A, as \`next\` gave it, not ${JSON.stringify(text)}.`;
  return new Problem('query_invalid', detail);
}
