/** Answers, weights and health of each service, up to a number of services that Prometheus can bear. */
import type { Registry } from 'prom-client';
import type { Service } from '../model/service.ts';
import type { PoolCount } from '../table/counters.ts';
import { collectCounter, collectGauge } from './collected.ts';

/** The table, as far as it is measured here. */
export interface MeasuredServices {
  readonly serviceCount: number;
  /** Every service that is answered. */
  services(): Iterable<Service>;
  /** undefined: there is none of that name. */
  service(name: string): Service | undefined;
  poolCounts(service: string): Readonly<Record<string, Pick<PoolCount, 'answers' | 'lastAtMs'>>>;
}

/** What is known of the health of services. */
export interface MeasuredHealth {
  /** Whether each target of a service with health checks is in the answers' choice; empty for a service without them. */
  targetsOf(
    service: string,
  ): Iterable<{ readonly pool: string; readonly target: string; readonly up: boolean; readonly nodesDown?: number }>;
  /** The services of which nothing that has weight is up, so that all is answered. */
  failingOpen(): Iterable<string>;
}

/** How long a choice of services holds, so that a series does not come and go with every scrape. */
const CHOICE_MS = 60_000;

/** The services that have series of their own: all, or where there are more than `max` those with the most answers. */
export class ShownServices {
  readonly #table: MeasuredServices;
  /** How many services may have series of their own. */
  readonly max: number;
  readonly #steadyMs: () => number;
  #busiest: ReadonlySet<string> | undefined;
  #chosenAtMs = 0;

  constructor(table: MeasuredServices, max: number, steadyMs: () => number) {
    this.#table = table;
    this.max = max;
    this.#steadyMs = steadyMs;
  }

  /** How many services have none. */
  get omitted(): number {
    return Math.max(0, this.#table.serviceCount - this.max);
  }

  *[Symbol.iterator](): Generator<Service> {
    const busiest = this.#choose();
    for (const service of this.#table.services()) if (busiest?.has(service.name) ?? true) yield service;
  }

  #choose(): ReadonlySet<string> | undefined {
    if (this.omitted === 0) return undefined;
    const nowMs = this.#steadyMs();
    if (this.#busiest === undefined || nowMs - this.#chosenAtMs > CHOICE_MS) {
      const answers = [...this.#table.services()].map(({ name }) => ({ name, answers: this.#answersOf(name) }));
      answers.sort((a, b) => b.answers - a.answers);
      this.#busiest = new Set(answers.slice(0, this.max).map(({ name }) => name));
      this.#chosenAtMs = nowMs;
    }
    return this.#busiest;
  }

  #answersOf(service: string): number {
    return Object.values(this.#table.poolCounts(service)).reduce((sum, { answers }) => sum + answers, 0);
  }
}

export function serviceMetrics(
  registry: Registry,
  table: MeasuredServices,
  shown: ShownServices,
  health: MeasuredHealth,
): void {
  healthMetrics(registry, shown, health);
  const labels = ['service', 'pool'];
  collectGauge(registry, { name: 'teal_services', help: 'Services.' }, (set) => set(table.serviceCount));
  collectGauge(
    registry,
    { name: 'teal_services_omitted', help: 'Services without series of their own: see metrics.servicesMax.' },
    (set) => set(shown.omitted),
  );
  collectCounter(
    registry,
    { name: 'teal_service_answers_total', help: 'Answers from a pool of a service.', labels },
    (set) => {
      for (const { name } of shown) {
        for (const [pool, { answers }] of Object.entries(table.poolCounts(name))) set(answers, { service: name, pool });
      }
    },
  );
  collectGauge(
    registry,
    {
      name: 'teal_service_last_answer_timestamp_seconds',
      help: 'When a pool of a service answered last, Unix time; absent until it has.',
      labels,
    },
    (set) => {
      for (const { name } of shown) {
        for (const [pool, { lastAtMs }] of Object.entries(table.poolCounts(name))) {
          if (lastAtMs > 0) set(lastAtMs / 1000, { service: name, pool });
        }
      }
    },
  );
  collectGauge(
    registry,
    { name: 'teal_service_share_ratio', help: "A pool's share as it is answered: weight / sum of weights.", labels },
    (set) => {
      for (const { name, pools } of shown) {
        const total = pools.reduce((sum, { weight }) => sum + weight, 0);
        for (const { name: pool, weight } of pools) set(weight / total, { service: name, pool });
      }
    },
  );
  collectGauge(
    registry,
    {
      name: 'teal_service_ttl_seconds',
      help: 'The TTL of a service, lowered while a release goes on.',
      labels: ['service'],
    },
    (set) => {
      for (const { name, ttlSeconds } of shown) set(ttlSeconds, { service: name });
    },
  );
}

function healthMetrics(registry: Registry, shown: ShownServices, health: MeasuredHealth): void {
  collectGauge(
    registry,
    {
      name: 'teal_target_up',
      help: 'Of services with health checks: 1 where a target is up, or was forced up; else 0.',
      labels: ['service', 'pool', 'target'],
    },
    (set) => {
      for (const { name } of shown) {
        for (const { pool, target, up } of health.targetsOf(name)) set(up ? 1 : 0, { service: name, pool, target });
      }
    },
  );
  collectGauge(
    registry,
    {
      name: 'teal_target_down_nodes',
      help: 'Of services with health checks: how many nodes see a target down. Only in a fleet.',
      labels: ['service', 'pool', 'target'],
    },
    (set) => {
      for (const { name } of shown) {
        for (const { pool, target, nodesDown } of health.targetsOf(name)) {
          if (nodesDown !== undefined) set(nodesDown, { service: name, pool, target });
        }
      }
    },
  );
  collectGauge(
    registry,
    {
      name: 'teal_service_fail_open',
      help: '1: nothing of the service that has weight is up, so all of it is answered; else 0.',
      labels: ['service'],
    },
    (set) => {
      const open = new Set(health.failingOpen());
      for (const { name, health: check, forced } of shown) {
        if (check !== undefined || forced !== undefined) set(open.delete(name) ? 1 : 0, { service: name });
      }
      // One that few ask for is as down as any other. The bound holds for these too: a server that lost its network sees all down.
      for (const name of [...open].slice(0, shown.max)) set(1, { service: name });
    },
  );
}
