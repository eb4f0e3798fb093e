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
  const own = new WithPlaceholder(rrsets, options.apex);
  const view = viewOf(own, options);
  return recordOf(own.soa, digestOf(withoutDigest(view.inOrder(), options.apex)));
}

/** The view with the zone's digest at its apex: signed last, where the zone is signed (§3). In as little memory, and signed once. */
export function* viewWithDigest(rrsets: Iterable<ViewRRset>, options: ViewOptions): Generator<ViewRRset> {
  const { apex, signer } = options;
  const own = new WithPlaceholder(rrsets, apex);
  const rest = new SortedRRsets(apex);
  let before = 0;
  let count = 0;
  for (const rrset of viewOf(own, options).rrsets()) {
    if (isDigest(rrset, apex)) {
      before = count;
    } else {
      rest.add(rrset);
      count++;
    }
  }
  const made = recordOf(own.soa, digestOf(rest.names()));
  const digest = signer === undefined ? [made] : [made, ...signaturesOf(signer, made)];
  let done = 0;
  for (const rrset of rest.added()) {
    if (done++ === before) yield* digest;
    yield rrset;
  }
  if (before === count) yield* digest;
}

/** A zone without the digest that it may have, and with a placeholder, so that its type is in the denial of the apex (§3.1); neither it nor its signature is digested. */
class WithPlaceholder implements Iterable<ViewRRset> {
  readonly #rrsets: Iterable<ViewRRset>;
  readonly #apex: Uint8Array;
  #soa: ViewRRset | undefined;

  constructor(rrsets: Iterable<ViewRRset>, apex: Uint8Array) {
    this.#rrsets = rrsets;
    this.#apex = apex;
  }

  *[Symbol.iterator](): Generator<ViewRRset> {
    for (const rrset of this.#rrsets) {
      if (isDigest(rrset, this.#apex)) continue;
      if (rrset.type === TYPE.SOA && rrset.owner.length === this.#apex.length) this.#soa = rrset;
      yield rrset;
    }
    yield recordOf(this.soa, new Uint8Array(DIGEST_BYTES));
  }

  /** When all have passed. */
  get soa(): ViewRRset {
    return this.#soa as ViewRRset;
  }
}

function viewOf(rrsets: Iterable<ViewRRset>, options: ViewOptions): ZoneView {
  const { signer } = options;
  return new ZoneView(rrsets, { ...options, signer: signer && exceptDigest(signer) });
}

function isDigest({ owner, type }: ViewRRset, apex: Uint8Array): boolean {
  return type === TYPE.ZONEMD && owner.length === apex.length;
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
