/** The gate that passes while a pool is healthy. */
import type { PoolHealth } from '../../model/health-effect.ts';
import type { Measurement } from '../../model/release-analysis.ts';
import type { Service } from '../../model/service.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Clock } from '../clock.ts';
import { type HealthView, poolsSeen } from '../observed/health.ts';
import type { Asking } from './analysis.ts';

export interface HealthGateParts {
  readonly store: Pick<Store, 'service'>;
  readonly view: HealthView;
  /** The one that the monitor waits by. */
  readonly clock: Pick<Clock, 'steadyMs'>;
  readonly monitor: {
    /** Resolves when a target of the service was probed, after `timeoutMs`, or when `stopped` is aborted. */
    nextResult(service: string, timeoutMs: number, stopped: AbortSignal): Promise<void>;
  };
}

/** The pool must be healthy in each service of the release. */
export async function measureHealth(
  parts: HealthGateParts,
  pool: string,
  { release, timeoutMs, stopped }: Asking,
): Promise<Measurement> {
  const all = await Promise.all(
    release.services.map(({ name }) => measureService(parts, name, pool, { timeoutMs, stopped })),
  );
  const worst = all.find(({ outcome }) => outcome === 'failed') ?? all.find(({ outcome }) => outcome !== 'passed');
  return worst ?? { outcome: 'passed', message: all.map(({ message }) => message).join(', ') };
}

async function measureService(
  { store, view, clock, monitor }: HealthGateParts,
  name: string,
  pool: string,
  { timeoutMs, stopped }: Pick<Asking, 'timeoutMs' | 'stopped'>,
): Promise<Measurement> {
  const endMs = clock.steadyMs() + timeoutMs;
  for (;;) {
    const measured = judge(store.service(name), name, pool, view);
    const leftMs = endMs - clock.steadyMs();
    if (measured.outcome !== 'inconclusive' || leftMs <= 0 || stopped.aborted) return measured;
    // After a start the first results are not there yet, and come soon.
    await monitor.nextResult(name, leftMs, stopped);
  }
}

function judge(service: Service | undefined, name: string, poolName: string, view: HealthView): Measurement {
  const found = service && poolsSeen(service, view).find(({ pool }) => pool.name === poolName);
  const what = `${poolName} of ${shown(name)}`;
  if (service === undefined || found === undefined) return { outcome: 'failed', message: `${what} is not there` };
  const { pool, up } = found;
  if (up.length === 0) return { outcome: 'failed', message: `${what} is unhealthy${reasonOf(service, found, view)}` };
  if (up.some((target) => isKnown(service, found, target, view))) {
    return { outcome: 'passed', message: `${what} is healthy, ${up.length} of ${pool.targets.length} targets are up` };
  }
  return { outcome: 'inconclusive', message: `${what} has not been probed${reasonOf(service, found, view)}` };
}

/** What was not probed counts as up in answers, but is no reason to go on with a release. */
function isKnown(service: Service, { pool }: PoolHealth, target: string, view: HealthView): boolean {
  if (isSeenUp(service, target, view)) return true;
  return view.forced(service).some((forced) => {
    const isMeant = forced.target === undefined || forced.target === target;
    return forced.pool === pool.name && isMeant && forced.state === 'up';
  });
}

/** With a quorum it is enough that one of the nodes sees it. */
function isSeenUp({ name, health }: Service, target: string, view: HealthView): boolean {
  if (view.target(name, target)?.state === 'up') return true;
  if (health?.quorum === undefined) return false;
  return view.others(name, target)?.views.some(({ vote }) => vote === 'up') === true;
}

function reasonOf({ name }: Service, { pool }: PoolHealth, view: HealthView): string {
  const reasons = pool.targets.flatMap((target) => {
    const reason = view.target(name, target)?.reason;
    return reason === undefined ? [] : [`${target} ${reason}`];
  });
  return reasons.length === 0 ? '' : `: ${reasons.join(', ')}`;
}
