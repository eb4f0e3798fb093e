/**
 * A zone as one can hand it on: every RRset with its signatures, and the chain of NSEC or NSEC3 that proves what is not
 * there (RFC 4035 §2, RFC 5155 §7.1), one name after the other. Pure but for the signer.
 */
import type { RRsetSigner } from '../table/rrset-signer.ts';
import { TYPE } from '../wire/constants.ts';
import { hashLabel, nsec3Hash, nsec3ParamRdata, nsec3Rdata, nsecRdata } from '../wire/dnssec/denial.ts';
import { compareNames, isWireAtOrBelow } from '../wire/name.ts';
import { type NameRRsets, SortedRRsets, type ViewRRset } from './sorted-rrsets.ts';

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

interface Name extends NameRRsets {
  /** Delegated, or moved as a whole by a DNAME: what lies below is not the zone's to vouch for. */
  readonly isCut: boolean;
  /** It lies below such a name: glue, or what nobody can see. */
  readonly isBeyond: boolean;
}

/** A zone that was read whole, in little memory. */
export class ZoneView {
  readonly #sorted: SortedRRsets;
  readonly #options: ViewOptions;

  constructor(rrsets: Iterable<ViewRRset>, options: ViewOptions) {
    this.#options = options;
    this.#sorted = new SortedRRsets(options.apex);
    let hasParam = false;
    for (const rrset of rrsets) {
      this.#sorted.add(rrset);
      hasParam ||= rrset.type === TYPE.NSEC3PARAM && rrset.owner.length === options.apex.length;
    }
    // Where the zone is answered so, it is among its records.
    if (options.signer !== undefined && options.denial === 'nsec3' && !hasParam) this.#sorted.add(paramOf(options));
  }

  /** The RRsets in canonical order, signed where there is a signer, with each NSEC; those of NSEC3 come after all names. */
  *rrsets(): Generator<ViewRRset> {
    for (const { rrsets } of this.#names()) yield* rrsets;
    for (const { rrsets } of this.#hashed()) yield* rrsets;
  }

  /** Name by name in canonical order, names of NSEC3 among the others. */
  *inOrder(): Generator<NameRRsets> {
    const hashed = this.#hashed();
    let proof = hashed.next();
    for (const name of this.#names()) {
      while (!proof.done && compareNames(proof.value.owner, name.owner) < 0) {
        yield proof.value;
        proof = hashed.next();
      }
      yield name;
    }
    for (; !proof.done; proof = hashed.next()) yield proof.value;
  }

  *#names(): Generator<NameRRsets> {
    const { apex, signer, denial } = this.#options;
    const nexts = this.#proved();
    nexts.next();
    for (const name of namesOf(this.#sorted, apex)) {
      if (signer === undefined) yield name;
      else if (denial === 'nsec3' || name.isBeyond) yield signed(name, signer);
      else {
        const next = nexts.next();
        yield signed(this.#withNsec(name, next.done ? apex : next.value.owner), signer);
      }
    }
  }

  /** Names that are proved. */
  *#proved(): Generator<Name> {
    for (const name of namesOf(this.#sorted, this.#options.apex)) if (!name.isBeyond) yield name;
  }

  #withNsec(name: Name, next: Uint8Array): Name {
    const rdata = [nsecRdata(next, [...typesOf(name), TYPE.RRSIG, TYPE.NSEC])];
    const nsec = { owner: name.owner, type: TYPE.NSEC, ttlSeconds: proofTtl(name.owner, this.#options), rdata };
    return { ...name, rrsets: [...name.rrsets, nsec] };
  }

  /** Of what proves names by their hashes, in the order of those. */
  *#hashed(): Generator<NameRRsets> {
    const { signer, denial } = this.#options;
    if (signer === undefined || denial !== 'nsec3') return;
    const hashes = this.#hashes();
    const entries = hashes.names();
    let entry = entries.next();
    const first = entry.value as NameRRsets;
    while (!entry.done) {
      const { owner, rrsets } = entry.value;
      entry = entries.next();
      const next = (entry.done ? first : entry.value).rrsets[0].rdata[0];
      // A name that has only names below it may be known as such more than once; what stands there counts.
      const [{ ttlSeconds, rdata }] = rrsets.toSorted((a, b) => b.rdata.length - a.rdata.length);
      const types = rdata.slice(1).map(([high, low]) => (high << 8) | low);
      const nsec3 = { owner, type: TYPE.NSEC3, ttlSeconds, rdata: [nsec3Rdata(next, types)] };
      yield signed({ owner, rrsets: [nsec3], isCut: false, isBeyond: false }, signer);
    }
  }

  /** Names by their hashes, each with its hash and its types as its data. Those that have nothing but names below them are proved too (RFC 5155 §7.1). */
  #hashes(): SortedRRsets {
    const { apex } = this.#options;
    const hashes = new SortedRRsets(apex);
    const add = (owner: Uint8Array, types: readonly number[]): void => {
      const hash = nsec3Hash(owner);
      const label = Buffer.from(hashLabel(hash));
      const hashed = new Uint8Array(1 + label.length + apex.length);
      hashed[0] = label.length;
      hashed.set(label, 1);
      hashed.set(apex, 1 + label.length);
      const rdata = [hash, ...types.map((type) => Uint8Array.of(type >> 8, type))];
      hashes.add({ owner: hashed, type: TYPE.NSEC3, ttlSeconds: proofTtl(owner, this.#options), rdata });
    };
    let before = apex;
    for (const name of this.#proved()) {
      const { owner } = name;
      const own = typesOf(name);
      const isSigned = !name.isCut || own.includes(TYPE.DS);
      add(owner, isSigned ? [...own, TYPE.RRSIG] : own);
      for (let at = 1 + owner[0]; owner.length - at > apex.length; at += 1 + owner[at]) {
        const above = owner.subarray(at);
        // It was known by the name before this one, which lies there too.
        if (isWireAtOrBelow(before, above)) break;
        add(above, []);
      }
      before = owner;
    }
    return hashes;
  }
}

/** The RRSIG of an RRset, with the TTL of what it covers (RFC 4034 §3). */
export function signaturesOf(signer: RRsetSigner, { owner, type, ttlSeconds, rdata }: ViewRRset): ViewRRset[] {
  const made = signer.sign(owner, type, ttlSeconds, rdata);
  return made.length === 0 ? [] : [{ owner, type: TYPE.RRSIG, ttlSeconds, rdata: made }];
}

function signed(name: Name, signer: RRsetSigner): NameRRsets {
  const rrsets = name.rrsets.flatMap((rrset) =>
    isVouchedFor(name, rrset.type) ? [rrset, ...signaturesOf(signer, rrset)] : [rrset],
  );
  return { owner: name.owner, rrsets };
}

function* namesOf(sorted: SortedRRsets, apex: Uint8Array): Generator<Name> {
  let border: Uint8Array | undefined;
  for (const { owner, rrsets } of sorted.names()) {
    // Names below another one follow it directly.
    const isBeyond = border !== undefined && isWireAtOrBelow(owner, border);
    const isCut = !isBeyond && owner.length !== apex.length && rrsets.some(({ type }) => type === TYPE.NS);
    if (isCut || (!isBeyond && rrsets.some(({ type }) => type === TYPE.DNAME))) border = owner;
    yield { owner, rrsets, isCut, isBeyond };
  }
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
  if (ttlLimits === undefined || ttlLimits.size === 0) return denialTtlSeconds;
  const limit = ttlLimits.get(Buffer.from(owner).toString('latin1')) ?? denialTtlSeconds;
  return Math.min(denialTtlSeconds, limit);
}

function paramOf({ apex, denialTtlSeconds }: ViewOptions): ViewRRset {
  return { owner: apex, type: TYPE.NSEC3PARAM, ttlSeconds: denialTtlSeconds, rdata: [nsec3ParamRdata()] };
}
