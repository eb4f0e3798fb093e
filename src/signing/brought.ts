/** Zones that bring signatures of their own: whether a file has some, whether they hold, and what the zone is without them. */
import { nameToWire } from '../model/name.ts';
import type { ContentRRset, ZoneContent } from '../model/zone-content.ts';
import { BELOW, compareNames as placeOf } from '../table/order/compare.ts';
import { TYPE } from '../wire/constants.ts';
import { keyTag, ZONE_KEY } from '../wire/dnssec/key.ts';
import { readSignature, signedBytes } from '../wire/dnssec/rrsig.ts';
import { Verifier } from '../wire/dnssec/verifier.ts';
import { compareNames, lowerName } from '../wire/name.ts';
import { formatType } from '../wire/rdata.ts';
import type { Findings } from '../wire/zone-file/finding.ts';
import { type Add, checkDenials, type OwnName } from './brought-denials.ts';

/** Signatures that are verified, some 100 µs each: of a larger zone as many, spread over it. */
const VERIFIED_MAX = 20_000;
/** Whoever signs elsewhere does so again before; less is told, as a week is what nobody misses. */
const ENDS_SOON_SECONDS = 7 * 86_400;

/** What signs and proves, which a zone that is signed here gets from here. */
const signing: ReadonlySet<number> = new Set([TYPE.RRSIG, TYPE.NSEC, TYPE.NSEC3, TYPE.NSEC3PARAM]);
/** The same at the apex alone: keys, what the parent is told of them, and a digest of what was signed (RFC 8976). */
const signingAtApex: ReadonlySet<number> = new Set([TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY, TYPE.ZONEMD]);

/** Whether the zone brings signatures of its apex: whoever sends it must say what is to become of them. */
export function bringsSignatures(content: ZoneContent): boolean {
  return content.rrset(content.zone, TYPE.RRSIG) !== undefined;
}

/** Whether RRsets of the type, at the apex or elsewhere, are gone where the zone is signed here. */
export function isReplaced(type: number, isApex: boolean): boolean {
  return signing.has(type) || (isApex && signingAtApex.has(type));
}

/** Adds what keeps a validator from believing the zone as it stands. `nowSeconds`: Unix time. */
export function checkBrought(content: ZoneContent, findings: Findings, nowSeconds: number): void {
  const add: Add = (severity, code, rrset, message) => {
    const { file = '', line = 0 } = rrset ?? {};
    findings.add({ severity, code, file, line, column: rrset === undefined ? 0 : 1, message });
  };
  const check = new SignatureCheck(content, add, nowSeconds);
  if (!check.hasKeys()) return;
  const own = ownNames(content);
  for (const each of own) check.name(each);
  // All that a proof has is signed: those of hashed names stand apart.
  for (const rrset of content.ofTypes([TYPE.NSEC3])) check.rrset(rrset, content.rrsets(rrset.name));
  check.end();
  checkDenials(content, own, add);
}

/** RRsets of a zone of which every signature is verified each time that the server starts: some tenths of a second. */
const VERIFIED_AT_START_MAX = 2000;

/**
 * When the first signature of a zone that is served with its own ends (Unix time, seconds), and, of a small one, whether
 * validators believe it as it stands. Undefined: it brings none.
 */
export function lookAtKept(
  content: ZoneContent,
  nowSeconds: number,
): { readonly endsSeconds: number; readonly fault?: string | undefined } | undefined {
  if (!bringsSignatures(content)) return undefined;
  const faults: string[] = [];
  const add: Add = (severity, code, _rrset, message) => {
    if (severity === 'error') faults.push(`${message} (${code})`);
  };
  const isSmall = content.rrsetCount <= VERIFIED_AT_START_MAX;
  const check = new SignatureCheck(content, add, nowSeconds, isSmall);
  if (!check.hasKeys()) return undefined;
  const own = ownNames(content);
  for (const each of own) check.name(each);
  for (const rrset of content.ofTypes([TYPE.NSEC3])) check.rrset(rrset, content.rrsets(rrset.name));
  if (isSmall) checkDenials(content, own, add);
  return { endsSeconds: check.endsSeconds, fault: faults[0] };
}

/** In canonical order; what lies beyond a cut or a DNAME is left out, and so are names of nothing but NSEC3. */
function ownNames(content: ZoneContent): OwnName[] {
  const all: OwnName[] = [];
  for (const [name, rrsets] of content.names) {
    if (rrsets.every(({ type }) => type === TYPE.NSEC3 || type === TYPE.RRSIG)) continue;
    const isCut = name !== content.zone && rrsets.some(({ type }) => type === TYPE.NS);
    all.push({ name, wire: nameToWire(name), rrsets, isCut });
  }
  all.sort((a, b) => compareNames(a.wire, b.wire));
  let border: OwnName | undefined;
  return all.filter((each) => {
    if (border !== undefined && placeOf(each.wire, 0, border.wire, 0) === BELOW) return false;
    border = each.isCut || each.rrsets.some(({ type }) => type === TYPE.DNAME) ? each : undefined;
    return true;
  });
}

class SignatureCheck {
  readonly #content: ZoneContent;
  readonly #add: Add;
  readonly #nowSeconds: number;
  readonly #apex: Uint8Array;
  readonly #keys: readonly Uint8Array[];
  readonly #verifier = new Verifier();
  /** One signature of so many is verified. */
  readonly #every: number;
  #count = 0;
  /** When the first one ends, of the best of each RRset. */
  #ends = Number.POSITIVE_INFINITY;

  /** `verifies`: false, where only times are looked at. */
  constructor(content: ZoneContent, add: Add, nowSeconds: number, verifies = true) {
    this.#content = content;
    this.#add = add;
    this.#nowSeconds = nowSeconds;
    this.#apex = nameToWire(content.zone);
    const keys = content.rrset(content.zone, TYPE.DNSKEY)?.rdata ?? [];
    this.#keys = keys.filter((key) => (((key[0] << 8) | key[1]) & ZONE_KEY) !== 0);
    this.#every = verifies ? Math.ceil(content.rrsetCount / VERIFIED_MAX) : Number.POSITIVE_INFINITY;
  }

  /** When the first of the best signatures of each RRset ends; Unix time. */
  get endsSeconds(): number {
    return this.#nowSeconds + this.#ends;
  }

  hasKeys(): boolean {
    if (this.#keys.length > 0) return true;
    const what = `a DNSKEY that signs was expected at the top of the zone ${this.#content.zone}.`;
    this.#add('error', 'signature_missing', undefined, what);
    return false;
  }

  name({ isCut, rrsets }: OwnName): void {
    for (const rrset of rrsets) {
      const { type } = rrset;
      if (type === TYPE.RRSIG || type === TYPE.NSEC3) continue;
      if (!isCut || type === TYPE.DS || type === TYPE.NSEC) this.rrset(rrset, rrsets);
    }
  }

  /** `beside`: all that stands at its name. */
  rrset(rrset: ContentRRset, beside: readonly ContentRRset[]): void {
    const what = `${rrset.name}. ${formatType(rrset.type)}`;
    const all = beside.find(({ type }) => type === TYPE.RRSIG)?.rdata ?? [];
    const own = all.map(readSignature).filter(({ typeCovered }) => typeCovered === rrset.type);
    const known = own.flatMap((signature) => {
      const key = this.#keyOf(signature);
      return key === undefined ? [] : [{ signature, key }];
    });
    if (known.length === 0) {
      const why = own.length === 0 ? 'is not signed' : 'is signed by none of the keys of the zone';
      return this.#add('error', 'signature_missing', rrset, `${what} ${why}`);
    }
    const left = (end: number): number => (end - this.#nowSeconds) | 0;
    const best = (all: typeof known): number => Math.max(...all.map(({ signature }) => left(signature.expiration)));
    const current = known.filter(({ signature }) => left(signature.expiration) > 0 && left(signature.inception) <= 0);
    this.#ends = Math.min(this.#ends, best(current.length === 0 ? known : current));
    if (current.length === 0) {
      const seconds = known[0].signature.expiration;
      const when = new Date((this.#nowSeconds + left(seconds)) * 1000).toISOString();
      const how = left(seconds) <= 0 ? `has a signature that ended on ${when}` : 'has a signature that has not begun';
      return this.#add('error', 'signature_expired', rrset, `${what} ${how}: validators refuse it`);
    }
    if (
      this.#count++ % this.#every !== 0 &&
      (rrset.name !== this.#content.zone || this.#every === Number.POSITIVE_INFINITY)
    )
      return;
    const isGood = current.some(({ signature, key }) => {
      const bytes = signedBytes(signature, nameToWire(rrset.name), rrset.rdata);
      return this.#verifier.isOf(key, signature.signature, bytes) !== false;
    });
    if (!isGood)
      this.#add('error', 'signature_invalid', rrset, `${what} has a signature that is not of what stands here`);
  }

  #keyOf({ keyTag: tag, algorithm, signer }: ReturnType<typeof readSignature>): Uint8Array | undefined {
    if (Buffer.compare(lowerName(signer), this.#apex) !== 0) return undefined;
    return this.#keys.find((key) => key[3] === algorithm && keyTag(key) === tag);
  }

  end(): void {
    if (this.#ends >= ENDS_SOON_SECONDS) return;
    const hours = Math.floor(this.#ends / 3600);
    const message = `The first of its signatures ends in ${hours} hours: whoever signs the zone must send it again before, since nothing here makes them anew`;
    this.#add('warning', 'signature_ends_soon', undefined, message);
  }
}
