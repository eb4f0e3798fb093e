/** What must not be done to services while a release moves them. */
import { Problem } from '../../model/errors.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';

/**
 * 409 where a release of one of the services goes on; `what` completes "before you …". `zone`: the services are all that
 * this zone has, which may be thousands.
 */
export function refuseWhileReleasing(
  store: Store,
  names: readonly string[],
  what: string,
  zone?: string,
): Problem | undefined {
  const suspects = zone === undefined ? names : store.releasingIn(zone);
  for (const name of suspects) {
    const release = store.activeReleaseOf(name);
    if (release === undefined) continue;
    const detail = `The release ${release.id} of ${shown(name)} is ${release.state}: abort it, or let it end, before you ${what}.`;
    return new Problem('release_active', detail, { conflict: release.id });
  }
  return undefined;
}
