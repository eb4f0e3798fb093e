/** What this process knows of the health of services: what probes saw, and which forced states are over. */
import { isVotedDown, type NodeViews, type TargetView } from '../../model/fleet/health-views.ts';
import { type PoolHealth, poolHealths, withHealth } from '../../model/health-effect.ts';
import type { ForcedHealth } from '../../model/health-forced.ts';
import type { TargetHealth } from '../../model/health-state.ts';
import { remainingMs } from '../../model/release.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../clock.ts';
import type { FleetViews, OtherView } from '../nodes.ts';

/** What replies say of the health of a service. */
export interface HealthView {
  /** What probes saw of a target; undefined: it is not probed. */
  target(service: string, target: string): TargetHealth | undefined;
  /** Whether a target of the service is answered with, as far as nobody decided otherwise. */
  isUp(service: Service, target: string): boolean;
  /** What the other nodes of a fleet see of it; undefined: there is no fleet. */
  others(service: string, target: string): { readonly own: string; readonly views: readonly OtherView[] } | undefined;
  /** The forced states that are not over. */
  forced(service: Service): readonly ForcedHealth[];
}

/** Of who probes nothing. */
export const nothingSeen: HealthView = {
  target: () => undefined,
  isUp: () => true,
  others: () => undefined,
  forced: ({ forced = [] }) => forced,
};

/** The health of a service's pools, as a view has it. */
export function poolsSeen(service: Service, view: HealthView): PoolHealth[] {
  return poolHealths(service, (target) => view.isUp(service, target), view.forced(service));
}

/** The service as it is answered now, with its health as a view has it. */
export function inForce(service: Service, view: HealthView): Service {
  if (service.health === undefined && service.forced === undefined) return service;
  return withHealth(service, poolsSeen(service, view));
}

export class SeenHealth implements HealthView {
  readonly #clock: Pick<Clock, 'wallMs' | 'steadyMs'>;
  #fleet: () => FleetViews | undefined = () => undefined;
  /** Targets that a quorum of nodes took out, by service. */
  readonly #voted = new Map<string, Set<string>>();
  /** Grows with each change of what probes see here. */
  version = 0;
  /** By service and target. */
  readonly #targets = new Map<string, Map<string, TargetHealth>>();
  /** When forced states end, by service and revision; steady clock, milliseconds. */
  readonly #ends = new Map<string, Map<number, number>>();
  /** All that the store had is followed: what is not was made since. */
  #isFollowingAll = false;

  constructor(clock: Pick<Clock, 'wallMs' | 'steadyMs'>) {
    this.#clock = clock;
  }

  target(service: string, target: string): TargetHealth | undefined {
    return this.#targets.get(service)?.get(target);
  }

  /** From now on quorums are of the nodes that it tells of. */
  hearOthers(fleet: () => FleetViews | undefined): void {
    this.#fleet = fleet;
  }

  /** See FleetViews. */
  get othersVersion(): number {
    return this.#fleet()?.version ?? 0;
  }

  isUp({ name, health }: Pick<Service, 'name' | 'health'>, target: string): boolean {
    const own = this.target(name, target)?.state ?? 'unknown';
    if (health?.quorum === undefined) return own !== 'down';
    const votes = [own, ...(this.others(name, target)?.views.map(({ vote }) => vote) ?? [])];
    const wasDown = this.#voted.get(name)?.has(target) === true;
    return !isVotedDown(votes, health.quorum, { wasDown });
  }

  others(service: string, target: string): ReturnType<HealthView['others']> {
    const fleet = this.#fleet();
    return fleet && { own: fleet.node, views: fleet.others(service, target) };
  }

  /** Takes down what the quorum makes of a target; whether that is something else than before. */
  vote(service: Service, target: string): boolean {
    const isDown = service.health?.quorum !== undefined && !this.isUp(service, target);
    if (isDown === (this.#voted.get(service.name)?.has(target) === true)) return false;
    if (isDown) this.#take(service.name, target);
    else this.#voted.get(service.name)?.delete(target);
    return true;
  }

  /** What is seen here of each service that `first` says, then of the others. */
  own(first: (service: string) => boolean): NodeViews {
    const wallMs = this.#clock.wallMs();
    const viewOf = ({ state, sinceMs, reason }: TargetHealth): TargetView => ({
      state,
      ageMs: Math.max(0, wallMs - sinceMs),
      reason,
    });
    const all = [...this.#targets].filter(([, targets]) => targets.size > 0);
    const [leading, rest] = [all.filter(([name]) => first(name)), all.filter(([name]) => !first(name))];
    return new Map(
      [...leading, ...rest].map(([name, targets]) => {
        return [name, new Map([...targets].map(([target, health]) => [target, viewOf(health)]))];
      }),
    );
  }

  forced(service: Service): readonly ForcedHealth[] {
    return (service.forced ?? []).filter((forced) => this.leftMs(service.name, forced) > 0);
  }

  /**
   * What is left of a forced state, milliseconds. What an earlier process knew can only be told by the wall clock; what was
   * made since begins now, whatever time of day it says: that is of the node which was asked, and another than here.
   */
  leftMs(service: string, forced: ForcedHealth): number {
    const endMs = this.#ends.get(service)?.get(forced.revision);
    if (endMs !== undefined) return Math.max(0, endMs - this.#clock.steadyMs());
    return this.#isFollowingAll ? forced.seconds * 1000 : remainingMs(forced, this.#clock.wallMs());
  }

  see(service: string, target: string, health: TargetHealth): void {
    const targets = this.#targets.get(service) ?? new Map<string, TargetHealth>();
    if (targets.get(target)?.state !== health.state) this.version++;
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
        if (!isUnhealthy && targets.includes(target)) continue;
        // What all saw is not what this node saw.
        if (service.health?.quorum !== undefined) this.#take(service.name, target);
        else this.see(service.name, target, { state: 'down', against: 0, sinceMs, reason });
      }
    });
  }

  #take(service: string, target: string): void {
    this.#voted.set(service, (this.#voted.get(service) ?? new Set()).add(target));
  }

  /** From now on a target is not probed. */
  forgetTarget(service: string, target: string): void {
    if (this.#targets.get(service)?.delete(target)) this.version++;
    this.#voted.get(service)?.delete(target);
  }

  /** From now on the ends of the service's forced states are told by the steady clock, which does not jump. */
  followForced({ name, forced = [] }: Service): void {
    const steadyMs = this.#clock.steadyMs();
    const ends = forced.map((each) => [each.revision, steadyMs + this.leftMs(name, each)] as const);
    this.#ends.set(name, new Map(ends));
  }

  /** To be called when every service that the store had is followed. */
  followsAll(): void {
    this.#isFollowingAll = true;
  }

  /** The services that may not be whole: a target of them was seen down, or somebody forced a state. */
  doubtful(): Set<string> {
    const names = new Set<string>();
    for (const [name, targets] of this.#targets) {
      for (const { state } of targets.values()) if (state === 'down') names.add(name);
    }
    for (const [name, voted] of this.#voted) if (voted.size > 0) names.add(name);
    for (const [name, ends] of this.#ends) if (ends.size > 0) names.add(name);
    return names;
  }

  forget(service: string): void {
    if (this.#targets.delete(service)) this.version++;
    this.#voted.delete(service);
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
