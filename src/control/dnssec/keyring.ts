/** Private keys of zones: made, read from files, sealed for the store by the server's wrapping key, and opened to sign. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  type KeyObject,
} from 'node:crypto';
import type { PublicKey, SigningKey } from '../../model/dnssec/signing.ts';
import { Problem } from '../../model/errors.ts';
import { nameToWire } from '../../model/name.ts';
import { shown } from '../../shown.ts';
import { dnskeyRdata, keyTag, SECURE_ENTRY_POINT, ZONE_KEY } from '../../wire/dnssec/key.ts';
import { parsePrivateKey, publicBytes } from './key-forms.ts';

/** A key of a zone that is not in its signing yet. */
export type FreshKey = Omit<SigningKey, 'role'>;

/** What chance is needed for. */
interface KeyChance {
  randomBytes(length: number): Uint8Array;
  /** A new private key of an algorithm's number. */
  makeKey(algorithm: number): KeyObject;
}

/** Of AES-256-GCM (NIST SP 800-38D): the nonce, and the tag. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Of the sealed form, in its first byte. */
const FORMAT = 1;

/** Two keys have the same mark once in 2^64. */
const MARK_DIGITS = 16;
const MARK_TEXT = 'the mark of this wrapping key';

export class Keyring {
  readonly #wrappingKey: (mayMake: boolean) => Uint8Array | Problem;
  readonly #chance: KeyChance;
  /** By what is sealed. */
  readonly #opened = new Map<string, KeyObject>();

  /** `wrappingKey`: called when it is needed; it may be made where a key is to be sealed. */
  constructor(wrappingKey: (mayMake: boolean) => Uint8Array | Problem, chance: KeyChance) {
    this.#wrappingKey = wrappingKey;
    this.#chance = chance;
  }

  /** Tells one wrapping key from another, and nothing of the key itself; undefined: there is none, or it cannot be read. */
  get mark(): string | undefined {
    const wrappingKey = this.#wrappingKey(false);
    if (wrappingKey instanceof Problem) return undefined;
    return createHmac('sha256', wrappingKey).update(MARK_TEXT).digest('hex').slice(0, MARK_DIGITS);
  }

  /** A new key. `zone`: canonical name. */
  make(zone: string, algorithm: number, nowMs: number): FreshKey | Problem {
    return this.#sealed(zone, this.#chance.makeKey(algorithm), algorithm, nowMs);
  }

  /** A key that was made elsewhere, as PEM or as BIND's `.private`. */
  adopt(zone: string, text: string, nowMs: number): FreshKey | Problem {
    const parsed = parsePrivateKey(text);
    return parsed instanceof Problem ? parsed : this.#sealed(zone, parsed.key, parsed.algorithm, nowMs);
  }

  /** Or why it cannot be opened: the wrapping key is not there, or not the one that it was sealed by. */
  privateKey(zone: string, { wrapped, dnskey }: SigningKey): KeyObject | Problem {
    const known = this.#opened.get(wrapped);
    if (known !== undefined) return known;
    const wrappingKey = this.#wrappingKey(false);
    if (wrappingKey instanceof Problem) return wrappingKey;
    const opened = open(wrappingKey, zone, { wrapped, dnskey });
    if (opened === undefined) {
      const detail = `The private keys of ${shown(zone)} cannot be opened: the wrapping key is not the one that they were sealed by. Answers go on; what needs new signatures is refused.`;
      return new Problem('signing_refused', detail);
    }
    this.#opened.set(wrapped, opened);
    return opened;
  }

  #sealed(zone: string, key: KeyObject, algorithm: number, madeAtMs: number): FreshKey | Problem {
    const wrappingKey = this.#wrappingKey(true);
    if (wrappingKey instanceof Problem) return wrappingKey;
    const found = publicKeyOf(zone, dnskeyRdata(ZONE_KEY | SECURE_ENTRY_POINT, algorithm, publicBytes(key)));
    const nonce = this.#chance.randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', wrappingKey, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(sealedFor(zone, found.dnskey));
    const secret = key.export({ format: 'der', type: 'pkcs8' });
    const sealed = Buffer.concat([
      Uint8Array.of(FORMAT),
      nonce,
      cipher.update(secret),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    const id = Buffer.from(this.#chance.randomBytes(8)).toString('hex');
    return { id, ...found, wrapped: sealed.toString('base64'), madeAtMs };
  }
}

function open(
  wrappingKey: Uint8Array,
  zone: string,
  { wrapped, dnskey }: Pick<SigningKey, 'wrapped' | 'dnskey'>,
): KeyObject | undefined {
  const sealed = Buffer.from(wrapped, 'base64');
  if (sealed[0] !== FORMAT) return undefined;
  try {
    const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', wrappingKey, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(sealedFor(zone, dnskey)).setAuthTag(sealed.subarray(-TAG_BYTES));
    const secret = Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}

/** What is sealed for one zone and key opens as no other's. */
function sealedFor(zone: string, dnskey: string): Uint8Array {
  return Buffer.from(`${zone} ${dnskey}`);
}

/** A key by its DNSKEY. `zone`: canonical name. */
export function publicKeyOf(zone: string, rdata: Uint8Array): PublicKey {
  const digest = createHash('sha256').update(nameToWire(zone)).update(rdata).digest('hex');
  const dnskey = Buffer.from(rdata).toString('base64');
  return { tag: keyTag(rdata), algorithm: rdata[3] as number, dnskey, digest };
}
