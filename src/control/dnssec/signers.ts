/** Who signs which zone: made of the zones' signings and of their keys, for the table. */
import { apexRecords } from '../../model/dnssec/apex.ts';
import { type SigningKey, signersOf, type ZoneSigning } from '../../model/dnssec/signing.ts';
import { Problem } from '../../model/errors.ts';
import { nameToWire } from '../../model/name.ts';
import { type SigningGround, type SigningPair, ZoneSigner } from '../../signing/zone-signer.ts';
import type { ApexRRset, SigningChange, ZoneSigners } from '../../table/rrset-signer.ts';
import type { Keyring } from './keyring.ts';

interface Signed {
  readonly signing: ZoneSigning;
  /** Undefined: nothing is signed any more. */
  readonly signer: ZoneSigner | undefined;
  readonly apex: readonly ApexRRset[];
}

export class Signers implements ZoneSigners {
  readonly ground: SigningGround;
  readonly #keyring: Pick<Keyring, 'privateKey'>;
  readonly #zones = new Map<string, Signed>();

  /** Whether all is looked at again, for signatures that are due, though nothing has changed. */
  isRefreshing = false;

  constructor(keyring: Pick<Keyring, 'privateKey'>, ground: SigningGround) {
    this.ground = ground;
    this.#keyring = keyring;
  }

  of(zone: string): ZoneSigner | undefined {
    return this.#zones.get(zone)?.signer;
  }

  apexOf(zone: string): readonly ApexRRset[] {
    return this.#zones.get(zone)?.apex ?? [];
  }

  set(zone: string, signing: ZoneSigning | undefined): SigningChange {
    const before = this.#zones.get(zone);
    const after = signing && this.#signed(signing);
    this.#put(zone, after);
    // At a start the table may be older than what is known here.
    const isAnew = this.ground.isLenient || this.isRefreshing || markOf(before) !== markOf(after);
    return { isAnew, undo: () => this.#put(zone, before) };
  }

  /** Whether every RRset of the zone is answered with signatures of the keys that this signing has. */
  isInForce(signing: ZoneSigning): boolean {
    // The table proves by NSEC alone as yet: nothing else is claimed to a parent.
    if (signing.denial !== 'nsec') return false;
    const known = this.#zones.get(signing.zone);
    if (known?.signer === undefined || known.signer.missing > 0 || known.signer.refusal !== undefined) return false;
    return markOf(known) === markOf(this.#signed(signing));
  }

  /** Why some zone cannot be signed anew now; undefined: all can. */
  refusal(): Problem | undefined {
    for (const { signer } of this.#zones.values()) {
      const problem = signer?.refusal;
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  /**
   * When the first signature that is answered with ends; Unix time, seconds. Undefined: nothing is signed. It may be one
   * that was replaced since the last look for those that are due, so it is never too late.
   */
  nextExpiry(): number | undefined {
    let first: number | undefined;
    for (const { signer } of this.#zones.values()) {
      const expiry = signer?.earliestExpiry;
      if (expiry !== undefined && (first === undefined || expiry < first)) first = expiry;
    }
    return first;
  }

  /** How many zones nothing new can be signed for, by why: their keys cannot be opened, or the clock is off. */
  refusing(): { readonly locked: number; readonly clock: number } {
    let [locked, clock] = [0, 0];
    for (const { signing, signer } of this.#zones.values()) {
      if (signer?.refusal === undefined) continue;
      if (signing.keys.some((key) => this.#keyring.privateKey(signing.zone, key) instanceof Problem)) locked += 1;
      else clock += 1;
    }
    return { locked, clock };
  }

  #put(zone: string, signed: Signed | undefined): void {
    if (signed === undefined) this.#zones.delete(zone);
    else this.#zones.set(zone, signed);
  }

  #signed(signing: ZoneSigning): Signed {
    const { records, dnskey } = signersOf(signing);
    const pairOf = (key: SigningKey): SigningPair => ({
      dnskey: new Uint8Array(Buffer.from(key.dnskey, 'base64')),
      privateKey: this.#keyring.privateKey(signing.zone, key),
    });
    const keys = { records: records.map(pairOf), dnskey: dnskey.map(pairOf) };
    const signer = records.length === 0 ? undefined : new ZoneSigner(nameToWire(signing.zone), keys, this.ground);
    return { signing, signer, apex: apexRecords(signing) };
  }
}

/** Equal where the same keys sign the same RRsets. */
function markOf(signed: Signed | undefined): string {
  if (signed?.signer === undefined) return '';
  const { records, dnskey } = signersOf(signed.signing);
  return JSON.stringify([signed.signing.denial, records.map(({ id }) => id), dnskey.map(({ id }) => id)]);
}
