/** Whether a signature is that of a key, by node:crypto, for every algorithm that zones on the net are signed with (RFC 8624 §3.1). */
import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';

/** Flags, protocol and algorithm stand before the key (RFC 4034 §2.1). */
const KEY_AT = 4;

interface Algorithm {
  readonly digest: string | null;
  /** Undefined: the bytes are no such key. */
  jwk(key: Buffer): JsonWebKey | undefined;
}

const algorithms: Readonly<Record<number, Algorithm>> = {
  5: { digest: 'sha1', jwk: rsa },
  7: { digest: 'sha1', jwk: rsa },
  8: { digest: 'sha256', jwk: rsa },
  10: { digest: 'sha512', jwk: rsa },
  13: { digest: 'sha256', jwk: (key) => ecdsa('P-256', 32, key) },
  14: { digest: 'sha384', jwk: (key) => ecdsa('P-384', 48, key) },
  15: { digest: null, jwk: (key) => eddsa('Ed25519', 32, key) },
  16: { digest: null, jwk: (key) => eddsa('Ed448', 57, key) },
};

/** RFC 3110 §2: the exponent's length in one byte, or in two behind a zero. */
function rsa(key: Buffer): JsonWebKey | undefined {
  const isLong = key[0] === 0;
  const exponentAt = isLong ? 3 : 1;
  const modulusAt = exponentAt + (isLong ? key.readUInt16BE(1) : key[0]);
  if (modulusAt >= key.length) return undefined;
  const [e, n] = [key.subarray(exponentAt, modulusAt), key.subarray(modulusAt)];
  return { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') };
}

/** RFC 6605 §4. */
function ecdsa(crv: string, bytes: number, key: Buffer): JsonWebKey | undefined {
  if (key.length !== 2 * bytes) return undefined;
  return { kty: 'EC', crv, x: key.toString('base64url', 0, bytes), y: key.toString('base64url', bytes) };
}

/** RFC 8080 §3. */
function eddsa(crv: string, bytes: number, key: Buffer): JsonWebKey | undefined {
  return key.length === bytes ? { kty: 'OKP', crv, x: key.toString('base64url') } : undefined;
}

/** Opens keys once, and checks signatures by them. */
export class Verifier {
  readonly #keys = new Map<string, KeyObject | undefined>();

  /** Whether the key (DNSKEY RDATA) made the signature of these bytes; undefined: nobody here can tell, for its algorithm. */
  isOf(dnskey: Uint8Array, signature: Uint8Array, bytes: Uint8Array): boolean | undefined {
    const algorithm = algorithms[dnskey[3]];
    if (algorithm === undefined) return undefined;
    const key = this.#open(dnskey, algorithm);
    if (key === undefined) return false;
    return verify(algorithm.digest, bytes, { key, dsaEncoding: 'ieee-p1363' }, signature);
  }

  #open(dnskey: Uint8Array, { jwk }: Algorithm): KeyObject | undefined {
    const id = Buffer.from(dnskey).toString('latin1');
    if (!this.#keys.has(id)) this.#keys.set(id, opened(jwk(Buffer.from(dnskey.subarray(KEY_AT)))));
    return this.#keys.get(id);
  }
}

/** Whether DNSKEY RDATA holds a public key of its algorithm; true where nobody here can tell, for its algorithm. */
export function isKey(dnskey: Uint8Array): boolean {
  const algorithm = algorithms[dnskey[3]];
  return algorithm === undefined || opened(algorithm.jwk(Buffer.from(dnskey.subarray(KEY_AT)))) !== undefined;
}

function opened(jwk: JsonWebKey | undefined): KeyObject | undefined {
  if (jwk === undefined) return undefined;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    // No point of the curve.
    return undefined;
  }
}
