/** What the admin API reads: the derived rows as the bodies of the API contract. Never touches the table. */
import { Problem } from '../model/errors.ts';
import { canonicalName } from '../model/name.ts';
import type { Release } from '../model/release.ts';
import type { Revision } from '../model/revision.ts';
import type { RRset } from '../model/rrset.ts';
import type { Service } from '../model/service.ts';
import type { TokenLimits } from '../model/token.ts';
import type { Zone } from '../model/zone.ts';
import type { Delivery } from '../store/deliveries.ts';
import type { Store } from '../store/sqlite.ts';
import { Malformed } from '../wire/malformed.ts';
import { parseType } from '../wire/rdata.ts';
import type { Command, CommandContext } from './commands/command.ts';
import { withForesight } from './drafts/foresight.ts';
import { findRelease, unknownRelease } from './drafts/releases.ts';
import { findPlace, missingRRset } from './drafts/rrsets.ts';
import { findService } from './drafts/services.ts';
import { unknownWebhook } from './drafts/webhooks.ts';
import { unknownZone } from './drafts/zones.ts';
import { Grant } from './grant.ts';
import { label, shown } from './names.ts';
import type { AnalysisProgress } from './observed/analysis.ts';
import type { HealthView } from './observed/health.ts';
import { type Page, page, walk } from './page.ts';
import { type AskedProposal, proposal } from './proposal.ts';
import { analysesReply } from './replies/analyses.ts';
import { deliveryReply } from './replies/delivery.ts';
import { healthReply } from './replies/health.ts';
import { analysisReply, releaseReply } from './replies/releases.ts';
import { revisionReply } from './replies/revision.ts';
import { rrsetReply } from './replies/rrsets.ts';
import { serviceReply, weightsReply } from './replies/services.ts';
import { tokenReply } from './replies/tokens.ts';
import { webhookReply } from './replies/webhooks.ts';
import { zoneReply } from './replies/zones.ts';
import type { Sliced } from './slices.ts';

/** One resource: its body, and the last revision that changed it (its ETag). */
export interface Resource {
  readonly revision: number;
  readonly body: unknown;
  /** True where the body also says what is observed, which changes without a revision. */
  readonly isLive?: boolean;
}

/** What this process observes, and no revision says. */
export interface Observed {
  /** How far the analysis is that a release is in; undefined where it is in none. */
  analysisOf(release: string): AnalysisProgress | undefined;
  readonly health: HealthView;
  /** Workers that do not answer at the moment. */
  missingWorkers(): readonly number[];
}

const nothingObserved: Observed = {
  analysisOf: () => undefined,
  health: { target: () => undefined, forced: ({ forced = [] }) => forced },
  missingWorkers: () => [],
};

export class Queries {
  readonly #store: Store;
  readonly #observed: Observed;

  constructor(store: Store, observed: Partial<Observed> = {}) {
    this.#store = store;
    this.#observed = { ...nothingObserved, ...observed };
  }

  grant(limits: TokenLimits | undefined): Grant {
    return new Grant(this.#store, limits);
  }

  /** Whether what a request names is in reach; what is no name, or not there, is for others to refuse. */
  grants(grant: Grant, what: { service: string } | { zone: string } | { release: string }): boolean {
    if ('release' in what) {
      const found = findRelease(this.#store, what.release, undefined);
      return found instanceof Problem || grant.release(found.release) === found.release;
    }
    const name = canonicalName('zone' in what ? what.zone : what.service);
    if (name instanceof Problem) return true;
    return 'zone' in what ? grant.zone(name) : grant.service(name);
  }

  /** What the command must know that takes long to find out; see foresight.ts. */
  foresee(command: Command, context: CommandContext): Sliced<Command> {
    return withForesight(this.#store, command, context);
  }

  zone(text: string): Resource | Problem {
    const name = canonicalName(text);
    if (name instanceof Problem) return name;
    const zone = this.#store.zone(name);
    return zone === undefined ? unknownZone(name) : { revision: zone.revision, body: zoneReply(zone) };
  }

  zones(after: string | undefined, limit: number, grant: Grant): Page | Problem {
    const start = after === undefined ? undefined : canonicalName(after);
    if (start instanceof Problem) return start;
    const found = walk<Zone>((last) => this.#store.zones(last?.name ?? start, 1));
    const reply = (zone: Zone) => (grant.zone(zone.name) ? zoneReply(zone) : undefined);
    return page(found, limit, reply, (zone) => shown(zone.name));
  }

  rrset(zone: string, name: string, type: string): Resource | Problem {
    const place = findPlace(this.#store, { zone, name, type });
    if (place instanceof Problem) return place;
    const rrset = this.#store.rrset(place.zone.name, place.name, place.type);
    if (rrset === undefined) return missingRRset(this.#store, place);
    return { revision: rrset.revision, body: rrsetReply(rrset) };
  }

  /** `after` is `name/TYPE`, as `next` gave it. */
  rrsets(zoneText: string, after: string | undefined, limit: number): Page | Problem {
    const zone = canonicalName(zoneText);
    if (zone instanceof Problem) return zone;
    if (this.#store.zone(zone) === undefined) return unknownZone(zone);
    const start = after === undefined ? undefined : parseRRsetKey(after);
    if (start instanceof Problem) return start;
    const found = walk<RRset>((last) => this.#store.rrsets(zone, last ?? start, 1));
    return page(found, limit, rrsetReply, (rrset) => label(rrset.name, rrset.type));
  }

  service(text: string): Resource | Problem {
    const service = findService(this.#store, text);
    return service instanceof Problem ? service : { revision: service.revision, body: serviceReply(service) };
  }

  /** The service that the records at a name would make, or these targets would. */
  proposal(text: string, asked: AskedProposal, grant: Grant): object | Problem {
    return proposal(this.#store, text, asked, grant);
  }

  services(after: string | undefined, limit: number, grant: Grant): Page | Problem {
    const start = after === undefined ? undefined : canonicalName(after);
    if (start instanceof Problem) return start;
    const found = walk<Service>((last) => this.#store.services(last?.name ?? start, 1));
    const reply = (service: Service) => (grant.service(service.name) ? serviceReply(service) : undefined);
    return page(found, limit, reply, (service) => shown(service.name));
  }

  /** What is known of the health of a service now, here. */
  health(text: string): object | Problem {
    const service = findService(this.#store, text);
    return service instanceof Problem ? service : healthReply(service, this.#observed.health);
  }

  weights(text: string): Resource | Problem {
    const service = findService(this.#store, text);
    if (service instanceof Problem) return service;
    const { revision } = service;
    return { revision, body: { revision, ...weightsReply(service) } };
  }

  release(id: string, service: string | undefined, grant: Grant): Resource | Problem {
    const found = findRelease(this.#store, id, service);
    if (found instanceof Problem) return found;
    const release = grant.release(found.release);
    if (release === undefined) return unknownRelease(id, 'in reach of this token');
    const progress = this.#observed.analysisOf(release.id);
    const isWhole = release === found.release;
    const analyses = analysesReply(release, progress?.measured, isWhole);
    const { revision } = release;
    const body = { ...releaseReply(release, found.name), ...(analyses.length > 0 && { analyses }) };
    if (progress === undefined) return { revision, body };
    const told = isWhole ? progress : unsaid(progress);
    return { revision, body: { ...body, analysis: analysisReply(told) }, isLive: true };
  }

  /** In number order, the oldest first; of one service, or of all. */
  releases(service: string | undefined, after: number, limit: number, grant: Grant): Page | Problem {
    const name = service === undefined ? undefined : canonicalName(service);
    if (name instanceof Problem) return name;
    const store = this.#store;
    const next = (number: number) =>
      name === undefined ? store.releases(number, 1) : store.releasesOf(name, number, 1);
    // A service that was deleted still has its releases.
    if (name !== undefined && next(after).length === 0 && store.service(name) === undefined) {
      return new Problem('service_unknown', `There is no service ${shown(name)} here.`);
    }
    const found = walk<Release>((last) => next(last === undefined ? after : Number(last.id)));
    return releasePage(found, limit, grant, name);
  }

  /** Those that go on or are paused, in number order. */
  activeReleases(after: number, limit: number, grant: Grant): Page {
    const found = this.#store.activeReleases().filter(({ id }) => Number(id) > after);
    return releasePage(found, limit, grant, undefined);
  }

  /** Revisions about one service, by number; `after` is exclusive, in the direction of the walk. */
  history(text: string, after: number | undefined, limit: number, newestFirst: boolean, grant: Grant): Page | Problem {
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
    const found = walk<Revision>((last) => next(last?.revision ?? after));
    return revisionPage(found, limit, grant);
  }

  /** The whole log; `after` as for `history`. */
  revisions(after: number | undefined, limit: number, newestFirst: boolean, grant: Grant): Page {
    const store = this.#store;
    const next = (number: number | undefined) =>
      newestFirst ? store.revisionsBefore(number ?? Number.MAX_SAFE_INTEGER, 1) : store.revisions(number ?? 0, 1);
    const found = walk<Revision>((last) => next(last?.revision ?? after));
    return revisionPage(found, limit, grant);
  }

  webhook(name: string): Resource | Problem {
    const webhook = this.#store.webhook(name);
    return webhook === undefined ? unknownWebhook(name) : { revision: webhook.revision, body: webhookReply(webhook) };
  }

  /** `after` is a name. */
  webhooks(after: string, limit: number): Page {
    const found = this.#store.webhooks().filter(({ name }) => name > after);
    return page(found, limit, webhookReply, ({ name }) => name);
  }

  /** What waits for a webhook or could not be delivered, the oldest first; `after` is a number as `next` gave it. */
  deliveries(name: string, state: Delivery['state'] | undefined, after: number, limit: number): Page | Problem {
    if (this.#store.webhook(name) === undefined) return unknownWebhook(name);
    const { deliveries } = this.#store;
    const found = walk<Delivery>((last) => deliveries.list(name, state, last?.position ?? after, 1));
    return page(found, limit, deliveryReply, ({ position }) => String(position));
  }

  /** `after` is a name. */
  tokens(after: string, limit: number): Page {
    const found = this.#store.tokens().filter(({ name }) => name > after);
    return page(found, limit, tokenReply, ({ name }) => name);
  }

  /** What keeps the server from answering or from taking changes; undefined: nothing. A store that failed is tried again. */
  readiness(): Problem | undefined {
    const missing = this.#observed.missingWorkers();
    if (missing.length > 0) {
      const those = missing.length === 1 ? `Worker ${missing[0]} does` : `Workers ${missing.join(', ')} do`;
      return new Problem('workers_missing', `${those} not answer, and part of the queries with that; see the log.`);
    }
    this.#store.check();
    return this.#store.failure === undefined ? undefined : this.#store.probe();
  }
}

/** What was measured is said in words that may name services out of reach. */
function unsaid(progress: AnalysisProgress): AnalysisProgress {
  return { ...progress, metrics: progress.metrics.map((metric) => ({ ...metric, last: undefined })) };
}

/** `name`: the service under whose path they were asked for. */
function releasePage(found: Iterable<Release>, limit: number, grant: Grant, name: string | undefined): Page {
  const reply = (release: Release) => {
    const seen = grant.release(release);
    return seen && releaseReply(seen, name);
  };
  return page(found, limit, reply, ({ id }) => id);
}

function revisionPage(found: Iterable<Revision>, limit: number, grant: Grant): Page {
  const reply = (revision: Revision) => {
    const seen = grant.revision(revision);
    return seen && revisionReply(seen);
  };
  return page(found, limit, reply, (revision) => String(revision.revision));
}

function parseRRsetKey(text: string): { name: string; type: number } | Problem {
  const slash = text.lastIndexOf('/');
  const name = canonicalName(text.slice(0, Math.max(slash, 0)));
  const type = parseType(text.slice(slash + 1));
  if (slash >= 0 && typeof name === 'string' && !(type instanceof Malformed)) return { name, type };
  const detail = `after is a name and a type such as www.example.com/A, as \`next\` gave it, not ${JSON.stringify(text)}.`;
  return new Problem('query_invalid', detail);
}
