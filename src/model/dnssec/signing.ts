/** How a zone is signed: its keys, and how far it is with being signed, with a roll of its key, or with being unsigned. */

/**
 * What a key does, beside standing in the DNSKEY RRset and signing that. `active`: signs everything. `incoming`: will, once
 * the parent has its DS. `outgoing`: did, and caches may still hold signatures of it.
 */
type KeyRole = 'active' | 'incoming' | 'outgoing';

/** A key as the parent may know it. */
export interface PublicKey {
  /** RFC 4034 appendix B. */
  readonly tag: number;
  /** 13: ECDSA P-256 with SHA-256 (RFC 6605); 15: Ed25519 (RFC 8080). */
  readonly algorithm: number;
  /** RDATA of its DNSKEY, base64. */
  readonly dnskey: string;
  /** SHA-256 of the zone's name and the RDATA, hexadecimal: what its DS has (RFC 4509 §2). */
  readonly digest: string;
}

/** One of our own. All are zone keys and secure entry points alike (a "CSK", RFC 6781 §3.1). */
export interface SigningKey extends PublicKey {
  /** Unique within the zone, and never used again. */
  readonly id: string;
  readonly role: KeyRole;
  /** The private key, sealed by the server's wrapping key; see keys/wrapping.ts. */
  readonly wrapped: string;
  /** Unix time, milliseconds. */
  readonly madeAtMs: number;
}

/**
 * What is waited for.
 * - `signing`: all is signed, and nobody was told: caches may hold answers from before without signatures.
 * - `key-published`: a roll; caches may hold a DNSKEY RRset without the incoming key.
 * - `ds-needed`: the parent's servers are to have the DS of the announced key.
 * - `ds-seen`: they all do; caches may hold what the parent said before.
 * - `replacing`: a roll; the new key signs, caches may hold signatures of the outgoing one.
 * - `secure`: nothing.
 * - `ds-removal`: an unsigning; the parent's servers are to have no DS.
 * - `ds-gone`: none has; caches may hold one.
 * - `unsigned`: no validator expects signatures any more. The zone is answered without; what is left is for the log.
 */
export type SigningStage =
  | 'signing'
  | 'key-published'
  | 'ds-needed'
  | 'ds-seen'
  | 'replacing'
  | 'secure'
  | 'ds-removal'
  | 'ds-gone'
  | 'unsigned';

export interface ZoneSigning {
  readonly zone: string;
  readonly denial: 'nsec' | 'nsec3';
  /** A digest of the whole zone stands at its apex (RFC 8976). */
  readonly zonemd: boolean;
  /** Exactly one is active. */
  readonly keys: readonly SigningKey[];
  /** Keys of others who sign the same zone (RFC 8901 §2.1.2). */
  readonly foreign: readonly PublicKey[];
  readonly stage: SigningStage;
  /** Unix time, milliseconds, when the stage began. */
  readonly sinceMs: number;
  /** Since when every server answers as the stage wants it; absent: that is not known yet. */
  readonly inForceMs?: number;
  /** Of the DNSKEY, CDS and CDNSKEY RRsets. */
  readonly dnskeyTtlSeconds: number;
  /** The longest that caches may keep anything that this zone answered since it is signed, seconds. */
  readonly maxTtlSeconds: number;
  /** The same of what the parent says of the zone's DS; 0: it was never asked. */
  readonly dsTtlSeconds: number;
  /** The parent may have a DS for the zone, whatever the stage: it was asked for one once, or was seen to have one. */
  readonly mayHaveDs?: true;
  /** Names in this zone that vouch for the CDS of others (RFC 9615); see vouching.ts. */
  readonly vouches?: readonly string[];
  /** The last revision that changed it. */
  readonly revision: number;
}

/** No validator expects signatures: the parent was never asked for a DS, and has none. */
export function isUntold({ stage, mayHaveDs }: Pick<ZoneSigning, 'stage' | 'mayHaveDs'>): boolean {
  return stage === 'signing' && mayHaveDs !== true;
}

/** The key that signs all. */
export function activeKey({ keys }: ZoneSigning): SigningKey {
  return keys.find(({ role }) => role === 'active') as SigningKey;
}

/** The key whose DS the parent is to have: that of a roll from its beginning on. */
export function announcedKey(signing: ZoneSigning): SigningKey {
  return signing.keys.find(({ role }) => role === 'incoming') ?? activeKey(signing);
}

/** Who signs what; an empty list: nothing is signed. Every key of ours signs the DNSKEY RRset, so that each DS leads on. */
export function signersOf(signing: ZoneSigning): {
  readonly records: readonly SigningKey[];
  readonly dnskey: readonly SigningKey[];
} {
  if (signing.stage === 'unsigned') return { records: [], dnskey: [] };
  return { records: [activeKey(signing)], dnskey: signing.keys };
}

/** Keys of others that a signing has, and is not to have any more. `wanted`: left out, all stay. */
export function leavingKeys({ foreign }: ZoneSigning, wanted: readonly PublicKey[] = foreign): PublicKey[] {
  return foreign.filter(({ dnskey }) => !wanted.some((each) => each.dnskey === dnskey));
}
