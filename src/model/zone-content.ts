/** What a zone file holds: its records as RRsets by name, out of any order, each once. */
import { TYPE } from '../wire/constants.ts';
import { formatRdata, formatType, rdataKey } from '../wire/rdata.ts';
import type { Finding, Findings } from '../wire/zone-file/finding.ts';
import type { ZoneRecord } from '../wire/zone-file/reader.ts';
import { isAtOrBelow, wireToName } from './name.ts';

/** Up to here, comparing records one by one beats keeping a set of them. */
const COMPARED_RECORDS_MAX = 8;

/** An RRset as it stands in a file. */
export class ContentRRset {
  /** Canonical text, full. */
  readonly name: string;
  readonly type: number;
  /** The lowest where they differ. */
  ttlSeconds: number;
  /** In the order of the file. */
  readonly rdata: Uint8Array[];
  /** That of each record, in a set of signatures. */
  readonly #ttlsSeconds: number[];
  /** Where its first record stands. */
  readonly file: string;
  readonly line: number;
  #keys: Set<string> | undefined;

  constructor(name: string, { type, ttlSeconds, rdata, file, line }: ZoneRecord) {
    this.name = name;
    this.type = type;
    this.ttlSeconds = ttlSeconds;
    this.rdata = [rdata];
    this.#ttlsSeconds = type === TYPE.RRSIG ? [ttlSeconds] : [];
    this.file = file;
    this.line = line;
  }

  /** The TTL of each record, where they differ: signatures have those of what they sign (RFC 4034 §3). */
  get recordTtlSeconds(): readonly number[] | undefined {
    return this.#ttlsSeconds.some((seconds) => seconds !== this.ttlSeconds) ? this.#ttlsSeconds : undefined;
  }

  /** Adds a record unless an equal one is there (RFC 2181 §5); false then. */
  add(rdata: Uint8Array, ttlSeconds: number): boolean {
    if (this.#has(rdata)) return false;
    this.rdata.push(rdata);
    if (this.type === TYPE.RRSIG) this.#ttlsSeconds.push(ttlSeconds);
    this.ttlSeconds = Math.min(this.ttlSeconds, ttlSeconds);
    return true;
  }

  #has(rdata: Uint8Array): boolean {
    if (this.rdata.length <= COMPARED_RECORDS_MAX)
      return this.rdata.some((other) => sameRdata(this.type, rdata, other));
    this.#keys ??= new Set(this.rdata.map((other) => rdataKey(this.type, other)));
    const key = rdataKey(this.type, rdata);
    const known = this.#keys.has(key);
    this.#keys.add(key);
    return known;
  }
}

/** Equal but for the case of names in it (RFC 4034 §6.2). */
function sameRdata(type: number, a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let identical = true;
  for (let at = 0; at < a.length; at++) {
    if (a[at] === b[at]) continue;
    // Letters of either case differ in one bit; anything else that differs cannot be a matter of case.
    if ((a[at] | 0x20) !== (b[at] | 0x20)) return false;
    identical = false;
  }
  return identical || rdataKey(type, a) === rdataKey(type, b);
}

/** The RRsets of a zone by name. */
export class ZoneContent {
  /** Canonical name of the zone. */
  readonly zone: string;
  readonly names = new Map<string, ContentRRset[]>();
  readonly #findings: Findings;
  #owner: Uint8Array | undefined;
  /** Canonical name of the last owner, undefined where it is not in the zone. */
  #name: string | undefined;

  constructor(zone: string, findings: Findings) {
    this.zone = zone;
    this.#findings = findings;
  }

  rrsets(name: string): readonly ContentRRset[] {
    return this.names.get(name) ?? [];
  }

  rrset(name: string, type: number): ContentRRset | undefined {
    return this.names.get(name)?.find((rrset) => rrset.type === type);
  }

  /** Takes a record in, unless it is of another zone or there already: both are said and do no harm. */
  add(record: ZoneRecord): void {
    // Records that follow each other share their owner, so a look at the reference saves most of the work.
    if (record.owner !== this.#owner) this.#enter(record);
    const name = this.#name;
    if (name === undefined) return;
    const rrsets = this.names.get(name);
    const rrset = rrsets?.find(({ type }) => type === record.type);
    if (rrset) this.#join(rrset, record);
    else if (rrsets) rrsets.push(new ContentRRset(name, record));
    else this.names.set(name, [new ContentRRset(name, record)]);
  }

  #enter(record: ZoneRecord): void {
    const name = wireToName(record.owner);
    this.#owner = record.owner;
    this.#name = isAtOrBelow(name, this.zone) ? name : undefined;
    if (this.#name !== undefined) return;
    this.#warn('out_of_zone', record, `${name}. is not in the zone ${this.zone}.: its records are left out`);
  }

  #join(rrset: ContentRRset, record: ZoneRecord): void {
    const what = `${rrset.name}. ${formatType(rrset.type)}`;
    const before = rrset.ttlSeconds;
    if (!rrset.add(record.rdata, record.ttlSeconds)) {
      const text = formatRdata(record.type, record.rdata);
      this.#warn('record_repeated', record, `${what} ${text} is there already and counts once`);
      return;
    }
    // Signatures are no RRset together, and keep the TTLs of what they sign (RFC 4034 §3).
    if (record.ttlSeconds !== before && record.type !== TYPE.RRSIG) {
      const both = `${before} (line ${rrset.line}) and ${record.ttlSeconds}`;
      this.#warn('ttl_differs', record, `${what} has the TTLs ${both}: all its records get the lowest, RFC 2181 §5.2`);
    }
  }

  #warn(code: 'out_of_zone' | 'record_repeated' | 'ttl_differs', { file, line }: ZoneRecord, message: string): void {
    const finding: Finding<ZoneCode> = { severity: 'warning', code, file, line, column: 1, message };
    this.#findings.add(finding);
  }
}

/** Codes of what is said of a zone, part of the API contract: add freely, never rename. */
export type ZoneCode =
  | 'out_of_zone'
  | 'record_repeated'
  | 'ttl_differs'
  | 'soa_missing'
  | 'soa_several'
  | 'soa_misplaced'
  | 'ns_missing'
  | 'cname_and_other_data'
  | 'cname_several'
  | 'dname_several'
  | 'dname_has_descendants'
  | 'dname_beside_ns'
  | 'rrset_too_large'
  | 'address_missing'
  | 'glue_missing'
  | 'target_is_alias'
  | 'target_is_address'
  | 'occluded'
  | 'ds_misplaced'
  | 'wildcard_unusual'
  | 'spf_obsolete'
  | 'spf_several'
  | 'text_joined'
  | 'text_cut_off'
  | 'text_unusual'
  | 'quotes_within'
  | 'caa_unusual'
  | 'name_unusual'
  | 'final_dot_missing'
  | 'host_name_unusual';
