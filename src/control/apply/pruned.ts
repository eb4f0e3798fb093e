/** What bears the labels of a prune and is not declared. What has them not is never taken, nor anything with it. */
import { Problem } from '../../model/errors.ts';
import type { Freeze } from '../../model/freeze.ts';
import type { Labels } from '../../model/labels.ts';
import { suffixesOf } from '../../model/name.ts';
import type { RRset } from '../../model/rrset.ts';
import type { Service } from '../../model/service.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Grant } from '../grant.ts';
import { rrsetName } from '../names.ts';
import type { Sliced } from '../slices.ts';
import { adoptedTypes, type Declared, type Names, rrsetId } from './declared.ts';

export interface Pruned {
  /** Children before their parents. */
  readonly zones: readonly Zone[];
  /** But for those that go with their zone. */
  readonly rrsets: readonly RRset[];
  readonly services: readonly Service[];
  readonly freezes: readonly Freeze[];
}

/** Looked at in one slice. */
const SLICE_NOUNS = 200;

const POINTER = '/prune';

/**
 * Tokens and webhooks are never among them: each has a secret that is with somebody, so that the files of before, applied
 * again, would not bring it back; whoever wants one gone says so by its name.
 */
export function* findPruned(
  store: Pick<Store, 'zones' | 'services' | 'rrsets' | 'servicesIn' | 'freezes'>,
  { prune, freezes: declaredFreezes = {} }: Declared & { readonly prune: NonNullable<Declared['prune']> },
  names: Names,
  grant: Grant,
): Sliced<Pruned | Problem> {
  const { labels } = prune;
  if (Object.keys(labels).length === 0) {
    const detail =
      'A prune needs at least one label, such as {"managed-by":"apply"}: what has none is never taken away.';
    return new Problem('body_invalid', detail, { pointer: `${POINTER}/labels` });
  }
  const bears = (noun: { labels?: Labels | undefined }): boolean =>
    Object.entries(labels).every(([key, value]) => noun.labels?.[key] === value);
  const declaredZones = new Set(names.zones.map(({ name }) => name));
  const declaredServices = new Set(names.services.map(({ name }) => name));
  const declaredRRsets = new Set(names.rrsets.map(({ zone, name, typeCode }) => rrsetId(zone, name, typeCode)));
  const services = (yield* walk((last?: Service) => store.services(last?.name, SLICE_NOUNS))).filter(
    (service) => bears(service) && !declaredServices.has(service.name) && grant.service(service.name),
  );
  const zones: Zone[] = [];
  const rrsets: RRset[] = [];
  for (const zone of yield* walk((last?: Zone) => store.zones(last?.name, SLICE_NOUNS))) {
    if (!grant.zone(zone.name)) continue;
    const goes = bears(zone) && !declaredZones.has(zone.name);
    const kept = goes ? keptIn(zone, services, store, names) : undefined;
    if (kept !== undefined) return kept;
    for (const rrset of yield* walk((last?: RRset) => store.rrsets(zone.name, last, SLICE_NOUNS))) {
      const isPruned = bears(rrset) && !declaredRRsets.has(rrsetId(zone.name, rrset.name, rrset.type));
      if (goes && !isPruned) {
        const id = rrsetName(rrset.name, rrset.type);
        return notEmpty(zone, `the RRset ${id} would go with it and does not bear them all`, id);
      }
      // A service that is declared there takes its place itself, without an answer less in between.
      const isReplaced = declaredServices.has(rrset.name) && adoptedTypes.has(rrset.type);
      if (!goes && isPruned && !isReplaced) rrsets.push(rrset);
    }
    if (goes) zones.push(zone);
  }
  // Whoever is limited neither makes freezes nor takes them away.
  const freezes = store.freezes().filter(({ name, ownLabels }) => {
    return grant.isUnlimited && bears({ labels: ownLabels }) && !Object.hasOwn(declaredFreezes, name);
  });
  zones.sort((a, b) => suffixesOf(b.name).length - suffixesOf(a.name).length);
  return { zones, rrsets, services, freezes };
}

/** All there are, page by page, with a pause after each. */
function* walk<Noun>(page: (last?: Noun) => readonly Noun[]): Sliced<Noun[]> {
  const found: Noun[] = [];
  for (let next = page(undefined); next.length > 0; next = page(next.at(-1))) {
    found.push(...next);
    yield;
  }
  return found;
}

/** What keeps a zone that would be taken away. */
function keptIn(
  zone: Zone,
  services: readonly Service[],
  store: Pick<Store, 'servicesIn'>,
  names: Names,
): Problem | undefined {
  const going = new Set(services.map(({ name }) => name));
  const stays = store.servicesIn(zone.name).find(({ name }) => !going.has(name));
  if (stays !== undefined) {
    const detail = `prune: the zone ${shown(zone.name)} bears the labels, but its service ${shown(stays.name)} does not go with it: label or delete the service, or declare the zone.`;
    return new Problem('zone_has_services', detail, { pointer: POINTER, conflict: shown(stays.name) });
  }
  const rrset = names.rrsets.find((each) => each.zone === zone.name);
  return rrset && notEmpty(zone, `its RRset ${rrset.key}/${rrset.type} is declared`, rrset.key);
}

function notEmpty(zone: Zone, but: string, conflict: string): Problem {
  const detail = `prune: the zone ${shown(zone.name)} bears the labels, but ${but}: declare the zone, or label or delete what is in it.`;
  return new Problem('zone_not_empty', detail, { pointer: POINTER, conflict });
}
