/** The checks that a zone owner wants before a zone is served, as named-checkzone and kzonecheck make them. */
import { TYPE } from '../wire/constants.ts';
import { formatType } from '../wire/rdata.ts';
import { type Finding, Findings } from '../wire/zone-file/finding.ts';
import type { PlainRecord } from '../wire/zone-file/plain.ts';
import { type Include, readZoneFile } from '../wire/zone-file/reader.ts';
import { nameToWire, parentOf } from './name.ts';
import { atCut, belowDname, besideCname, glueTypes, oversize, RECORDS_MAX, TYPES_MAX } from './record-rules.ts';
import { ZoneBorders } from './zone-borders.ts';
import type { ZoneCode } from './zone-code.ts';
import { type ContentRRset, ZoneContent } from './zone-content.ts';
import type { ZoneTraits } from './zone-harmless.ts';
import { isReverseZone, ZoneLint } from './zone-lint.ts';
import { type ServiceNames, TargetCheck } from './zone-targets.ts';

const LINES_COUNTED_BYTES = 64 * 1024;
/** Of a plain line, more or less: a file may begin with many that are empty. */
const LINE_BYTES_LEAST = 16;
const LINE_FEED = 0x0a;

export interface ZoneFileOptions {
  /** See `ReadOptions`. */
  readonly include?: Include;
  /** Canonical names in the zone whose addresses are answered from elsewhere: Teal's services. */
  readonly services?: ReadonlySet<string>;
  /** Those of them that answer with a CNAME. */
  readonly aliases?: ReadonlySet<string>;
  /** A number that who wrote the file cannot know, see seeded-hash.ts; left out: the file is one's own. */
  readonly seed?: number;
}

export interface ZoneFileReading {
  readonly content: ZoneContent;
  readonly findings: Findings;
}

/** Reads the zone's file and checks it. It may be served where there is no error; `zone` is a canonical name. */
export function readZone(zone: string, bytes: Uint8Array, options: ZoneFileOptions = {}): ZoneFileReading {
  const findings = new Findings();
  const content = new ZoneContent(zone, findings, expectedRecords(bytes), options.seed, bytes.length);
  const { include, services = new Set(), aliases = new Set() } = options;
  const origin = nameToWire(zone);
  const takePlain = (record: PlainRecord): PlainRecord | undefined => content.takePlain(record);
  const reading = { origin, takePlain, afterPlain: () => content.settle(), ...(include && { include }) };
  for (const record of readZoneFile(bytes, reading, findings)) content.add(record);
  // A file that could not be read whole would seem to lack what stands in the rest.
  if (findings.errors.length === 0) new ZoneCheck(content, { services, aliases }, findings).run();
  return { content, findings };
}

/** By the lines of what comes first; 0: it is so small that it does not matter. */
function expectedRecords(bytes: Uint8Array): number {
  if (bytes.length <= LINES_COUNTED_BYTES) return 0;
  let lines = 1;
  for (let at = 0; at < LINES_COUNTED_BYTES; at++) if (bytes[at] === LINE_FEED) lines++;
  return Math.ceil(Math.min(lines / LINES_COUNTED_BYTES, 1 / LINE_BYTES_LEAST) * bytes.length);
}

export class ZoneCheck {
  readonly #content: ZoneContent;
  readonly #services: ServiceNames;
  readonly #findings: Findings;
  readonly #borders: ZoneBorders;

  constructor(content: ZoneContent, services: ServiceNames, findings: Findings) {
    this.#content = content;
    this.#services = services;
    this.#findings = findings;
    this.#borders = new ZoneBorders(content);
  }

  /** `names`: those that are looked at, all that something might be said of if nothing else is given. */
  run(names: Iterable<[string, ContentRRset[]]> = this.#content.doubtful(this.#traits)): void {
    this.#checkApex();
    const lint = new ZoneLint(this.#content, this.#findings);
    const targets = new TargetCheck(this.#content, this.#services, this.#borders, this.#findings);
    for (const [name, rrsets] of names) {
      this.#checkName(name, rrsets);
      this.#checkAncestors(name, rrsets);
      for (const rrset of rrsets) targets.check(rrset);
      lint.check(name, rrsets);
    }
  }

  get #traits(): ZoneTraits {
    const { hasCuts, hasDnames } = this.#borders;
    const { zone } = this.#content;
    return { aliases: this.#services.aliases, isReverse: isReverseZone(zone), hasCuts, hasDnames };
  }

  #checkApex(): void {
    const { zone } = this.#content;
    const soa = this.#content.rrset(zone, TYPE.SOA);
    const expected = `at the top of the zone ${zone}.`;
    if (!soa) this.#add('error', 'soa_missing', undefined, `an SOA record was expected ${expected}`);
    else if (soa.rdata.length > 1)
      this.#add('error', 'soa_several', soa, `one SOA record was expected ${expected}, not ${soa.rdata.length}`);
    if (!this.#content.rrset(zone, TYPE.NS))
      this.#add('error', 'ns_missing', undefined, `NS records were expected ${expected}`);
  }

  #checkName(name: string, rrsets: readonly ContentRRset[]): void {
    for (const rrset of rrsets) this.#checkRRset(name, rrset);
    if (rrsets.length > TYPES_MAX)
      this.#add(
        'error',
        'types_too_many',
        rrsets[TYPES_MAX],
        `${name}. has records of ${rrsets.length} types: a name may have those of ${TYPES_MAX}`,
      );
    const find = (type: number): ContentRRset | undefined => rrsets.find((rrset) => rrset.type === type);
    const cname = find(TYPE.CNAME);
    const other = cname && rrsets.find(({ type }) => !besideCname.has(type));
    if (cname && other) {
      const found = `${formatType(other.type)} (line ${other.line})`;
      this.#add(
        'error',
        'cname_and_other_data',
        cname,
        `${name}. has a CNAME and ${found}: RFC 1034 §3.6.2 allows no other data`,
      );
    }
    const dname = find(TYPE.DNAME);
    const ns = find(TYPE.NS);
    if (dname && ns && name !== this.#content.zone)
      this.#add(
        'warning',
        'dname_beside_ns',
        dname,
        `${name}. has a DNAME and NS (line ${ns.line}): RFC 6672 §2.3 allows that at the top of a zone only`,
      );
    if (!ns && find(TYPE.DS) && name !== this.#content.zone)
      this.#add(
        'warning',
        'ds_misplaced',
        find(TYPE.DS),
        `${name}. has DS but no NS: DS belongs to a delegation, RFC 4035 §2.4`,
      );
    if (ns && name !== this.#content.zone) this.#checkOccluded(name, rrsets, atCut, `at the delegation`);
  }

  #checkRRset(name: string, rrset: ContentRRset): void {
    const { type, rdata } = rrset;
    const atApex = name === this.#content.zone;
    if (type === TYPE.SOA && !atApex)
      this.#add('error', 'soa_misplaced', rrset, `an SOA record belongs to the top of the zone, not to ${name}.`);
    if (type === TYPE.CNAME && rdata.length > 1)
      this.#add(
        'error',
        'cname_several',
        rrset,
        `${name}. has ${rdata.length} CNAME records: RFC 2181 §10.1 allows one`,
      );
    if (type === TYPE.DNAME && rdata.length > 1)
      this.#add(
        'error',
        'dname_several',
        rrset,
        `${name}. has ${rdata.length} DNAME records: RFC 6672 §2.4 allows one`,
      );
    if (type === TYPE.DS && atApex)
      this.#add('warning', 'ds_misplaced', rrset, 'DS of a zone belongs to its parent, RFC 4035 §2.4');
    if (type === TYPE.SPF)
      this.#add(
        'warning',
        'spf_obsolete',
        rrset,
        `${name}. has type SPF, which nobody asks for any more: use TXT, RFC 7208 §3.1`,
      );
    if (type === TYPE.NS && name.startsWith('*.'))
      this.#add('warning', 'wildcard_unusual', rrset, `${name}. NS delegates nothing: RFC 4592 §4.2`);
    if (name.includes('*') && (/\.\*\./.test(name) || name.endsWith('.*')))
      this.#add('warning', 'wildcard_unusual', rrset, `${name}. has a * that matches only itself: RFC 4592 §2.1.1`);
    this.#checkSize(name, rrset);
  }

  /** An RRset that fits in no message can never be answered (RFC 2181 §9: it is not cut in half). */
  #checkSize(name: string, rrset: ContentRRset): void {
    const over = oversize(name, rrset.rdata);
    if (over === undefined) return;
    const what = `${name}. ${formatType(rrset.type)}`;
    // Of more records the rest was left out.
    const least = rrset.rdata.length > RECORDS_MAX ? 'at least ' : '';
    this.#add(
      'error',
      'rrset_too_large',
      rrset,
      `${what} has ${least}${over.bytes} bytes on the wire: with its question and EDNS at most ${over.maxBytes} fit in a message`,
    );
  }

  /** Names below a delegation or a DNAME are never answered. */
  #checkAncestors(name: string, rrsets: readonly ContentRRset[]): void {
    const borders = this.#borders;
    if (!borders.hasCuts && !borders.hasDnames) return;
    for (let above = this.#above(name); above !== undefined; above = this.#above(above)) {
      const dnameLine = borders.dnameLineAt(above);
      const isDname = dnameLine !== undefined;
      const below = isDname ? rrsets.find(({ type }) => !belowDname.has(type)) : undefined;
      if (below)
        this.#add(
          'error',
          'dname_has_descendants',
          below,
          `${name}. is below the DNAME of ${above}. (line ${dnameLine}): RFC 6672 §2.4 allows no data there`,
        );
      if (isDname || borders.isCut(above)) {
        if (!isDname) this.#checkOccluded(name, rrsets, glueTypes, `below the delegation of ${above}.`);
        return;
      }
    }
  }

  /** The name's parent, undefined for the zone's own name. */
  #above(name: string): string | undefined {
    return name === this.#content.zone ? undefined : parentOf(name);
  }

  #checkOccluded(name: string, rrsets: readonly ContentRRset[], allowed: ReadonlySet<number>, where: string): void {
    const occluded = rrsets.find(({ type }) => !allowed.has(type));
    if (!occluded) return;
    const what = `${name}. ${formatType(occluded.type)}`;
    this.#add('warning', 'occluded', occluded, `${what} is ${where} and is not answered: it belongs to the child zone`);
  }

  #add(severity: Finding['severity'], code: ZoneCode, rrset: ContentRRset | undefined, message: string): void {
    this.#findings.add({ severity, code, ...positionOf(rrset), message });
  }
}

/** Where an RRset begins; zeros for the zone as a whole. */
export function positionOf(rrset: ContentRRset | undefined): { file: string; line: number; column: number } {
  return rrset ? { file: rrset.file, line: rrset.line, column: 1 } : { file: '', line: 0, column: 0 };
}
