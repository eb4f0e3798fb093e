/** Whether the hosts that a zone's NS, MX and SRV records name have addresses, as far as the zone can say. */
import { TYPE } from '../wire/constants.ts';
import { formatType, hostNames } from '../wire/rdata.ts';
import type { Findings } from '../wire/zone-file/finding.ts';
import { isAtOrBelow, parentOf, wireToName } from './name.ts';
import type { ZoneBorders } from './zone-borders.ts';
import type { ZoneCode } from './zone-code.ts';
import type { ContentRRset, ZoneContent } from './zone-content.ts';

/** Types whose targets must be hosts with addresses, and no aliases (RFC 2181 §10.3, RFC 2782). */
const checkedTypes = new Set<number>([TYPE.NS, TYPE.MX, TYPE.SRV]);

/** Names in the zone that are answered from elsewhere. */
export interface ServiceNames {
  /** Services and their previews. */
  readonly services: ReadonlySet<string>;
  /** Services that answer with a CNAME. */
  readonly aliases: ReadonlySet<string>;
}

/** What the zone says of a host. `elsewhere`: it is for another zone to say. */
type Standing = 'address' | 'alias' | 'missing' | 'elsewhere';

/** `a.example. MX names b.example., which is an alias: …` */
export function aliasMessage({ name, type }: { name: string; type: number }, target: string): string {
  const rule = type === TYPE.SRV ? 'RFC 2782' : 'RFC 2181 §10.3';
  return `${name}. ${formatType(type)} names ${target}., which is an alias: ${rule} wants a host with addresses`;
}

export class TargetCheck {
  readonly #content: ZoneContent;
  readonly #services: ServiceNames;
  readonly #borders: ZoneBorders;
  readonly #findings: Findings;

  constructor(content: ZoneContent, services: ServiceNames, borders: ZoneBorders, findings: Findings) {
    this.#content = content;
    this.#services = services;
    this.#borders = borders;
    this.#findings = findings;
  }

  check(rrset: ContentRRset): void {
    if (!checkedTypes.has(rrset.type)) return;
    for (const rdata of rrset.rdata) {
      for (const offset of hostNames(rrset.type, rdata)) this.#checkTarget(rrset, wireToName(rdata.subarray(offset)));
    }
  }

  #checkTarget(rrset: ContentRRset, target: string): void {
    // The root stands for "no such service" (RFC 7505 §3, RFC 2782).
    if (target === '') return;
    const what = (): string => `${rrset.name}. ${formatType(rrset.type)} names ${target}.`;
    if (/^\d+\.\d+\.\d+\.\d+(\.|$)/.test(target))
      return this.#add('warning', 'target_is_address', rrset, `${what()}: a host name was expected, not an address`);
    const standing = this.#standing(target);
    if (standing === 'address' || standing === 'elsewhere') return;
    const own = rrset.type === TYPE.NS && rrset.name === this.#content.zone;
    if (standing === 'alias') {
      // An address may follow, as where a zone is made step by step; an alias would have to go first, and is refused.
      const severity = own && this.#isAlias(target) ? 'error' : 'warning';
      return this.#add(severity, 'target_is_alias', rrset, aliasMessage(rrset, target));
    }
    const cut = this.#cutOf(target);
    if (cut === undefined || own)
      return this.#add('warning', 'address_missing', rrset, `${what()}, which has no A or AAAA record in this zone`);
    if (cut === rrset.name && rrset.type === TYPE.NS)
      this.#add(
        'warning',
        'glue_missing',
        rrset,
        `${what()}, which is in the delegated zone: A or AAAA records for it are needed here as glue, RFC 1034 §4.2.1`,
      );
  }

  #standing(target: string): Standing {
    if (!isAtOrBelow(target, this.#content.zone)) return 'elsewhere';
    const number = this.#content.numberOf(target);
    if (this.#services.aliases.has(target) || this.#content.holdsAt(number, TYPE.CNAME)) return 'alias';
    if (this.#services.services.has(target)) return 'address';
    if (number >= 0) return this.#standingOf(number);
    for (let above = parentOf(target); above !== undefined; above = parentOf(above)) {
      if (this.#borders.isDname(above)) return 'alias';
      const wildcard = `*.${above}`;
      if (this.#services.aliases.has(wildcard)) return 'alias';
      if (this.#services.services.has(wildcard)) return 'address';
      const wild = this.#content.numberOf(wildcard);
      if (wild >= 0) return this.#standingOf(wild);
      // A wildcard covers nothing beyond the closest name that there is (RFC 4592 §3.3.1).
      if (above === this.#content.zone || this.#content.names.has(above)) break;
    }
    return 'missing';
  }

  /** A CNAME or a service that answers with one stands at this very name. */
  #isAlias(name: string): boolean {
    return this.#services.aliases.has(name) || this.#content.holds(name, TYPE.CNAME);
  }

  /** Of the name of this number. Makes no objects: what has thousands of records may be named by a million others. */
  #standingOf(number: number): Standing {
    if (this.#content.holdsAt(number, TYPE.CNAME)) return 'alias';
    const hasAddress = this.#content.holdsAt(number, TYPE.A) || this.#content.holdsAt(number, TYPE.AAAA);
    return hasAddress ? 'address' : 'missing';
  }

  /** The zone cut that the name is at or below. */
  #cutOf(name: string): string | undefined {
    for (let at: string | undefined = name; at !== undefined && at !== this.#content.zone; at = parentOf(at)) {
      if (this.#borders.isCut(at)) return at;
    }
    return undefined;
  }

  #add(severity: 'error' | 'warning', code: ZoneCode, { file, line }: ContentRRset, message: string): void {
    this.#findings.add({ severity, code, file, line, column: 1, message });
  }
}
