/** Signs the RRsets of one zone: what the table asks for. Signatures that are kept and hold are used again. */
import { hash, type KeyObject } from 'node:crypto';
import { Problem } from '../model/errors.ts';
import { type RRsetSigner, SigningRefused } from '../table/rrset-signer.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { TYPE } from '../wire/constants.ts';
import { appendCanonical } from '../wire/dnssec/canonical.ts';
import { keyTag } from '../wire/dnssec/key.ts';
import { appendSignatureFields, readSignature, signedLabels } from '../wire/dnssec/rrsig.ts';
import type { ClockFault } from './clock-witness.ts';
import type { KeptSignatures } from './kept.ts';
import { signatureOf } from './signature.ts';
import { isBehind, isDue, isValid, type Times, timesOf } from './times.ts';

/** Of a SHA-256: two RRsets of one zone would have to meet in 128 bits. */
const DIGEST_BYTES = 16;
/** Of the RDATA of an RRSIG, before the signer's name (RFC 4034 §3.1): more than those of a digest with any name. */
const FIELDS_BYTES = 18;

/** A key that signs. */
export interface SigningPair {
  /** RDATA of its DNSKEY. */
  readonly dnskey: Uint8Array;
  /** Or why it cannot be used: what is signed already goes on, nothing else is signed. */
  readonly privateKey: KeyObject | Problem;
}

export interface SignerKeys {
  /** Who sign everything but the DNSKEY RRset, */
  readonly records: readonly SigningPair[];
  /** and who sign that. */
  readonly dnskey: readonly SigningPair[];
}

/** What signers of all zones share. */
export interface SigningGround {
  readonly kept: KeptSignatures;
  /** Unix time, milliseconds. */
  readonly nowMs: () => number;
  /** What else speaks against the clock: see clock-witness.ts. */
  readonly clockFault?: () => ClockFault | undefined;
  /**
   * Whether what cannot be signed is left unsigned, rather than refused: at a start, where there is nobody to refuse, and
   * those who do not validate are to be answered.
   */
  isLenient: boolean;
  /** So many more signatures may be made, and what is beyond them is left unsigned; left out: any number. */
  mayMake?: number;
  /** Told of the zone (lower-case wire form) where a signature that was due is made anew, though nothing has changed. */
  onRenewed?: (apex: Uint8Array) => void;
}

/** The same, as far as one signer needs it. */
type SignerGround = Omit<SigningGround, 'kept'> & {
  readonly kept: Pick<KeptSignatures, 'get' | 'put' | 'latestInception'>;
};

interface Key extends SigningPair {
  readonly algorithm: number;
  readonly tag: number;
  /** Room for the fields of an RRSIG; its end begins what the digest of each signature is made of. */
  readonly lead: Uint8Array;
}

/** Of an RRset, what its RRSIG says too. */
interface SignedFields {
  readonly type: number;
  readonly ttlSeconds: number;
  readonly labels: number;
}

const CLOCK_BEHIND = new Problem(
  'signing_refused',
  'The clock of this server is more than an hour behind the time of signatures that it made before, and what is signed by it might not be valid for others: set the clock. If it is right now and was wrong then, remove signatures.db from the data directory and restart.',
);

const CLOCK_FAULTS = {
  ahead: new Problem(
    'signing_refused',
    'The clock of this server has gone ahead by more than an hour while it ran, and what is signed by it might not be valid for others yet: set the clock. If it is right now and was wrong before, restart the server.',
  ),
  behind: new Problem(
    'signing_refused',
    'The clock of this server is more than an hour behind the time of the last change, or of what it said before, and what is signed by it might end too early for others: set the clock. If it is right now and was wrong before, restart the server.',
  ),
} as const;

export class ZoneSigner implements RRsetSigner {
  readonly #apex: Uint8Array;
  readonly #records: readonly Key[];
  readonly #dnskey: readonly Key[];
  readonly #ground: SignerGround;
  readonly #out = new ByteWriter();
  /** Signatures that could not be made yet, of RRsets that are answered without, and those that have ended. */
  missing = 0;
  /** When the first of the signatures that it gave ends; Unix time, seconds. What was replaced since may be among them. */
  earliestExpiry: number | undefined;
  /** The same of those that were seen since a look through the zone began; undefined: none is going on. */
  #seenExpiry: number | undefined;

  /** `apex`: in lower-case wire form. */
  constructor(apex: Uint8Array, keys: SignerKeys, ground: SignerGround) {
    this.#apex = apex;
    const keyOf = (pair: SigningPair): Key => {
      const lead = new Uint8Array(FIELDS_BYTES + apex.length);
      const fingerprint = hash('sha256', Buffer.concat([apex, pair.dnskey]), 'buffer').subarray(0, DIGEST_BYTES);
      lead.set(fingerprint, lead.length - DIGEST_BYTES);
      return { ...pair, algorithm: pair.dnskey[3], tag: keyTag(pair.dnskey), lead };
    };
    this.#records = keys.records.map(keyOf);
    this.#dnskey = keys.dnskey.map(keyOf);
    this.#ground = ground;
  }

  /** Throws SigningRefused. */
  sign(owner: Uint8Array, type: number, ttlSeconds: number, rdata: readonly Uint8Array[]): readonly Uint8Array[] {
    const made: Uint8Array[] = [];
    for (const key of this.#keysFor(type)) {
      const rrsig = this.#signWith(key, owner, type, ttlSeconds, rdata);
      if (rrsig !== undefined) made.push(rrsig);
    }
    return made;
  }

  /** Whether these signatures of an RRset are by the keys that sign its type now, and are not to be made anew. */
  isCurrent(type: number, rrsigs: readonly Uint8Array[]): boolean {
    const keys = this.#keysFor(type);
    if (keys.length !== rrsigs.length) return false;
    const nowMs = this.#ground.nowMs();
    return rrsigs.every((rdata, i) => {
      const signature = readSignature(rdata);
      const { algorithm, keyTag: tag } = signature;
      if (!isValid(signature, nowMs)) this.missing += 1;
      if (algorithm !== keys[i].algorithm || tag !== keys[i].tag || isDue(signature, nowMs)) return false;
      this.noteExpiry(signature.expiration);
      return true;
    });
  }

  /** Why nothing new can be signed now; undefined: it can. */
  get refusal(): Problem | undefined {
    const nowMs = this.#ground.nowMs();
    for (const key of [...this.#records, ...this.#dnskey]) {
      const problem = this.#refusal(key, nowMs);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #keysFor(type: number): readonly Key[] {
    return type === TYPE.DNSKEY ? this.#dnskey : this.#records;
  }

  #signWith(
    key: Key,
    owner: Uint8Array,
    type: number,
    ttlSeconds: number,
    rdata: readonly Uint8Array[],
  ): Uint8Array | undefined {
    const { kept, nowMs } = this.#ground;
    const now = nowMs();
    const out = this.#out;
    out.length = 0;
    out.append(key.lead);
    appendCanonical(out, owner, type, ttlSeconds, rdata);
    const covered = out.bytes.subarray(key.lead.length - DIGEST_BYTES, out.length);
    const digest = hash('sha256', covered, 'buffer').subarray(0, DIGEST_BYTES);
    const fields = { type, ttlSeconds, labels: signedLabels(owner) };
    const found = kept.get(digest);
    if (found !== undefined && !isDue(found, now)) return this.#given(key, fields, found, found.signature);
    const refusal = this.#refusal(key, now);
    if (refusal !== undefined) {
      if (found !== undefined && found.expiration * 1000 > now) return this.#given(key, fields, found, found.signature);
      if (!this.#ground.isLenient) throw new SigningRefused(refusal);
      this.missing += 1;
      return undefined;
    }
    if (this.#ground.mayMake !== undefined && --this.#ground.mayMake < 0) {
      this.missing += 1;
      return undefined;
    }
    const times = timesOf(now, digest);
    // What is signed begins with the fields, where the fingerprint stood.
    const length = out.length;
    this.#putFields(key, fields, times);
    const signature = signatureOf(out.bytes.subarray(0, length), key.algorithm, key.privateKey as KeyObject);
    kept.put({ digest, ...times, signature });
    if (found !== undefined) this.#ground.onRenewed?.(this.#apex);
    return this.#given(key, fields, times, signature);
  }

  #refusal({ privateKey }: Key, nowMs: number): Problem | undefined {
    if (privateKey instanceof Problem) return privateKey;
    if (isBehind(this.#ground.kept.latestInception, nowMs)) return CLOCK_BEHIND;
    const fault = this.#ground.clockFault?.();
    return fault && CLOCK_FAULTS[fault];
  }

  /** The RRSIG of a signature that the table is given. */
  #given(key: Key, fields: SignedFields, times: Times, signature: Uint8Array): Uint8Array {
    this.noteExpiry(times.expiration);
    this.#putFields(key, fields, times);
    const out = this.#out;
    // Of memory that many share: to allocate some for each takes longer than all else here.
    const rrsig = Buffer.allocUnsafe(out.length + signature.length);
    rrsig.set(out.bytes.subarray(0, out.length));
    rrsig.set(signature, out.length);
    return rrsig;
  }

  /** A signature of the zone that ends then is answered with. */
  noteExpiry(expiration: number): void {
    this.earliestExpiry = Math.min(this.earliestExpiry ?? expiration, expiration);
    if (this.#seenExpiry !== undefined) this.#seenExpiry = Math.min(this.#seenExpiry, expiration);
  }

  /** All signatures that the zone is answered with are asked about from now on. */
  beginLook(): void {
    this.#seenExpiry = Number.POSITIVE_INFINITY;
  }

  /** That were all: what was replaced before is not thought of any more. */
  endLook(): void {
    if (this.#seenExpiry !== undefined && Number.isFinite(this.#seenExpiry)) this.earliestExpiry = this.#seenExpiry;
    this.#seenExpiry = undefined;
    this.missing = 0;
  }

  /** The zone goes on with what another signer with the same keys gave it. */
  goOnFrom({ earliestExpiry, missing }: ZoneSigner): void {
    this.earliestExpiry = earliestExpiry;
    this.missing = missing;
  }

  /** The RDATA up to the signature; what stood behind it is still there. */
  #putFields({ algorithm, tag }: Key, fields: SignedFields, { inception, expiration }: Times): void {
    this.#out.length = 0;
    appendSignatureFields(this.#out, {
      typeCovered: fields.type,
      algorithm,
      labels: fields.labels,
      originalTtlSeconds: fields.ttlSeconds,
      expiration,
      inception,
      keyTag: tag,
      signer: this.#apex,
    });
  }
}
