/**
 * What must not be done to services while their traffic is frozen: what moves it forward. Rollbacks, aborts and forced
 * health never ask here: whoever takes something back in a hurry is not to be held up.
 */
import { Problem } from '../../model/errors.ts';
import { type Frozen, frozenInWords, frozenServices } from '../../model/freeze.ts';
import type { Service } from '../../model/service.ts';
import type { Override } from '../../model/why.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { CommandContext } from '../commands/command.ts';

/** What holds the traffic of some services at a time. */
export function frozenNow(
  store: Pick<Store, 'freezes'>,
  services: readonly Service[],
  atMs: number,
): ReturnType<typeof frozenServices> {
  return frozenServices(store.freezes(), services, atMs);
}

/** 409 where one of the services is frozen; the override that passes the freeze over; undefined: there is none. */
export function passFreeze(
  store: Pick<Store, 'freezes'>,
  services: readonly Service[],
  { atMs, override }: Pick<CommandContext, 'atMs' | 'override'>,
): Override | Problem | undefined {
  const frozen = frozenNow(store, services, atMs);
  if (frozen === undefined) return undefined;
  return override === undefined ? refuseFrozen(frozen) : { freeze: frozen.freeze.name, reason: override };
}

/** What it says is what whoever reads it at night needs: which freeze, until when, and what can be done all the same. */
function refuseFrozen(frozen: Frozen & { readonly service: string }): Problem {
  const detail = `Traffic of ${shown(frozen.service)} is frozen ${frozenInWords(frozen)}. Rollback, abort and forced health work all the same; in an emergency "override": {"reason": "…"} passes it over, and is kept with the change.`;
  return new Problem('frozen', detail, { conflict: frozen.freeze.name });
}

/** As the sentence of a revision ends. */
export function overriddenInWords({ freeze, reason }: Override): string {
  return `in spite of the freeze ${freeze}: ${reason}`;
}
