/** Everything that is measured, as Prometheus reads it. docs/metrics.md has the list. */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { problemStatus } from '../model/errors.ts';
import type { ModelChange } from '../model/revision.ts';
import type { CounterRegistry } from '../table/counters.ts';
import { dnsMetrics, type MeasuredFleet } from './dns.ts';
import { type MeasuredSigners, signerMetrics } from './dnssec.ts';
import { type MeasuredOutlook, outlookMetrics } from './fleet.ts';
import { type MeasuredPlane, planeMetrics } from './planes.ts';
import { type MeasuredReleases, releaseMetrics } from './releases.ts';
import { type MeasuredHealth, type MeasuredServices, ShownServices, serviceMetrics } from './services.ts';
import {
  buildMetric,
  fileMetrics,
  logMetrics,
  type MeasuredFiles,
  type MeasuredLog,
  type MeasuredMemory,
  type MeasuredNode,
  type MeasuredStore,
  nodeMetrics,
  roomMetrics,
  seenNodeMetrics,
  storeMetrics,
  tableMetrics,
} from './state.ts';
import { type MeasuredWebhooks, webhookMetrics } from './webhooks.ts';

export interface MetricSources {
  readonly version: string;
  readonly counters: CounterRegistry;
  readonly table: { readonly observed: MeasuredServices } & MeasuredMemory;
  readonly store: MeasuredStore & MeasuredReleases;
  readonly fleet: MeasuredFleet;
  readonly health: MeasuredHealth;
  readonly log: MeasuredLog;
  /** The processes that there are; undefined: this one does all. */
  readonly planes?: () => readonly MeasuredPlane[];
  /** To be waited for before all is read: what others tell is then as new as may be. */
  readonly refresh?: () => Promise<void>;
  /** Services with series of their own; see `metrics.servicesMax`. */
  readonly servicesMax: number;
  /** A clock that never goes back, milliseconds. */
  readonly steadyMs: () => number;
}

/** A request to the admin API that was answered. */
interface AnsweredRequest {
  readonly method: string;
  /** The route's pattern, never a path: names of services would make a series each. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  /** The API of others that it came through; undefined: Teal's own. */
  readonly door: string | undefined;
}

/**
 * How often it is looked whether the event loop goes on. Each look wakes the thread up, on a small machine on the core that
 * answers: every 10 ms, as is the library's default, they took half a percent of it. What the series say has this time in it.
 */
const LAG_LOOK_MS = 100;
/** A read takes a millisecond; an import of a million names some ten seconds. */
const REQUEST_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Statuses with which a request can fail through no fault of its own. */
const FAILURES = new Set(
  Object.values(problemStatus)
    .filter((status) => status >= 500)
    .map(String),
);

export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #sources: MetricSources;
  readonly #requests: Histogram<'method' | 'route' | 'status'>;
  readonly #store: ReturnType<typeof storeMetrics>;
  readonly #failures: Counter<'status'>;
  readonly #doors: Counter<'door' | 'status'>;
  readonly #dropped: Counter<'door'>;
  readonly #faults: Counter;
  readonly #wrongTokens: Counter<'limited'>;
  readonly #releases: ReturnType<typeof releaseMetrics>;

  constructor(sources: MetricSources) {
    const { version, counters, table, store, fleet, health, servicesMax, steadyMs } = sources;
    const registry = this.#registry;
    this.#sources = sources;
    dnsMetrics(registry, counters, fleet);
    if (sources.planes !== undefined) planeMetrics(registry, sources.planes);
    const shown = new ShownServices(table.observed, servicesMax, steadyMs);
    serviceMetrics(registry, table.observed, shown, health);
    this.#releases = releaseMetrics(registry, { releases: store, services: table.observed, shown });
    this.#store = storeMetrics(registry, store);
    tableMetrics(registry, table);
    logMetrics(registry, sources.log);
    this.#requests = new Histogram({
      name: 'teal_api_request_duration_seconds',
      help: 'From a request to the admin API to the end of its reply; streams of events are left out.',
      labelNames: ['method', 'route', 'status'],
      buckets: REQUEST_BUCKETS_SECONDS,
      registers: [registry],
    });
    this.#failures = new Counter({
      name: 'teal_api_failures_total',
      help: 'Requests to the admin API that were answered with 5xx, but those of /readyz.',
      labelNames: ['status'],
      registers: [registry],
    });
    // Born at 0, so that the first one is an increase.
    for (const status of FAILURES) this.#failures.inc({ status }, 0);
    this.#doors = new Counter({
      name: 'teal_door_requests_total',
      help: "Requests that came through a door, the API of others' tools.",
      labelNames: ['door', 'status'],
      registers: [registry],
    });
    this.#dropped = new Counter({
      name: 'teal_door_dropped_total',
      help: 'What a door was asked for and can never stand, so that it was left out: the log says what and why.',
      labelNames: ['door'],
      registers: [registry],
    });
    this.#faults = new Counter({
      name: 'teal_faults_total',
      help: 'Faults of Teal itself that went no further than where they happened: the log has them.',
      registers: [registry],
    });
    this.#wrongTokens = new Counter({
      name: 'teal_api_wrong_tokens_total',
      help: 'Requests with a token that is none, or not good where they came from; limited: beyond admin.authFailuresPerMinute of their client.',
      labelNames: ['limited'],
      registers: [registry],
    });
    for (const limited of ['true', 'false']) this.#wrongTokens.inc({ limited }, 0);
    buildMetric(registry, version, process.versions.node);
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_LOOK_MS });
  }

  /** All metrics in the text format of Prometheus. */
  async text(): Promise<string> {
    await this.#sources.refresh?.();
    return this.#registry.metrics();
  }

  /** This process is a node of a fleet. */
  ofFleet(node: MeasuredNode & { readonly leads: boolean; readonly outlook: MeasuredOutlook }): void {
    nodeMetrics(this.#registry, node);
    seenNodeMetrics(this.#registry, node);
    outlookMetrics(this.#registry, node);
    roomMetrics(this.#registry, node);
  }

  /** Zones can be signed here. */
  ofSigners(signers: MeasuredSigners): void {
    signerMetrics(this.#registry, this.#sources.store, signers);
  }

  /** Others are told what happens. */
  ofWebhooks(webhooks: MeasuredWebhooks): void {
    webhookMetrics(this.#registry, webhooks);
  }

  /** Files that the settings name. */
  ofFiles(files: MeasuredFiles): void {
    fileMetrics(this.#registry, files);
  }

  /** To be told of every answered request. */
  answered({ method, route, status, seconds, door }: AnsweredRequest): void {
    this.#requests.observe({ method, route, status }, seconds);
    if (door !== undefined) this.#doors.inc({ door, status: String(status) });
    // That one says by it what other metrics say, each few seconds.
    if (status >= 500 && route !== '/readyz') this.#failures.inc({ status: String(status) });
  }

  /** To be told of what a door left out. */
  droppedAtDoor(door: string): void {
    this.#dropped.inc({ door });
  }

  /** To be told of every wrong token. */
  wrongToken(isLimited: boolean): void {
    this.#wrongTokens.inc({ limited: String(isLimited) });
  }

  /** To be told of every fault of this program that a guard caught. */
  faulted(): void {
    this.#faults.inc();
  }

  /** To be told how long each write of the store took. */
  written(seconds: number): void {
    this.#store.written(seconds);
  }

  /** To be told of every change. */
  changed(changes: readonly ModelChange[]): void {
    this.#releases.changed(changes);
  }
}
