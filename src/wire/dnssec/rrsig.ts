/** The RDATA of RRSIG (RFC 4034 §3.1). */
import { ByteWriter } from '../byte-writer.ts';
import { labelCount, lowerName, nameLength } from '../name.ts';
import { appendCanonical } from './canonical.ts';

/** Bytes before the signer's name. */
const SIGNER_AT = 18;

/** What an RRSIG says besides the signature. Times are seconds since 1970, which wrap (RFC 4034 §3.1.5). */
interface SignatureFields {
  readonly typeCovered: number;
  readonly algorithm: number;
  readonly labels: number;
  readonly originalTtlSeconds: number;
  readonly expiration: number;
  readonly inception: number;
  readonly keyTag: number;
  /** The zone's apex, in lower-case wire form. */
  readonly signer: Uint8Array;
}

/** How many labels the owner of an RRset has, the root and the `*` of a wildcard not counted (RFC 4034 §3.1.3). */
export function signedLabels(owner: Uint8Array): number {
  return labelCount(owner) - (owner[0] === 1 && owner[1] === 0x2a ? 1 : 0);
}

/** Appends the RDATA up to the signature: what is signed begins with it (RFC 4034 §3.1.8.1). */
export function appendSignatureFields(out: ByteWriter, fields: SignatureFields): void {
  out.unsigned(fields.typeCovered, 2);
  out.unsigned(fields.algorithm, 1);
  out.unsigned(fields.labels, 1);
  out.unsigned(fields.originalTtlSeconds, 4);
  out.unsigned(fields.expiration >>> 0, 4);
  out.unsigned(fields.inception >>> 0, 4);
  out.unsigned(fields.keyTag, 2);
  out.append(fields.signer);
}

/** The fields of valid RDATA, and the signature. */
export function readSignature(rdata: Uint8Array): SignatureFields & { readonly signature: Uint8Array } {
  const view = new DataView(rdata.buffer, rdata.byteOffset, rdata.length);
  const end = SIGNER_AT + nameLength(rdata, SIGNER_AT);
  return {
    typeCovered: view.getUint16(0),
    algorithm: rdata[2],
    labels: rdata[3],
    originalTtlSeconds: view.getUint32(4),
    expiration: view.getUint32(8),
    inception: view.getUint32(12),
    keyTag: view.getUint16(16),
    signer: lowerName(rdata.subarray(SIGNER_AT, end)),
    signature: rdata.subarray(end),
  };
}

/**
 * The bytes that a signature is made of, of an RRset in any order and case. `owner`: in lower-case wire form; of records
 * that a wildcard gave, their name there is rebuilt from the labels that are signed (RFC 4035 §5.3.2).
 */
export function signedBytes(fields: SignatureFields, owner: Uint8Array, rdata: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter();
  appendSignatureFields(out, fields);
  const name = signedName(owner, fields.labels);
  appendCanonical(out, name, fields.typeCovered, fields.originalTtlSeconds, rdata);
  return out.slice();
}

function signedName(owner: Uint8Array, labels: number): Uint8Array {
  let at = 0;
  for (let surplus = signedLabels(owner) - labels; surplus > 0; surplus--) at += 1 + owner[at];
  if (at === 0) return owner;
  const name = new Uint8Array(2 + owner.length - at);
  name[0] = 1;
  name[1] = 0x2a;
  name.set(owner.subarray(at), 2);
  return name;
}
