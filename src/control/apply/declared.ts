/** What is declared, as the commands that would make it so: names judged, weights that are in force left alone, in an order that can be done. */

import type { WrittenServiceBody } from '../../model/adoption.ts';
import { Problem } from '../../model/errors.ts';
import type { FreezeBody } from '../../model/freeze.ts';
import type { Labels } from '../../model/labels.ts';
import { canonicalName, isAtOrBelow, suffixesOf } from '../../model/name.ts';
import type { RRsetBody } from '../../model/rrset.ts';
import type { TokenBody } from '../../model/token.ts';
import type { WebhookBody } from '../../model/webhook.ts';
import type { ZoneBody } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import { formatType, parseType } from '../../wire/rdata.ts';
import type { Grant } from '../grant.ts';

type ByName<Body> = Readonly<Record<string, Body>>;

/** As the contract has it. */
export interface Declared {
  readonly zones?: ByName<ZoneBody>;
  readonly records?: ByName<ByName<RRsetBody & { readonly zone?: string }>>;
  readonly services?: ByName<WrittenServiceBody>;
  readonly tokens?: ByName<Omit<TokenBody, 'name'>>;
  readonly webhooks?: ByName<WebhookBody>;
  readonly freezes?: ByName<FreezeBody>;
  readonly weights?: 'keep' | 'declared';
  readonly prune?: { readonly labels: Labels };
}

interface DeclaredZone {
  readonly key: string;
  readonly name: string;
  readonly body: ZoneBody;
}

export interface DeclaredService {
  readonly key: string;
  readonly name: string;
  readonly body: WrittenServiceBody;
}

export interface DeclaredRRset {
  /** As written: owner name, and type. */
  readonly key: string;
  readonly type: string;
  readonly name: string;
  readonly typeCode: number;
  readonly zone: string;
  readonly body: RRsetBody;
}

/** All of it under canonical names. */
export interface Names {
  /** Parents before their children. */
  readonly zones: readonly DeclaredZone[];
  readonly rrsets: readonly DeclaredRRset[];
  readonly services: readonly DeclaredService[];
}

/** Of all kinds together: more would be minutes of other people's turns. */
const DECLARED_MAX = 5000;

/** Where a service takes the place of records, and where it cannot stand beside them. */
export const adoptedTypes: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.CNAME]);

/** Of maps and sets. */
export function rrsetId(zone: string, name: string, typeCode: number): string {
  return `${zone}/${name}/${typeCode}`;
}

/** JSON pointer (RFC 6901) to a place in the body. */
export function pointerTo(...keys: readonly string[]): string {
  return keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

export function readNames(store: Pick<Store, 'zone' | 'zoneOf'>, declared: Declared, grant: Grant): Names | Problem {
  const { zones = {}, records = {}, services = {}, tokens = {}, webhooks = {}, freezes = {} } = declared;
  const lists = [zones, services, tokens, webhooks, freezes, ...Object.values(records)];
  const count = lists.reduce((sum, list) => sum + Object.keys(list).length, 0);
  if (count > DECLARED_MAX) {
    const detail = `At most ${DECLARED_MAX} zones, RRsets, services, tokens, webhooks and freezes are declared at once, not ${count}: apply them in several files.`;
    return new Problem('body_invalid', detail, { pointer: '' });
  }
  const ofZones = named('zones', zones);
  if (ofZones instanceof Problem) return ofZones;
  const ofServices = named('services', services);
  if (ofServices instanceof Problem) return ofServices;
  const ordered = ofZones.sort((a, b) => suffixesOf(a.name).length - suffixesOf(b.name).length);
  const rrsets = readRRsets(store, records, ordered);
  if (rrsets instanceof Problem) return rrsets;
  const names = { zones: ordered, rrsets, services: ofServices };
  return checkBeside(names) ?? checkReach(names, declared, grant) ?? names;
}

function named<Body>(kind: string, list: ByName<Body>): { key: string; name: string; body: Body }[] | Problem {
  const seen = new Map<string, string>();
  const found = [];
  for (const [key, body] of Object.entries(list)) {
    const name = canonicalName(key);
    if (name instanceof Problem) return new Problem(name.code, name.detail, { pointer: pointerTo(kind, key) });
    const twin = seen.get(name);
    if (twin !== undefined) return declaredTwice(`${twin} and ${key}`, pointerTo(kind, key));
    seen.set(name, key);
    found.push({ key, name, body });
  }
  return found;
}

function declaredTwice(what: string, pointer: string): Problem {
  return new Problem('body_invalid', `${what} are one and the same: it is declared once.`, { pointer });
}

function readRRsets(
  store: Pick<Store, 'zone' | 'zoneOf'>,
  records: NonNullable<Declared['records']>,
  zones: readonly DeclaredZone[],
): DeclaredRRset[] | Problem {
  const found: DeclaredRRset[] = [];
  const seen = new Map<string, string>();
  for (const [key, types] of Object.entries(records)) {
    const name = canonicalName(key);
    if (name instanceof Problem) return new Problem(name.code, name.detail, { pointer: pointerTo('records', key) });
    for (const [type, { zone: asked, ...body }] of Object.entries(types)) {
      const pointer = pointerTo('records', key, type);
      const typeCode = parseType(type);
      if (typeof typeCode !== 'number') {
        return new Problem('type_unknown', `${key}: not a record type: ${typeCode.reason}.`, { pointer });
      }
      const zone = zoneFor(store, zones, name, asked);
      if (zone instanceof Problem) {
        return new Problem(zone.code, `${key}: ${zone.detail}`, {
          pointer: asked === undefined ? pointer : `${pointer}/zone`,
        });
      }
      const id = rrsetId(zone, name, typeCode);
      const twin = seen.get(id);
      if (twin !== undefined) return declaredTwice(`${twin} and ${key}/${type}`, pointer);
      seen.set(id, `${key}/${type}`);
      found.push({ key, type, name, typeCode, zone, body });
    }
  }
  return found;
}

/** The zone that is named, or the longest one that holds the name: one that is declared, or is there. */
function zoneFor(
  store: Pick<Store, 'zone' | 'zoneOf'>,
  zones: readonly DeclaredZone[],
  name: string,
  asked: string | undefined,
): string | Problem {
  if (asked !== undefined) {
    const zone = canonicalName(asked);
    if (zone instanceof Problem) return zone;
    if (store.zone(zone) !== undefined || zones.some((each) => each.name === zone)) return zone;
    return new Problem('zone_unknown', `There is no zone ${shown(zone)} here, and none is declared.`);
  }
  const there = store.zoneOf(name)?.name;
  const holding = [...zones.map((zone) => zone.name), ...(there === undefined ? [] : [there])];
  const longest = holding
    .filter((zone) => isAtOrBelow(name, zone))
    .sort((a, b) => suffixesOf(b).length - suffixesOf(a).length)[0];
  if (longest !== undefined) return longest;
  const detail = 'it is in no zone of this server or of what is declared; declare the zone too.';
  return new Problem('name_outside_zones', detail);
}

/** The service would take the place of the records now, and be refused for them the next time. */
function checkBeside({ rrsets, services }: Names): Problem | undefined {
  const byName = new Map(services.map((service) => [service.name, service]));
  for (const { key, name, type, typeCode } of rrsets) {
    const service = adoptedTypes.has(typeCode) ? byName.get(name) : undefined;
    if (service === undefined) continue;
    const detail = `${key}: a service is declared at this name, which answers ${formatType(typeCode)} itself: declare one of the two.`;
    return new Problem('service_conflict', detail, { pointer: pointerTo('records', key, type), conflict: service.key });
  }
  return undefined;
}

/** Whatever is compared is shown, so that all of it must be in reach, be it changed or not. */
function checkReach({ zones, rrsets, services }: Names, declared: Declared, grant: Grant): Problem | undefined {
  if (grant.isUnlimited) return undefined;
  const refuse = (what: string, pointer: string) =>
    new Problem('token_forbidden', `This token is limited, and ${what} not in its reach.`, { pointer });
  for (const kind of ['tokens', 'webhooks', 'freezes'] as const) {
    if (Object.keys(declared[kind] ?? {}).length > 0) return refuse(`${kind} are`, pointerTo(kind));
  }
  const zone = zones.find(({ name }) => !grant.zone(name));
  if (zone !== undefined) return refuse(`the zone ${zone.key} is`, pointerTo('zones', zone.key));
  const rrset = rrsets.find((each) => !grant.zone(each.zone));
  if (rrset !== undefined) {
    return refuse(`the zone ${shown(rrset.zone)} of ${rrset.key} is`, pointerTo('records', rrset.key, rrset.type));
  }
  const outside = services.find(
    ({ name }) => !grant.service(name) && !zones.some((each) => isAtOrBelow(name, each.name)),
  );
  return outside && refuse(`the service ${outside.key} is`, pointerTo('services', outside.key));
}
