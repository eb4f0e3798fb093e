/** Preview names and what else may stand at them: what is there first stays. */
import { Problem } from '../../model/errors.ts';
import { parentOf } from '../../model/name.ts';
import { previewNames } from '../../model/preview.ts';
import type { Service } from '../../model/service.ts';
import { shown } from '../../shown.ts';
import type { RuledStore } from './records-after.ts';

/** The service and the pool that a preview name (canonical text) answers for; undefined: it is none, or does not answer. */
export function findPreview(store: RuledStore, name: string): { service: Service; pool: string } | undefined {
  const above = parentOf(name);
  const service = above === undefined ? undefined : store.service(above);
  const pool = service && previewNames(service).get(name);
  if (service === undefined || pool === undefined) return undefined;
  const isTaken =
    store.service(name) !== undefined ||
    store.rrsetsAt(service.zone, name).length > 0 ||
    store.zoneOf(name)?.name !== service.zone;
  return isTaken ? undefined : { service, pool };
}

/** 409 where a preview answers at the name. */
export function refuseAtPreview(store: RuledStore, name: string): Problem | undefined {
  const preview = findPreview(store, name);
  return preview && previewProblem(name, preview.service, preview.pool);
}

/** 409 where records that are to replace all those of a zone would stand at a preview name of one of its services. */
export function refuseAtPreviews(
  store: RuledStore,
  service: Service,
  typesAt: (name: string) => readonly number[],
): Problem | undefined {
  for (const [name, pool] of previewNames(service)) {
    if (typesAt(name).length === 0 || findPreview(store, name) === undefined) continue;
    return previewProblem(name, service, pool);
  }
  return undefined;
}

function previewProblem(name: string, service: Service, pool: string): Problem {
  const owner = shown(service.name);
  const detail = `${name} answers from the pool ${pool} of the service ${owner}; with "previewNames": false in ${owner} the name is free.`;
  return new Problem('service_conflict', detail, { conflict: owner });
}
