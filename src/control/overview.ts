/**
 * All services at a glance, for whoever is on call. What is looked through is what the table has in memory, so that ten
 * thousand services cost no read of the store; only those that a page shows are read.
 */
import { Problem } from '../model/errors.ts';
import { type AskedFilter, type Filter, isLabelled, isNamed, makeFilter } from '../model/filter.ts';
import { concerns, type Frozen, frozenAt } from '../model/freeze.ts';
import type { Release } from '../model/release.ts';
import type { Revision } from '../model/revision.ts';
import type { Service } from '../model/service.ts';
import { shown } from '../shown.ts';
import type { Store } from '../store/sqlite.ts';
import type { Table } from '../table/table.ts';
import type { DrainReports } from './drain/report.ts';
import type { Grant } from './grant.ts';
import type { Lateness } from './nodes.ts';
import { type HealthView, poolsSeen, type SeenHealth } from './observed/health.ts';
import type { Sliced } from './slices.ts';

/** The most urgent first. */
const STATES = ['unhealthy', 'waiting', 'releasing', 'draining'] as const;
type GlanceState = (typeof STATES)[number];

/** Services that one slice looks through: about a millisecond. */
const LOOKED_AT_ONCE = 2000;
/** Services that one slice reads, with their last change: a few milliseconds. */
const READ_AT_ONCE = 50;
/** What wants somebody's eye; nobody reads more at once. */
const ATTENTION_MAX = 50;
/** A pool that does not settle, since a worker or a node is late, is looked at for so long after its last change. */
const UNSETTLED_MS = 10 * 60_000;
/** What the report of a drain adds to the last answer, and rounding. */
const MARGIN_MS = 5000;
/** Of one page: what a turn may send. */
const PAGE_BYTES = 256 * 1024;

interface OverviewParts {
  readonly store: Pick<Store, 'service' | 'activeReleases' | 'openProposals' | 'freezes' | 'revision'>;
  readonly table: Pick<Table, 'observed'>;
  readonly health: HealthView & Pick<SeenHealth, 'doubtful'>;
  readonly drain: Pick<DrainReports, 'drainedAtMs' | 'aheadMs'>;
  /** How this node stands in its fleet; undefined: it is alone. */
  readonly node: () => { readonly isCurrent: boolean; readonly lateness: Lateness | undefined } | undefined;
}

interface AskedOverview extends Pick<AskedFilter, 'q' | 'zone' | 'label'> {
  readonly state?: GlanceState;
  readonly order?: Order;
  readonly after?: string;
}

type Order = 'zone' | 'name' | 'changed';

/** What is known of one service now. */
export interface Glance {
  /** With its weights as they were written, whatever its health. */
  readonly service: Service;
  readonly states: readonly GlanceState[];
  readonly unhealthyPools: readonly string[];
  readonly downTargets: number;
  readonly release: Release | undefined;
  /** Unix time, milliseconds; 0: it is not known yet. undefined: nothing drains. */
  readonly drainedAtMs: number | undefined;
  /** Shares of the answers here; undefined: there were none. */
  readonly observed: Readonly<Record<string, number>> | undefined;
  /** undefined: it cannot be seen, or is of a log that was not kept. */
  readonly lastChange: Revision | undefined;
  /** What holds its traffic now. */
  readonly frozen: readonly Frozen[];
}

export interface OverviewPage {
  readonly items: readonly Glance[];
  readonly next: string | undefined;
  readonly total: number;
  readonly found: number;
  readonly attention: { readonly items: readonly Glance[]; readonly counts: Readonly<Record<GlanceState, number>> };
  readonly isCurrent: boolean;
  readonly stale: readonly string[];
}

/** What is said of some services, by their names. */
interface Standings {
  readonly states: ReadonlyMap<string, readonly GlanceState[]>;
  readonly releases: ReadonlyMap<string, Release>;
  readonly drainedAtMs: ReadonlyMap<string, number>;
  /** Those that are on, of any service. */
  readonly frozen: readonly Frozen[];
}

export class Overview {
  readonly #parts: OverviewParts;

  constructor(parts: OverviewParts) {
    this.#parts = parts;
  }

  /** One page of services, and what is said of all that are in reach. Between slices services may come and go. */
  *page(
    asked: AskedOverview,
    grant: Grant,
    { nowMs, limit }: { nowMs: number; limit: number },
  ): Sliced<OverviewPage | Problem> {
    const filter = makeFilter(asked);
    if (filter instanceof Problem) return filter;
    const order = orders[asked.order ?? 'zone'];
    const start = asked.after === undefined ? undefined : order.parse(asked.after);
    if (start instanceof Problem) return start;
    const all = yield* this.#inReach(grant);
    const standings = this.#standings(all, grant, nowMs);
    const matching = all.filter((service) => matches(service, filter, asked.state, standings));
    matching.sort(order.compare);
    const rest = start === undefined ? matching : matching.slice(firstAfter(matching, start, order.compare));
    const page = yield* this.#glances(rest, limit, standings, grant);
    const isMore = page.looked < rest.length;
    const node = this.#parts.node();
    return {
      items: page.items,
      next: isMore ? order.format(rest[page.looked - 1]) : undefined,
      total: all.length,
      found: matching.length,
      attention: yield* this.#attention(all, standings, grant),
      isCurrent: node?.isCurrent ?? true,
      stale: node?.lateness?.late ?? [],
    };
  }

  *#inReach(grant: Grant): Sliced<Service[]> {
    const all: Service[] = [];
    let looked = 0;
    for (const service of this.#parts.table.observed.services()) {
      if (grant.service(service.name)) all.push(service);
      looked += 1;
      if (looked % LOOKED_AT_ONCE === 0) yield;
    }
    return all;
  }

  #standings(all: readonly Service[], grant: Grant, nowMs: number): Standings {
    const states = new Map<string, GlanceState[]>();
    const say = (name: string, state: GlanceState): void => {
      const said = states.get(name);
      if (said === undefined) states.set(name, [state]);
      else if (!said.includes(state)) said.push(state);
    };
    const doubtful = this.#parts.health.doubtful();
    const releases = new Map<string, Release>();
    const drainedAtMs = new Map<string, number>();
    for (const release of this.#parts.store.activeReleases()) {
      const seen = grant.release(release);
      for (const { name } of seen?.services ?? []) releases.set(name, seen as Release);
    }
    for (const { state, services } of this.#parts.store.openProposals()) {
      if (state !== 'waiting') continue;
      for (const { name } of services) if (grant.service(name)) say(name, 'waiting');
    }
    // All nodes of a fleet are looked at for it, so once for all services.
    const writtenMs = nowMs - this.#parts.drain.aheadMs;
    for (const service of all) {
      const { name } = service;
      if ((doubtful.has(name) || service.forced !== undefined) && this.#healthOf(service).downTargets > 0)
        say(name, 'unhealthy');
      const release = releases.get(name);
      if (release !== undefined) say(name, isWaiting(release) ? 'waiting' : 'releasing');
      const endMs = this.#drainsUntil(service, nowMs, writtenMs);
      if (endMs === undefined) continue;
      say(name, 'draining');
      drainedAtMs.set(name, endMs);
    }
    const frozen = this.#parts.store.freezes().flatMap((freeze) => frozenAt([freeze], nowMs) ?? []);
    return { states, releases, drainedAtMs, frozen };
  }

  /**
   * Unix time, milliseconds, 0 where it is not known yet; undefined: no pool of it drains. `writtenMs`: the time that what
   * its row says is held against.
   */
  #drainsUntil({ name, pools, givenUp = [] }: Service, nowMs: number, writtenMs: number): number | undefined {
    const isHeld = givenUp.some(({ untilMs }) => writtenMs < untilMs + MARGIN_MS);
    if (!isHeld && !pools.some((pool) => mayDrain(pool, writtenMs))) return undefined;
    const endMs = this.#parts.drain.drainedAtMs([name], nowMs);
    if (endMs === undefined) return 0;
    return endMs > nowMs ? endMs : undefined;
  }

  /** The first that are there still, until the page is full. */
  *#glances(
    services: readonly Service[],
    limit: number,
    standings: Standings,
    grant: Grant,
  ): Sliced<{ readonly items: Glance[]; readonly looked: number }> {
    const items: Glance[] = [];
    const changes = new Map<number, Revision | undefined>();
    let [bytes, looked] = [0, 0];
    for (const { name } of services) {
      if (items.length === limit || bytes >= PAGE_BYTES) break;
      looked += 1;
      const service = this.#parts.store.service(name);
      if (service !== undefined) {
        items.push(this.#glance(service, standings, grant, changes));
        bytes += sizeOf(service);
      }
      if (looked % READ_AT_ONCE === 0) yield;
    }
    return { items, looked };
  }

  #glance(
    service: Service,
    { states, releases, drainedAtMs, frozen }: Standings,
    grant: Grant,
    changes: Map<number, Revision | undefined>,
  ): Glance {
    const { name, revision } = service;
    if (!changes.has(revision)) {
      const found = this.#parts.store.revision(revision);
      changes.set(revision, found && grant.revision(found));
    }
    return {
      service,
      states: states.get(name) ?? [],
      ...this.#healthOf(service),
      release: releases.get(name),
      drainedAtMs: drainedAtMs.get(name),
      observed: this.#sharesSeen(service),
      lastChange: changes.get(revision),
      frozen: frozen.filter(({ freeze }) => concerns(freeze, service)),
    };
  }

  #healthOf(service: Service): Pick<Glance, 'unhealthyPools' | 'downTargets'> {
    if (service.health === undefined && service.forced === undefined) return { unhealthyPools: [], downTargets: 0 };
    // The table has only what is up; what is to be up is in the store.
    const written = this.#parts.store.service(service.name) ?? service;
    const pools = poolsSeen(written, this.#parts.health);
    return {
      unhealthyPools: pools.filter(({ up }) => up.length === 0).map(({ pool }) => pool.name),
      downTargets: pools.reduce((sum, { pool, up }) => sum + pool.targets.length - up.length, 0),
    };
  }

  #sharesSeen({ name, pools }: Service): Glance['observed'] {
    const counts = this.#parts.table.observed.poolCounts(name);
    const answers = pools.map((pool) => {
      const count = counts[pool.name];
      return count === undefined ? 0 : Math.max(0, count.answers - count.answersBefore);
    });
    const sum = answers.reduce((all, each) => all + each, 0);
    if (sum === 0) return undefined;
    return Object.fromEntries(pools.map((pool, i) => [pool.name, answers[i] / sum]));
  }

  *#attention(all: readonly Service[], standings: Standings, grant: Grant): Sliced<OverviewPage['attention']> {
    const { states } = standings;
    const urgent = all.filter(({ name }) => states.has(name));
    const rank = ({ name }: Service): number =>
      Math.min(...(states.get(name) ?? []).map((each) => STATES.indexOf(each)));
    urgent.sort((one, other) => rank(one) - rank(other) || other.revision - one.revision);
    const { items } = yield* this.#glances(urgent, ATTENTION_MAX, standings, grant);
    const counts = { unhealthy: 0, waiting: 0, releasing: 0, draining: 0 };
    for (const { name } of urgent) for (const state of states.get(name) ?? []) counts[state] += 1;
    return { items, counts };
  }
}

const waits: ReadonlySet<string | undefined> = new Set(['promotion', 'inconclusive', 'approval']);

/** True where nothing goes on unless somebody does something. */
function isWaiting({ state, held, wait }: Release): boolean {
  return state === 'paused' && (held || waits.has(wait?.kind));
}

function mayDrain({ drainingSinceMs, heldUntilMs = 0 }: Service['pools'][number], nowMs: number): boolean {
  if (drainingSinceMs === undefined) return false;
  return nowMs < Math.max(heldUntilMs + MARGIN_MS, drainingSinceMs + UNSETTLED_MS);
}

function matches(
  { name, zone, labels }: Service,
  filter: Filter,
  state: GlanceState | undefined,
  { states }: Standings,
): boolean {
  return (
    isNamed(filter, shown(name)) &&
    (filter.zone ?? zone) === zone &&
    isLabelled(filter, labels) &&
    (state === undefined || states.get(name)?.includes(state) === true)
  );
}

/** Bytes, near enough. */
function sizeOf(service: Service): number {
  return JSON.stringify(service).length;
}

type Place = Pick<Service, 'zone' | 'name' | 'revision'>;

/** A list in an order, and a place in it as text: no name has a blank in it, which is written \032. */
interface Ordered {
  readonly compare: (one: Place, other: Place) => number;
  readonly format: (place: Place) => string;
  readonly parse: (text: string) => Place | Problem;
}

const compareText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
const byName = (one: Place, other: Place): number => compareText(one.name, other.name);

const orders: Readonly<Record<Order, Ordered>> = {
  zone: {
    compare: (one, other) => compareText(one.zone, other.zone) || byName(one, other),
    format: ({ zone, name }) => `${zone} ${name}`,
    parse: (text) => placeOf(text, (zone, name) => ({ zone, name, revision: 0 })),
  },
  name: {
    compare: byName,
    format: ({ name }) => name,
    parse: (name) => ({ zone: '', name, revision: 0 }),
  },
  changed: {
    compare: (one, other) => other.revision - one.revision || byName(one, other),
    format: ({ revision, name }) => `${revision} ${name}`,
    parse: (text) => {
      return placeOf(text, (revision, name) =>
        /^\d{1,15}$/.test(revision) ? { zone: '', name, revision: Number(revision) } : undefined,
      );
    },
  },
};

function placeOf(text: string, make: (first: string, name: string) => Place | undefined): Place | Problem {
  const blank = text.indexOf(' ');
  const place = blank < 0 ? undefined : make(text.slice(0, blank), text.slice(blank + 1));
  const detail = `after is \`next\` of a page of the same order, not ${JSON.stringify(text)}.`;
  return place ?? new Problem('query_invalid', detail);
}

/** How many come up to a place, by halves. */
function firstAfter(sorted: readonly Place[], place: Place, compare: Ordered['compare']): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compare(sorted[middle], place) <= 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
