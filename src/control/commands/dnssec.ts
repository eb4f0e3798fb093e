/** Commands that sign a zone, roll its key and unsign it. */
import type { PublicKey, SigningKey } from '../../model/dnssec/signing.ts';
import type { Seen } from '../../model/dnssec/transition.ts';

/** What a user says of how a zone is signed. What is left out stays as it is. */
export interface SigningBody {
  readonly denial?: 'nsec' | 'nsec3';
  readonly zonemd?: boolean;
  /** Of a zone that is not signed yet only. */
  readonly dnskeyTtlSeconds?: number;
  /** Keys of others who sign the same zone. */
  readonly foreign?: readonly PublicKey[];
  /** Keys of others are taken out though the parent, or caches, may lead to them. */
  readonly force?: boolean;
}

/** `key`: made, or read from a file, before; its private part is sealed. */
export type DnssecCommand =
  /** Signs the zone, or changes how it is signed, or takes an unsigning back. `isGiven`: somebody wants this key and no other. */
  | {
      readonly kind: 'dnssec.sign';
      readonly zone: string;
      readonly body: SigningBody;
      readonly key: Omit<SigningKey, 'role'>;
      readonly isGiven: boolean;
    }
  | { readonly kind: 'dnssec.roll'; readonly zone: string; readonly key: Omit<SigningKey, 'role'> }
  /** `force`: at once, whatever the parent has: validators that know its DS find no answer any more. */
  | { readonly kind: 'dnssec.unsign'; readonly zone: string; readonly force: boolean }
  /** The zone of a nameserver vouches for the CDS of another, or no longer does (RFC 9615). Canonical names. */
  | { readonly kind: 'dnssec.vouch'; readonly zone: string; readonly of: string }
  /** The server takes a step by itself. `revision`: that of the signing which was looked at. */
  | { readonly kind: 'dnssec.step'; readonly zone: string; readonly revision: number; readonly seen: Seen };

/** A signing by Teal in the place of the signatures that a zone brought. */
export interface SignInstead {
  readonly body: SigningBody;
  readonly key: Omit<SigningKey, 'role'>;
  /** `chain`: the parent has the DS of the key. `insecure`: it has none, and no cache holds one. */
  readonly how: 'chain' | 'insecure';
  /** All keys that the zone brought. */
  readonly keys: readonly PublicKey[];
}
