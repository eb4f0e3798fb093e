/** What a zone may hold and hardly ever means: names whose final dot was forgotten, and names that no host has. */
import { TYPE } from '../wire/constants.ts';
import { formatType, rdataNames } from '../wire/rdata.ts';
import type { Findings } from '../wire/zone-file/finding.ts';
import { isAtOrBelow, wireToName } from './name.ts';
import { doubtsOf, isSpf } from './text-lint.ts';
import type { ZoneCode } from './zone-code.ts';
import type { ContentRRset, ZoneContent } from './zone-content.ts';

/** Owners of these types are hosts (RFC 952, RFC 1123 §2.1). */
const hostTypes = new Set<number>([TYPE.A, TYPE.AAAA]);

/** See zone-targets.ts. */
const targetsChecked = new Set<number>([TYPE.NS, TYPE.MX, TYPE.SRV]);

/** Letters, digits and hyphens; underscores, which Windows and many others put there, and a wildcard's asterisk. */
const hostLabels = /^(\*\.)?[a-z0-9_.-]*$/;

/** Zones of reverse mapping (RFC 1035 §3.5, RFC 3596 §2.5). */
const reverseZone = /(^|\.)(in-addr|ip6)\.arpa$/;

export function isReverseZone(zone: string): boolean {
  return reverseZone.test(zone);
}

export class ZoneLint {
  readonly #content: ZoneContent;
  readonly #findings: Findings;
  /** Bytes below which no name can hold the zone's twice. */
  readonly #leastBytes: number;
  /** With a dot on either side: the zone's name where it stands within another. */
  readonly #within: string;
  readonly #isReverse: boolean;

  constructor(content: ZoneContent, findings: Findings) {
    this.#content = content;
    this.#findings = findings;
    this.#leastBytes = 2 * content.zone.length;
    this.#within = `.${content.zone}.`;
    this.#isReverse = isReverseZone(content.zone);
  }

  check(name: string, rrsets: readonly ContentRRset[]): void {
    const [first] = rrsets;
    if (first !== undefined && this.#repeatsZone(name)) this.#add('final_dot_missing', first, this.#forgotten(name));
    for (const rrset of rrsets) {
      if (hostTypes.has(rrset.type) && !hostLabels.test(name))
        this.#add(
          'host_name_unusual',
          rrset,
          `${name}. has addresses, and the name of a host is made of letters, digits and hyphens (RFC 1123 §2.1)`,
        );
      for (const rdata of rrset.rdata) this.#checkRdata(rrset, rdata);
      this.#checkValues(rrset);
    }
  }

  #checkValues(rrset: ContentRRset): void {
    const what = `${rrset.name}. ${formatType(rrset.type)}`;
    for (const rdata of rrset.rdata) {
      for (const { code, message } of doubtsOf(rrset.type, rdata, what)) this.#add(code, rrset, message);
    }
    if (rrset.rdata.filter((rdata) => isSpf(rrset.type, rdata)).length > 1) {
      this.#add('spf_several', rrset, `${what} has several SPF policies, and then none of them counts (RFC 7208 §4.5)`);
    }
    // NS, MX and SRV have a check of their own, which looks further.
    if (targetsChecked.has(rrset.type)) return;
    for (const rdata of rrset.rdata) this.#checkNames(rrset, rdata, what);
  }

  #checkNames(rrset: ContentRRset, rdata: Uint8Array, what: string): void {
    for (const offset of rdataNames(rrset.type, rdata)) {
      const name = wireToName(rdata.subarray(offset));
      if (rrset.type === TYPE.CNAME && name === rrset.name)
        this.#add('alias_of_itself', rrset, `${what} names itself: it leads nowhere (RFC 1034 §3.6.2)`);
      if (/^\d+\.\d+\.\d+\.\d+(\.|$)/.test(name) && !/\.arpa$/.test(name))
        this.#add('target_is_address', rrset, `${what} names ${name}.: a host name was expected, not an address`);
      else if (name.includes(':'))
        this.#add('name_unusual', rrset, `${what} names ${name}., which looks like an address or a URL`);
    }
  }

  #checkRdata(rrset: ContentRRset, rdata: Uint8Array): void {
    const what = (): string => `${rrset.name}. ${formatType(rrset.type)} names `;
    if (this.#isReverse && rrset.type === TYPE.PTR) {
      const target = wireToName(rdata);
      if (!isAtOrBelow(target, this.#content.zone)) return;
      const message = `${what()}${target}., which is within the reverse zone: is the final dot missing?`;
      this.#add('final_dot_missing', rrset, message);
    } else if (rdata.length > this.#leastBytes) {
      for (const offset of rdataNames(rrset.type, rdata)) {
        const target = wireToName(rdata.subarray(offset));
        if (this.#repeatsZone(target)) this.#add('final_dot_missing', rrset, what() + this.#forgotten(target));
      }
    }
  }

  /**
   * Whether the zone's name stands in the name once more before its end, as it does where a name that was written in
   * full without its final dot got the origin behind it: `www.example.test.example.test`. A zone of one label may well
   * have that label somewhere; there only a name of several labels that ends in it twice is told.
   */
  #repeatsZone(name: string): boolean {
    const { zone } = this.#content;
    if (zone === '' || name.length <= this.#leastBytes || !isAtOrBelow(name, zone)) return false;
    const rest = `.${name.slice(0, -zone.length)}`;
    return zone.includes('.') ? rest.includes(this.#within) : rest.endsWith(this.#within) && rest !== this.#within;
  }

  #forgotten(name: string): string {
    return `${name}. has the name of the zone twice: is the final dot missing?`;
  }

  #add(code: ZoneCode, { file, line }: ContentRRset, message: string): void {
    this.#findings.add({ severity: 'warning', code, file, line, column: 1, message });
  }
}
