/** What the check of a zone file would warn of, said where the API takes such records. */

import { isAtOrBelow, nameToWire, parentOf, suffixesOf, wireToName } from '../../model/name.ts';
import { previewNames } from '../../model/preview.ts';
import type { RRset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { ZoneBorders } from '../../model/zone-borders.ts';
import { ZoneContent } from '../../model/zone-content.ts';
import { ZoneLint } from '../../model/zone-lint.ts';
import { aliasMessage, type ServiceNames, TargetCheck } from '../../model/zone-targets.ts';
import { shown } from '../../shown.ts';
import { TYPE } from '../../wire/constants.ts';
import { Malformed } from '../../wire/malformed.ts';
import { hostNames } from '../../wire/rdata.ts';
import { encodeText } from '../../wire/text.ts';
import { undottedNames } from '../../wire/typed-rdata.ts';
import { wordsOfLine } from '../../wire/words.ts';
import { FINDINGS_MAX, Findings } from '../../wire/zone-file/finding.ts';
import { typographicQuotes } from '../../wire/zone-file/quotes.ts';
import type { Sliced } from '../slices.ts';
import { isPause } from './record-list.ts';
import type { RuledStore } from './records-after.ts';

interface Warning {
  readonly code: string;
  readonly message: string;
}

/** Hosts of one RRset that are looked up: a person who is told of so many knows enough. */
const HOSTS_LOOKED_UP_MAX = 20;

/** RRsets of a zone that are looked through for who names a host: some ten milliseconds, and more than most zones have. */
const RRSETS_LOOKED_THROUGH_MAX = 20_000;

/** Warnings that a reply has: more would only hide each other. */
const WARNINGS_MAX = 100;

/** What is to be told of RRsets that were put or added to. */
interface Written {
  readonly type: number;
  readonly after: RRset | undefined;
  /** What was typed for their records. */
  readonly texts: readonly string[];
}

/** Of all that a list of changes leaves of what it wrote. */
export function* recordWarnings(store: RuledStore, zone: Zone, all: readonly Written[]): Sliced<readonly Warning[]> {
  const warnings = new Map<string, Warning>();
  const aliases = new Set<string>();
  for (const [i, { type, after, texts }] of all.entries()) {
    if (isPause(i)) yield;
    if (after === undefined || texts.length === 0) continue;
    if (type === TYPE.CNAME) aliases.add(after.name);
    const hosts = type === TYPE.CNAME ? [] : targetWarnings(store, zone, after);
    for (const each of [...hosts, ...spellingWarnings(zone, after, texts)]) warnings.set(each.message, each);
    if (warnings.size >= WARNINGS_MAX) break;
  }
  for (const each of namerWarnings(store, zone, aliases)) warnings.set(each.message, each);
  return [...warnings.values()].slice(0, WARNINGS_MAX);
}

/** Of the NS, MX and SRV records that were put; what a child zone of ours holds is for that to say. */
function targetWarnings(store: RuledStore, zone: Zone, rrset: RRset): readonly Warning[] {
  const isOurs = (host: string): boolean => isAtOrBelow(host, zone.name) && store.zoneOf(host)?.name === zone.name;
  const looked = rrset.rdata
    .slice(0, HOSTS_LOOKED_UP_MAX)
    .map((rdata) => ({ rdata, hosts: hostsIn(rrset.type, rdata) }));
  const ours = looked.filter(({ hosts }) => hosts.some(isOurs));
  if (ours.length === 0) return [];
  const findings = new Findings();
  const content = new ZoneContent(zone.name, findings);
  addTo(content, { ...rrset, rdata: ours.map(({ rdata }) => rdata) });
  const names = new Set(ours.flatMap(({ hosts }) => hosts).flatMap((host) => namesThatDecide(zone, host)));
  for (const name of names) {
    for (const each of store.rrsetsAt(zone.name, name))
      if (name !== rrset.name || each.type !== rrset.type) addTo(content, each);
  }
  const check = new TargetCheck(content, servicesAt(store, zone, names), new ZoneBorders(content), findings);
  for (const each of content.rrsets(rrset.name)) if (each.type === rrset.type) check.check(each);
  return findings.warnings.map(({ code, message }) => ({ code, message }));
}

/** Of names whose final dot was forgotten or that no host has, and of typographic quotes in the texts that were put. */
function spellingWarnings(zone: Zone, rrset: RRset, texts: readonly string[]): readonly Warning[] {
  const findings = new Findings();
  const content = new ZoneContent(zone.name, findings);
  addTo(content, { ...rrset, rdata: rrset.rdata.slice(0, HOSTS_LOOKED_UP_MAX) });
  new ZoneLint(content, findings).check(rrset.name, content.rrsets(rrset.name));
  const warnings: Warning[] = findings.warnings.map(({ code, message }) => ({ code, message }));
  const origin = nameToWire(zone.name);
  for (const text of texts.slice(0, HOSTS_LOOKED_UP_MAX)) {
    for (const { taken, within } of undottedNames(rrset.type, text, origin)) {
      const message = `${taken} was typed without its final dot and taken as a whole name; ${within} is another one`;
      warnings.push({ code: 'final_dot_missing', message });
    }
    const words = wordsOfLine(encodeText(text));
    const quotes = words instanceof Malformed ? undefined : typographicQuotes(words, 0);
    if (quotes !== undefined) warnings.push({ code: 'quotes_typographic', message: quotes.reason });
  }
  return warnings;
}

/** Where aliases have come to stand: the NS, MX and SRV records of the zone that name one, as far as it is looked through. */
export function namerWarnings(store: RuledStore, zone: Zone, aliases: ReadonlySet<string>): readonly Warning[] {
  const warnings: Warning[] = [];
  if (aliases.size === 0) return warnings;
  for (const rrset of store.rrsetsOfTypes(zone.name, [TYPE.NS, TYPE.MX, TYPE.SRV], RRSETS_LOOKED_THROUGH_MAX)) {
    const alias = rrset.rdata.flatMap((rdata) => hostsIn(rrset.type, rdata)).find((host) => aliases.has(host));
    if (alias === undefined) continue;
    warnings.push({ code: 'target_is_alias', message: aliasMessage(rrset, alias) });
    if (warnings.length === FINDINGS_MAX) break;
  }
  return warnings;
}

function hostsIn(type: number, rdata: Uint8Array): string[] {
  return hostNames(type, rdata).map((offset) => wireToName(rdata.subarray(offset)));
}

/** As in a zone file's check: the zone's services at the names, and previews. */
function servicesAt(store: RuledStore, zone: Zone, names: ReadonlySet<string>): ServiceNames {
  const [services, aliases] = [new Set<string>(), new Set<string>()];
  for (const name of names) {
    const own = store.service(name);
    if (own?.zone === zone.name) (own.kind === 'host' ? aliases : services).add(name);
    const above = parentOf(name);
    const owner = above === undefined ? undefined : store.service(above);
    if (owner?.zone === zone.name && previewNames(owner).has(name)) services.add(name);
  }
  return { services, aliases };
}

/** The name, those above it in the zone, and the wildcards that may stand for it. */
function namesThatDecide(zone: Zone, host: string): string[] {
  const inZone = suffixesOf(host).filter((name) => isAtOrBelow(name, zone.name));
  return [...inZone, ...inZone.map((name) => (name === '' ? '*' : `*.${name}`))];
}

function addTo(content: ZoneContent, { name, type, ttlSeconds, rdata }: RRset): void {
  const owner = nameToWire(name);
  for (const each of rdata) content.add({ owner, type, ttlSeconds, rdata: each, file: '', line: 0 });
}

/** Names that a signed zone has not had: whoever uses NSEC aggressively may know already that they are not there (RFC 8198). */
export function newNameWarnings(zone: Zone, before: readonly string[], after: readonly string[]): Warning[] {
  const names = after.filter((name) => !before.includes(name));
  if (names.length === 0) return [];
  // RFC 9077 §3: what proves absence is kept for the lesser of the two.
  const seconds = Math.min(zone.negativeTtlSeconds, zone.ttlSeconds);
  const listed = names.map((name) => shown(name)).join(', ');
  const message = `${shown(zone.name)} is signed: for up to ${seconds} s resolvers may say that ${listed} is not there, though nobody asked them for it before (RFC 8198).`;
  return [{ code: 'absence_cached', message }];
}
