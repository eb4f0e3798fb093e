/** What stands at the apex of a signed zone for its keys: DNSKEY, and CDS and CDNSKEY for the parent (RFC 7344, RFC 8078). */
import { TYPE } from '../../wire/constants.ts';
import { activeKey, announcedKey, type PublicKey, type ZoneSigning } from './signing.ts';
import { DIGEST_SHA256, type Ds } from './transition.ts';

interface ApexRRset {
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdata: readonly Uint8Array[];
}

/** Secure entry point (RFC 4034 §2.1.1), in the second octet of the flags. */
const SEP = 1;
/** "Delete the DS" (RFC 8078 §4). */
const CDS_DELETE = Uint8Array.of(0, 0, 0, 0, 0);
const CDNSKEY_DELETE = Uint8Array.of(0, 0, 3, 0, 0);
/** SHA-1, no flags, no iterations, no salt (RFC 9276 §3.1). */
const NSEC3PARAM = Uint8Array.of(1, 0, 0, 0, 0);

/** The RRsets that a signing brings to its zone's apex, none where it is over. */
export function apexRecords(signing: ZoneSigning): readonly ApexRRset[] {
  if (signing.stage === 'unsigned') return [];
  const keys = keyRecords(signing);
  // For servers that take the zone over; no resolver ever wants it (RFC 5155 §4).
  return signing.denial === 'nsec3' ? [...keys, { type: TYPE.NSEC3PARAM, ttlSeconds: 0, rdata: [NSEC3PARAM] }] : keys;
}

function keyRecords(signing: ZoneSigning): ApexRRset[] {
  const { stage, keys, foreign, dnskeyTtlSeconds: ttlSeconds } = signing;
  const dnskey = { type: TYPE.DNSKEY, ttlSeconds, rdata: [...keys, ...foreign].map(rdataOf) };
  if (stage === 'ds-removal' || stage === 'ds-gone') {
    return [
      dnskey,
      { type: TYPE.CDS, ttlSeconds, rdata: [CDS_DELETE] },
      { type: TYPE.CDNSKEY, ttlSeconds, rdata: [CDNSKEY_DELETE] },
    ];
  }
  const entries = wantedKeys(signing);
  if (entries.length === 0) return [dnskey];
  return [
    dnskey,
    { type: TYPE.CDS, ttlSeconds, rdata: entries.map((key) => dsRdata(dsOf(key))) },
    { type: TYPE.CDNSKEY, ttlSeconds, rdata: entries.map(rdataOf) },
  ];
}

/** The keys whose DS the parent is to have now; none: it is to be told nothing, or to have none. */
export function wantedKeys(signing: ZoneSigning): readonly PublicKey[] {
  const others = signing.foreign.filter((key) => ((rdataOf(key)[1] as number) & SEP) !== 0);
  switch (signing.stage) {
    case 'signing':
    case 'ds-removal':
    case 'ds-gone':
    case 'unsigned':
      return [];
    case 'key-published':
      // Not yet: the parent could take the old DS away before caches have the new key.
      return [activeKey(signing), ...others];
    default:
      // Those of others too, else a parent that follows would take theirs away (RFC 8901 §8).
      return [announcedKey(signing), ...others];
  }
}

function dsOf({ tag, algorithm, digest }: PublicKey): Ds {
  return { tag, algorithm, digestType: DIGEST_SHA256, digest };
}

function dsRdata({ tag, algorithm, digestType, digest }: Ds): Uint8Array {
  return Uint8Array.of(tag >>> 8, tag & 0xff, algorithm, digestType, ...Buffer.from(digest, 'hex'));
}

function rdataOf({ dnskey }: PublicKey): Uint8Array {
  return new Uint8Array(Buffer.from(dnskey, 'base64'));
}
