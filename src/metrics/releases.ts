/** Releases: those that go on, and how many have ended, in all and by service. */
import { Counter, type Registry } from 'prom-client';
import { isActive, type Release, type ReleaseReason } from '../model/release.ts';
import type { ModelChange } from '../model/revision.ts';
import { collectCounter, collectGauge } from './collected.ts';
import type { MeasuredServices, ShownServices } from './services.ts';

/** The store, as far as it is measured here. */
export interface MeasuredReleases {
  activeReleases(): readonly Release[];
}

/** How a release can end. */
const ENDS = [
  { state: 'completed', reason: 'steps_done' },
  { state: 'aborted', reason: 'analysis_failed' },
  { state: 'aborted', reason: 'abort_requested' },
  { state: 'aborted', reason: 'rolled_back' },
] as const satisfies readonly Pick<Release, 'state' | 'reason'>[];

/** Why a release can be aborted. */
const ABORTS: readonly ReleaseReason[] = ENDS.filter(({ state }) => state === 'aborted').map(({ reason }) => reason);

type Aborts = ReadonlyMap<ReleaseReason, number>;

const NO_ABORTS: Aborts = new Map(ABORTS.map((reason) => [reason, 0]));

/** Aborted releases of each service, with a number for every reason from the start of its first release on. */
export class AbortCounts {
  /** Those whose releases changed last stand last. */
  readonly #services = new Map<string, Aborts>();
  readonly #max: number;

  /** `max`: of so many services the numbers are kept; those whose releases changed longest ago are given up. */
  constructor(max: number) {
    this.#max = max;
  }

  /** To be told of every release, whenever it has changed. */
  see({ services, state, reason }: Release): void {
    for (const { name } of services) {
      const aborts = this.of(name);
      this.#services.delete(name);
      this.#services.set(
        name,
        state === 'aborted' ? new Map(aborts).set(reason, (aborts.get(reason) ?? 0) + 1) : aborts,
      );
      for (const oldest of this.#services.keys()) {
        if (this.#services.size <= this.#max) break;
        this.#services.delete(oldest);
      }
    }
  }

  of(service: string): Aborts {
    return this.#services.get(service) ?? NO_ABORTS;
  }

  /** The services that have had a release. */
  names(): IterableIterator<string> {
    return this.#services.keys();
  }
}

/** Where the metrics of releases come from. */
interface ReleaseSources {
  readonly releases: MeasuredReleases;
  readonly services: Pick<MeasuredServices, 'service'>;
  readonly shown: ShownServices;
}

/** Returns who is to be told of every change. */
export function releaseMetrics(
  registry: Registry,
  { releases, services, shown }: ReleaseSources,
): { changed(changes: readonly ModelChange[]): void } {
  activeMetrics(registry, releases);
  const ended = new Counter({
    name: 'teal_releases_ended_total',
    help: 'Releases that were completed or aborted since the start, with the reason.',
    labelNames: ['state', 'reason'],
    registers: [registry],
  });
  // A series that is born at 1 has not increased: the first abort would raise no alert.
  for (const labels of ENDS) ended.inc(labels, 0);
  const aborts = new AbortCounts(shown.max);
  for (const release of releases.activeReleases()) aborts.see(release);
  abortMetric(registry, aborts, { services, shown });
  return {
    changed(changes) {
      for (const change of changes) {
        if (change.op !== 'putRelease') continue;
        aborts.see(change.release);
        const { state, reason } = change.release;
        if (!isActive(change.release)) ended.inc({ state, reason });
      }
    },
  };
}

function abortMetric(
  registry: Registry,
  aborts: AbortCounts,
  { services, shown }: Pick<ReleaseSources, 'services' | 'shown'>,
): void {
  collectCounter(
    registry,
    {
      name: 'teal_service_releases_aborted_total',
      help: 'Releases of a service that were aborted since the start, with the reason.',
      labels: ['service', 'reason'],
    },
    (set) => {
      // All that are shown, so that a series is there before its first abort; and one with a release, however few ask for it.
      const names = new Set([...shown].map(({ name }) => name));
      for (const name of aborts.names()) if (services.service(name) !== undefined) names.add(name);
      for (const name of names) {
        for (const [reason, count] of aborts.of(name)) set(count, { service: name, reason });
      }
    },
  );
}

function activeMetrics(registry: Registry, releases: MeasuredReleases): void {
  collectGauge(
    registry,
    {
      name: 'teal_release_active',
      help: 'Releases that go on or wait: 1 for each of their services, with the state and the reason for it.',
      labels: ['service', 'to', 'state', 'reason'],
    },
    (set) => {
      for (const { services, to, state, reason } of releases.activeReleases()) {
        for (const { name } of services) set(1, { service: name, to, state, reason });
      }
    },
  );
  collectGauge(
    registry,
    { name: 'teal_release_step', help: 'Steps that the active release of a service has done.', labels: ['service'] },
    (set) => {
      for (const { services, stepIndex } of releases.activeReleases()) {
        for (const { name } of services) set(stepIndex, { service: name });
      }
    },
  );
  collectGauge(
    registry,
    { name: 'teal_release_steps', help: 'Steps that the active release of a service has.', labels: ['service'] },
    (set) => {
      for (const { services, steps } of releases.activeReleases()) {
        for (const { name } of services) set(steps.length, { service: name });
      }
    },
  );
}
