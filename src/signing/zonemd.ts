/** The digest of a whole zone (RFC 8976), by the scheme SIMPLE and SHA-384: those that every verifier knows (§2.2.2, §2.2.3). */
import { createHash } from 'node:crypto';
import type { SignatureRow } from '../store/signature-rows.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { TYPE } from '../wire/constants.ts';
import { appendCanonical, compareRdata } from '../wire/dnssec/canonical.ts';
import { compareNames } from '../wire/name.ts';
import { canonicalRdata } from '../wire/rdata.ts';
import { signaturesOf, type ViewOptions, type ViewRRset, viewOf } from './view.ts';

const SCHEME_SIMPLE = 1;
const HASH_SHA384 = 1;
const DIGEST_BYTES = 48;

/** A digest that is to be answered. */
export interface MadeDigest {
  readonly ttlSeconds: number;
  /** Of its ZONEMD record. */
  readonly rdata: Uint8Array;
  /** Of RRsets that nobody had signed before, as those that prove that the zone has a digest. */
  readonly signatures: readonly SignatureRow[];
}

/** The view with the zone's digest at its apex: signed last, where the zone is signed (RFC 8976 §3). */
export function viewWithDigest(rrsets: Iterable<ViewRRset>, options: ViewOptions): ViewRRset[] {
  const { apex, signer } = options;
  const all = [...rrsets].filter(({ owner, type }) => type !== TYPE.ZONEMD || owner.length !== apex.length);
  const soa = all.find(({ owner, type }) => type === TYPE.SOA && owner.length === apex.length) as ViewRRset;
  const zonemd = (digest: Uint8Array): ViewRRset => {
    const rdata = [zonemdRdata(soa.rdata[0], digest)];
    return { owner: apex, type: TYPE.ZONEMD, ttlSeconds: soa.ttlSeconds, rdata };
  };
  // A placeholder, so that its type is in the denial of the apex (§3.1); neither it nor its signature is digested.
  const placeholder = zonemd(new Uint8Array(DIGEST_BYTES));
  const view = viewOf([...all, placeholder], { ...options, signer: signer && exceptDigest(signer) });
  const made = zonemd(digestOf(view.filter((rrset) => rrset !== placeholder)));
  return view.flatMap((rrset) => {
    if (rrset !== placeholder) return [rrset];
    return signer === undefined ? [made] : [made, ...signaturesOf(signer, made)];
  });
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

/** RFC 8976 §3.3.1: all records in canonical form, by owner, type and data, what is there twice once. */
export function digestOf(rrsets: readonly ViewRRset[], algorithm: 'sha384' | 'sha512' = 'sha384'): Uint8Array {
  const records = rrsets.flatMap(({ owner, type, ttlSeconds, rdata }) =>
    rdata.map((data) => ({ owner, type, ttlSeconds, data: canonicalRdata(type, data) })),
  );
  records.sort((a, b) => compareNames(a.owner, b.owner) || a.type - b.type || compareRdata(a.data, b.data));
  const hash = createHash(algorithm);
  const out = new ByteWriter();
  let before: (typeof records)[number] | undefined;
  for (const record of records) {
    const { owner, type, ttlSeconds, data } = record;
    const isTwice =
      before?.type === type && compareRdata(before.data, data) === 0 && compareNames(before.owner, owner) === 0;
    before = record;
    if (isTwice) continue;
    out.length = 0;
    appendCanonical(out, owner, type, ttlSeconds, [data]);
    hash.update(out.bytes.subarray(0, out.length));
  }
  return hash.digest();
}
