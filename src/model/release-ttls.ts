/**
 * The TTLs of a service while a release moves it. Its weights are the release's, its TTLs are whoever's who writes the
 * service: what they say is in force at once, and is what it has after the release. Pure.
 */
import { isActive, isLowered, type Release, type ReleaseService } from './release.ts';
import type { Service } from './service.ts';

/** What a service says of its TTLs: outside of releases, and while one goes on. */
export function ttlsOf(service: Service): Pick<ReleaseService, 'steadyTtlSeconds' | 'ttlSeconds'> {
  const steadyTtlSeconds = service.ttlSeconds;
  const ttlSeconds = Math.min(steadyTtlSeconds, service.release?.ttlSeconds ?? steadyTtlSeconds);
  return { steadyTtlSeconds, ttlSeconds };
}

/**
 * The release after one of its services was given other TTLs; the same object where they are the ones that it had.
 * Answers with a longer one may be held on for that long: waits go by it, so that no step comes earlier than it would.
 */
export function withTtls(release: Release, service: Service, atMs: number): Release {
  const ttls = ttlsOf(service);
  const changed = (each: ReleaseService): boolean =>
    each.name === service.name &&
    (each.ttlSeconds !== ttls.ttlSeconds || each.steadyTtlSeconds !== ttls.steadyTtlSeconds);
  if (!release.services.some(changed)) return release;
  const services = release.services.map((each) =>
    changed(each) ? { ...each, ...ttls, ...longer(each, ttls, heldUntilMs(each, release, atMs)) } : each,
  );
  return { ...release, services };
}

function longer(
  before: ReleaseService,
  { steadyTtlSeconds, ttlSeconds }: Pick<ReleaseService, 'steadyTtlSeconds' | 'ttlSeconds'>,
  untilMs: number,
): Pick<ReleaseService, 'longerUntilMs'> {
  if (before.ttlSeconds <= ttlSeconds && before.steadyTtlSeconds <= steadyTtlSeconds) return {};
  return { longerUntilMs: Math.max(before.longerUntilMs ?? 0, untilMs) };
}

/**
 * Until when caches may hold answers with the TTLs that a service had until now. While the release waits for the lowered
 * one, those with the steady one are out too: that wait goes on, but a retry of the release would know nothing of it.
 */
function heldUntilMs({ ttlSeconds, steadyTtlSeconds }: ReleaseService, { wait }: Release, atMs: number): number {
  const loweredAtMs = wait?.kind === 'lowering' ? wait.startedAtMs : undefined;
  const steadyUntilMs = loweredAtMs === undefined ? 0 : loweredAtMs + steadyTtlSeconds * 1000;
  return Math.max(atMs + ttlSeconds * 1000, steadyUntilMs);
}

/** The TTL to which a release lowers that of the service now; undefined: it does not. */
export function loweredBy(release: Release, name: string): number | undefined {
  const service = release.services.find((each) => each.name === name);
  return service !== undefined && isActive(release) && isLowered(service) ? service.ttlSeconds : undefined;
}
