/** What this process knows of the health of services: what probes saw, and which forced states are over. */
import { type PoolHealth, poolHealths, withHealth } from '../../model/health-effect.ts';
import type { ForcedHealth } from '../../model/health-forced.ts';
import type { TargetHealth } from '../../model/health-state.ts';
import { remainingMs } from '../../model/release.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../clock.ts';

/** What replies say of the health of a service. */
export interface HealthView {
  /** What probes saw of a target; undefined: it is not probed. */
  target(service: string, target: string): TargetHealth | undefined;
  /** The forced states that are not over. */
  forced(service: Service): readonly ForcedHealth[];
}

/** The health of a service's pools, as a view has it. */
export function poolsSeen(service: Service, view: HealthView): PoolHealth[] {
  const isUp = (target: string): boolean => view.target(service.name, target)?.state !== 'down';
  return poolHealths(service, isUp, view.forced(service));
}

/** The service as it is answered now, with its health as a view has it. */
export function inForce(service: Service, view: HealthView): Service {
  if (service.health === undefined && service.forced === undefined) return service;
  return withHealth(service, poolsSeen(service, view));
}

export class SeenHealth implements HealthView {
  readonly #clock: Pick<Clock, 'wallMs' | 'steadyMs'>;
  /** By service and target. */
  readonly #targets = new Map<string, Map<string, TargetHealth>>();
  /** When forced states end, by service and revision; steady clock, milliseconds. */
  readonly #ends = new Map<string, Map<number, number>>();

  constructor(clock: Pick<Clock, 'wallMs' | 'steadyMs'>) {
    this.#clock = clock;
  }

  target(service: string, target: string): TargetHealth | undefined {
    return this.#targets.get(service)?.get(target);
  }

  forced(service: Service): readonly ForcedHealth[] {
    return (service.forced ?? []).filter((forced) => this.leftMs(service.name, forced) > 0);
  }

  /** What is left of a forced state, milliseconds. Until it is followed that can only be told by the wall clock. */
  leftMs(service: string, forced: ForcedHealth): number {
    const endMs = this.#ends.get(service)?.get(forced.revision);
    if (endMs !== undefined) return Math.max(0, endMs - this.#clock.steadyMs());
    return remainingMs(forced, this.#clock.wallMs());
  }

  see(service: string, target: string, health: TargetHealth): void {
    const targets = this.#targets.get(service) ?? new Map<string, TargetHealth>();
    this.#targets.set(service, targets.set(target, health));
  }

  /** What an earlier process saw of a service's targets, as far as answers tell: those that are left out were down. */
  seeAnswered(service: Service, answered: Service): void {
    if (service.health === undefined || answered.pools.length !== service.pools.length) return;
    const sinceMs = this.#clock.wallMs();
    const reason = 'it was down when this process began';
    poolHealths(service, () => true, this.forced(service)).forEach(({ up }, i) => {
      const { isUnhealthy, targets } = answered.pools[i];
      for (const target of up) {
        if (isUnhealthy || !targets.includes(target))
          this.see(service.name, target, { state: 'down', against: 0, sinceMs, reason });
      }
    });
  }

  /** From now on a target is not probed. */
  forgetTarget(service: string, target: string): void {
    this.#targets.get(service)?.delete(target);
  }

  /** From now on the ends of the service's forced states are told by the steady clock, which does not jump. */
  followForced({ name, forced = [] }: Service): void {
    const steadyMs = this.#clock.steadyMs();
    const ends = forced.map((each) => [each.revision, steadyMs + this.leftMs(name, each)] as const);
    this.#ends.set(name, new Map(ends));
  }

  /** The services that may not be whole: a target of them was seen down, or somebody forced a state. */
  doubtful(): Set<string> {
    const names = new Set<string>();
    for (const [name, targets] of this.#targets) {
      for (const { state } of targets.values()) if (state === 'down') names.add(name);
    }
    for (const [name, ends] of this.#ends) if (ends.size > 0) names.add(name);
    return names;
  }

  forget(service: string): void {
    this.#targets.delete(service);
    this.#ends.delete(service);
  }
}

/** A target has come up or gone down. */
export interface HealthEvent {
  readonly service: string;
  readonly pool: string;
  readonly target: string;
  readonly state: 'up' | 'down';
  readonly reason: string;
}
