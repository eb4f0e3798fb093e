/**
 * A zone as one can hand it on: every RRset with its signatures, and the chain of NSEC or NSEC3 that proves what is not
 * there (RFC 4035 §2, RFC 5155 §7.1). Pure but for the signer.
 */
import type { RRsetSigner } from '../table/rrset-signer.ts';
import { TYPE } from '../wire/constants.ts';
import { compareRdata } from '../wire/dnssec/canonical.ts';
import { hashLabel, nsec3Hash, nsec3ParamRdata, nsec3Rdata, nsecRdata } from '../wire/dnssec/denial.ts';
import { compareNames, isWireAtOrBelow } from '../wire/name.ts';

/** Names in lower-case wire form. */
export interface ViewRRset {
  readonly owner: Uint8Array;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdata: readonly Uint8Array[];
}

export interface ViewOptions {
  readonly apex: Uint8Array;
  /** Undefined: the zone is not signed. */
  readonly signer: RRsetSigner | undefined;
  readonly denial: 'nsec' | 'nsec3';
  /** Of NSEC and NSEC3 records: the lesser of the SOA's minimum and its own TTL (RFC 9077 §3). */
  readonly denialTtlSeconds: number;
  /** The most that the NSEC or NSEC3 of a name may have, as latin1 of its bytes: at a service's names its TTL. */
  readonly ttlLimits?: ReadonlyMap<string, number>;
}

interface Name {
  readonly owner: Uint8Array;
  readonly rrsets: ViewRRset[];
  /** Delegated, or moved as a whole by a DNAME: what lies below is not the zone's to vouch for. */
  readonly isCut: boolean;
  /** It lies below such a name: glue, or what nobody can see. */
  readonly isBeyond: boolean;
}

/** The same RRsets in canonical order, signed and with their denials where there is a signer. */
export function viewOf(rrsets: Iterable<ViewRRset>, options: ViewOptions): ViewRRset[] {
  const { signer } = options;
  const all = [...rrsets];
  if (signer === undefined) return namesOf(all, options.apex).flatMap((name) => name.rrsets);
  // Where the zone is answered so, it is among its records.
  const hasParam = all.some(({ owner, type }) => type === TYPE.NSEC3PARAM && owner.length === options.apex.length);
  if (options.denial === 'nsec3' && !hasParam) all.push(paramOf(options));
  const names = namesOf(all, options.apex);
  const view: ViewRRset[] = [];
  for (const name of options.denial === 'nsec3' ? withNsec3(names, options) : withNsec(names, options)) {
    for (const rrset of name.rrsets) {
      view.push(rrset);
      if (isVouchedFor(name, rrset.type)) view.push(...signaturesOf(signer, rrset));
    }
  }
  return view;
}

/** The RRSIG of an RRset, with the TTL of what it covers (RFC 4034 §3). */
export function signaturesOf(signer: RRsetSigner, { owner, type, ttlSeconds, rdata }: ViewRRset): ViewRRset[] {
  const made = signer.sign(owner, type, ttlSeconds, rdata);
  return made.length === 0 ? [] : [{ owner, type: TYPE.RRSIG, ttlSeconds, rdata: made }];
}

/** The names with their RRsets, in canonical order. */
function namesOf(rrsets: readonly ViewRRset[], apex: Uint8Array): Name[] {
  const sorted = rrsets.toSorted((a, b) => compareNames(a.owner, b.owner) || rank(a.type) - rank(b.type));
  const names: Name[] = [];
  let border: Uint8Array | undefined;
  for (let at = 0; at < sorted.length; ) {
    const { owner } = sorted[at];
    const own: ViewRRset[] = [];
    while (at < sorted.length && compareNames(sorted[at].owner, owner) === 0) own.push(sorted[at++]);
    // Names below another one follow it directly.
    const isBeyond = border !== undefined && isWireAtOrBelow(owner, border);
    const isCut = !isBeyond && owner.length !== apex.length && own.some(({ type }) => type === TYPE.NS);
    if (isCut || (!isBeyond && own.some(({ type }) => type === TYPE.DNAME))) border = owner;
    names.push({ owner, rrsets: own, isCut, isBeyond });
  }
  return names;
}

/** SOA first, as everybody expects it. */
function rank(type: number): number {
  return type === TYPE.SOA ? -1 : type;
}

/** RFC 4035 §2.2: not NS of a cut, and nothing beyond one. */
function isVouchedFor({ isCut, isBeyond }: Name, type: number): boolean {
  return !isBeyond && (!isCut || type === TYPE.DS || type === TYPE.NSEC);
}

/** The types of a name that its denial tells of (RFC 4035 §2.3): of a cut those that the parent's side has. */
function typesOf({ rrsets, isCut }: Name): number[] {
  const types = rrsets.map(({ type }) => type);
  return isCut ? types.filter((type) => type === TYPE.NS || type === TYPE.DS) : types;
}

/** Of what proves a name. */
function proofTtl(owner: Uint8Array, { denialTtlSeconds, ttlLimits }: ViewOptions): number {
  const limit = ttlLimits?.get(Buffer.from(owner).toString('latin1')) ?? denialTtlSeconds;
  return Math.min(denialTtlSeconds, limit);
}

function withNsec(names: readonly Name[], options: ViewOptions): Name[] {
  const { apex } = options;
  const proved = names.filter(({ isBeyond }) => !isBeyond);
  const next = new Map(proved.map((name, i) => [name, proved[i + 1]?.owner ?? apex]));
  return names.map((name) => {
    const after = next.get(name);
    if (after === undefined) return name;
    const rdata = [nsecRdata(after, [...typesOf(name), TYPE.RRSIG, TYPE.NSEC])];
    const ttlSeconds = proofTtl(name.owner, options);
    const nsec = { owner: name.owner, type: TYPE.NSEC, ttlSeconds, rdata };
    return { ...name, rrsets: [...name.rrsets, nsec] };
  });
}

/** Names that have nothing but names below them are proved too (RFC 5155 §7.1). */
function withNsec3(names: readonly Name[], options: ViewOptions): Name[] {
  const { apex } = options;
  const types = new Map<string, { readonly owner: Uint8Array; readonly types: readonly number[] }>();
  const put = (owner: Uint8Array, own: readonly number[]): void => {
    const key = Buffer.from(owner).toString('latin1');
    if (own.length > 0 || !types.has(key)) types.set(key, { owner, types: own });
  };
  for (const name of names) {
    if (name.isBeyond) continue;
    const own = typesOf(name);
    const isSigned = !name.isCut || own.includes(TYPE.DS);
    put(name.owner, isSigned ? [...own, TYPE.RRSIG] : own);
    for (let at = 1 + name.owner[0]; name.owner.length - at > apex.length; at += 1 + name.owner[at]) {
      put(name.owner.subarray(at), []);
    }
  }
  const hashed = Array.from(types.values(), ({ owner, types: own }) => {
    return { hash: nsec3Hash(owner), types: own, ttlSeconds: proofTtl(owner, options) };
  });
  hashed.sort((a, b) => compareRdata(a.hash, b.hash));
  const proofs = hashed.map(({ hash, types: own, ttlSeconds }, i) => {
    const label = Buffer.from(hashLabel(hash));
    const owner = new Uint8Array(Buffer.concat([Uint8Array.of(label.length), label, apex]));
    const rdata = [nsec3Rdata(hashed[(i + 1) % hashed.length].hash, own)];
    const rrsets = [{ owner, type: TYPE.NSEC3, ttlSeconds, rdata }];
    return { owner, rrsets, isCut: false, isBeyond: false };
  });
  return [...names, ...proofs];
}

function paramOf({ apex, denialTtlSeconds }: ViewOptions): ViewRRset {
  return { owner: apex, type: TYPE.NSEC3PARAM, ttlSeconds: denialTtlSeconds, rdata: [nsec3ParamRdata()] };
}
