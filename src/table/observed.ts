/** What was answered from the table: services as they are answered, and what workers counted for their pools. */
import type { Sightings } from '../model/resolver-estimates.ts';
import type { Service } from '../model/service.ts';
import type { CounterRegistry, PoolCount } from './counters.ts';
import { SERVICE, VERSION } from './layout.ts';
import type { ArenaView } from './memory.ts';
import type { Reclaimer } from './reclaim.ts';
import type { ServiceRegistry } from './services.ts';
import type { ClockStep } from './set-clock.ts';

export class Observed {
  readonly #view: ArenaView;
  readonly #reclaimer: Reclaimer;
  readonly #services: ServiceRegistry;
  readonly #counters: CounterRegistry;
  #sampledBy: string | undefined;

  constructor(view: ArenaView, reclaimer: Reclaimer, services: ServiceRegistry, counters: CounterRegistry) {
    this.#view = view;
    this.#reclaimer = reclaimer;
    this.#services = services;
    this.#counters = counters;
  }

  get serviceCount(): number {
    return this.#services.size;
  }

  /** Every service, as it is answered. */
  *services(): Generator<Service> {
    for (const { service } of this.#services.values()) yield service;
  }

  /** A service as it is answered. */
  service(name: string): Service | undefined {
    return this.#services.get(name)?.service;
  }

  /** Answers that a service's pools have given, by pool name; empty where there is no such service. */
  poolCounts(service: string): Record<string, PoolCount> {
    const pools = this.#services.get(service)?.pools ?? [];
    return Object.fromEntries(pools.map((pool) => [pool.name, this.#counters.pool(pool.counter)]));
  }

  /** The wall clock was set: see CounterRegistry. */
  setClock(step: ClockStep): void {
    this.#counters.setClock(step);
  }

  /** What workers saw of the resolvers that a service's pools answered, by the number of the pool in the service. */
  sightings(service: string): Sightings {
    const ids = this.#services.get(service)?.pools.map(({ id }) => id) ?? [];
    return this.#counters.sightings(ids);
  }

  /** Names the key that resolvers are told apart by, where others have the same; undefined: it is this process's own. */
  get sampledBy(): string | undefined {
    return this.#sampledBy;
  }

  /** From now on resolvers are told apart by this key, which others have too. */
  sampleBy({ id, key }: { readonly id: string; readonly key: number }): void {
    this.#sampledBy = this.#counters.rekey(key) ? id : undefined;
  }

  /** The name of a service's pool by its id. */
  poolName(service: string, id: number): string | undefined {
    return this.#services.get(service)?.pools.find((pool) => pool.id === id)?.name;
  }

  /** True once no worker can still answer by what the service was before its last change. */
  isSettled(service: string): boolean {
    const compiled = this.#services.get(service);
    if (compiled === undefined) return true;
    // The reclaimer takes a version's generation away when every worker has left the epochs before it.
    this.#reclaimer.endEpoch();
    const { words } = this.#view;
    const plan = words[compiled.cell + SERVICE.PLAN_WORD];
    return words[plan + VERSION.GENERATION] === 0;
  }
}
