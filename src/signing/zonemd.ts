/** The digest of a whole zone (RFC 8976), by the scheme SIMPLE and SHA-384: those that every verifier knows (§2.2.2, §2.2.3). */
import { createHash } from 'node:crypto';
import type { SignatureRow } from '../store/signature-rows.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { TYPE } from '../wire/constants.ts';
import { appendCanonical, compareRdata } from '../wire/dnssec/canonical.ts';
import { canonicalRdata } from '../wire/rdata.ts';
import { type NameRRsets, SortedRRsets, type ViewRRset } from './sorted-rrsets.ts';
import { signaturesOf, type ViewOptions, ZoneView } from './view.ts';

const SCHEME_SIMPLE = 1;
const HASH_SHA384 = 1;
const DIGEST_BYTES = 48;
/** Records are given to the hash some at a time. */
const HASHED_AT_ONCE = 4096;

/** A digest that is to be answered. */
export interface MadeDigest {
  readonly ttlSeconds: number;
  /** Of its ZONEMD record. */
  readonly rdata: Uint8Array;
  /** Of RRsets that nobody had signed before, as those that prove that the zone has a digest. */
  readonly signatures: readonly SignatureRow[];
}

/** The digest of a zone, as its record (RFC 8976 §3), in little memory: of a million names some hundred megabytes. */
export function zonemdOf(rrsets: Iterable<ViewRRset>, options: ViewOptions): ViewRRset {
  const { apex, signer } = options;
  let soa: ViewRRset | undefined;
  function* own(): Generator<ViewRRset> {
    for (const rrset of rrsets) {
      const isApex = rrset.owner.length === apex.length;
      if (isApex && rrset.type === TYPE.ZONEMD) continue;
      if (isApex && rrset.type === TYPE.SOA) soa = rrset;
      yield rrset;
    }
    // A placeholder, so that its type is in the denial of the apex (§3.1); neither it nor its signature is digested.
    yield recordOf(soa as ViewRRset, new Uint8Array(DIGEST_BYTES));
  }
  const view = new ZoneView(own(), { ...options, signer: signer && exceptDigest(signer) });
  return recordOf(soa as ViewRRset, digestOf(withoutDigest(view.inOrder(), apex)));
}

/** The view with the zone's digest at its apex: signed last, where the zone is signed (§3). */
export function viewWithDigest(rrsets: Iterable<ViewRRset>, options: ViewOptions): ViewRRset[] {
  const { apex, signer } = options;
  const all = [...rrsets].filter(({ owner, type }) => type !== TYPE.ZONEMD || owner.length !== apex.length);
  const soa = all.find(({ owner, type }) => type === TYPE.SOA && owner.length === apex.length) as ViewRRset;
  const placeholder = recordOf(soa, new Uint8Array(DIGEST_BYTES));
  const isDigest = ({ owner, type }: ViewRRset): boolean => type === TYPE.ZONEMD && owner.length === apex.length;
  const view = [
    ...new ZoneView([...all, placeholder], { ...options, signer: signer && exceptDigest(signer) }).rrsets(),
  ];
  const digested = new SortedRRsets(apex);
  for (const rrset of view) if (!isDigest(rrset)) digested.add(rrset);
  const made = recordOf(soa, digestOf(digested.names()));
  return view.flatMap((rrset) => {
    if (!isDigest(rrset)) return [rrset];
    return signer === undefined ? [made] : [made, ...signaturesOf(signer, made)];
  });
}

function recordOf({ owner, ttlSeconds, rdata }: ViewRRset, digest: Uint8Array): ViewRRset {
  return { owner, type: TYPE.ZONEMD, ttlSeconds, rdata: [zonemdRdata(rdata[0], digest)] };
}

function* withoutDigest(names: Iterable<NameRRsets>, apex: Uint8Array): Generator<NameRRsets> {
  for (const { owner, rrsets } of names) {
    if (owner.length !== apex.length) yield { owner, rrsets };
    else yield { owner, rrsets: rrsets.filter(({ type }) => type !== TYPE.ZONEMD) };
  }
}

function exceptDigest(signer: NonNullable<ViewOptions['signer']>): NonNullable<ViewOptions['signer']> {
  return {
    sign: (owner, type, ttlSeconds, rdata) => (type === TYPE.ZONEMD ? [] : signer.sign(owner, type, ttlSeconds, rdata)),
  };
}

/** RFC 8976 §2.2; the serial stands behind the two names of the SOA. */
function zonemdRdata(soa: Uint8Array, digest: Uint8Array): Uint8Array {
  const rdata = new Uint8Array(6 + digest.length);
  rdata.set(soa.subarray(soa.length - 20, soa.length - 16));
  rdata.set([SCHEME_SIMPLE, HASH_SHA384], 4);
  rdata.set(digest, 6);
  return rdata;
}

/**
 * RFC 8976 §3.3.1: all records in canonical form, by owner, type and data, what is there twice once. `names`: in canonical
 * order, each once.
 */
export function digestOf(names: Iterable<NameRRsets>, algorithm: 'sha384' | 'sha512' = 'sha384'): Uint8Array {
  const hash = createHash(algorithm);
  const out = new ByteWriter();
  for (const { owner, rrsets } of names) {
    const records = rrsets.flatMap(({ type, ttlSeconds, rdata }) =>
      rdata.map((data) => ({ type, ttlSeconds, data: canonicalRdata(type, data) })),
    );
    records.sort((a, b) => a.type - b.type || compareRdata(a.data, b.data));
    for (const [i, { type, ttlSeconds, data }] of records.entries()) {
      const before = records[i - 1];
      if (before?.type === type && compareRdata(before.data, data) === 0) continue;
      appendCanonical(out, owner, type, ttlSeconds, [data]);
    }
    if (out.length < HASHED_AT_ONCE) continue;
    hash.update(out.bytes.subarray(0, out.length));
    out.length = 0;
  }
  return hash.update(out.bytes.subarray(0, out.length)).digest();
}
