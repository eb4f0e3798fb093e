/** Writes a zone that is signed here as others are to hold it: with its NSEC records and the signatures that it is answered with. */
import type { KeyObject } from 'node:crypto';
import { apexRecords } from '../../model/dnssec/apex.ts';
import { type SigningKey, signersOf, type ZoneSigning } from '../../model/dnssec/signing.ts';
import { Problem } from '../../model/errors.ts';
import { nameToWire } from '../../model/name.ts';
import { previewNames } from '../../model/preview.ts';
import type { RRset } from '../../model/rrset.ts';
import { ttlInForce } from '../../model/service.ts';
import type { ExportKeys } from '../../signing/export-keys.ts';
import type { ViewRRset } from '../../signing/sorted-rrsets.ts';
import { signaturesOf, type ViewOptions, ZoneView } from '../../signing/view.ts';
import { type SigningPair, ZoneSigner } from '../../signing/zone-signer.ts';
import { type MadeDigest, viewWithDigest, zonemdOf } from '../../signing/zonemd.ts';
import type { SignatureRow } from '../../store/signature-rows.ts';
import { ReadSignatures } from '../../store/signatures.ts';
import type { ReadZone } from '../../store/zone-reads.ts';
import { type RRsetSigner, SigningRefused } from '../../table/rrset-signer.ts';
import { writeZoneFile } from '../../wire/zone-file/writer.ts';
import { commentOf, writable } from './exporter.ts';
import { transferable } from './transferable.ts';

const utf8 = new TextEncoder();
const NOT_ASKED_FOR = new Problem('signing_refused', 'What is kept is looked for first.');

/** Whether the zone is answered with signatures that are made here. */
export function isSigned({ signing }: ReadZone): boolean {
  return signing !== undefined && signing.stage !== 'unsigned';
}

/** Throws SigningRefused, where something is neither kept nor can be signed now. */
export function exportSigned(read: ReadZone, parts: ExportKeys): Uint8Array<ArrayBuffer>[] {
  const { zone, services } = read;
  const write = (signer: RRsetSigner | undefined): Uint8Array<ArrayBuffer>[] => {
    const text = writeZoneFile(zone.name, services.map(commentOf), writable(signedView(read, signer)));
    return Array.from(text, (piece) => utf8.encode(piece));
  };
  return withSigner(read, parts, () => {}, write);
}

/** The digest of a zone that is to have one. Throws SigningRefused. */
export function makeDigest(read: ReadZone, parts: ExportKeys): MadeDigest {
  const signatures: SignatureRow[] = [];
  const made = withSigner(
    read,
    parts,
    (row) => void signatures.push(row),
    (signer) => {
      const { rrsets, options } = viewed(read, signer);
      const zonemd = zonemdOf(rrsets, options);
      if (signer !== undefined) signaturesOf(signer, zonemd);
      return zonemd;
    },
  );
  return { ttlSeconds: made.ttlSeconds, rdata: made.rdata[0], signatures };
}

function withSigner<Made>(
  read: ReadZone,
  parts: ExportKeys,
  put: Kept['put'],
  make: (signer: RRsetSigner | undefined) => Made,
): Made {
  if (!isSigned(read)) return make(undefined);
  const file = new ReadSignatures(parts.directory, nameToWire(read.zone.name));
  try {
    return make(signerFor(read.signing as ZoneSigning, { file, put }, parts));
  } finally {
    file.close();
  }
}

/** All RRsets of a zone, and where it is signed what signs it: a service as its heaviest pool, each NSEC as it is answered beside that. */
export function signedView(read: ReadZone, signer: RRsetSigner | undefined): Iterable<ViewRRset> {
  const { rrsets, options } = viewed(read, signer);
  return read.zone.zonemd === true ? viewWithDigest(rrsets, options) : new ZoneView(rrsets, options).rrsets();
}

function viewed(
  read: ReadZone,
  signer: RRsetSigner | undefined,
): { rrsets: Iterable<ViewRRset>; options: ViewOptions } {
  const { zone, services, signing } = read;
  const apex = nameToWire(zone.name);
  const signed = signer && signing;
  const keys = signed === undefined ? [] : apexRecords(signed).map((rrset) => ({ ...rrset, owner: apex }));
  const ttlLimits = new Map<string, number>();
  const previews = new Map<string, string>();
  for (const service of services) {
    for (const name of [service.name, ...previewNames(service).keys()]) {
      const key = Buffer.from(nameToWire(name)).toString('latin1');
      ttlLimits.set(key, ttlInForce(service));
      previews.set(name, key);
    }
  }
  for (const { name } of services) previews.delete(name);
  // A record where a preview would stand takes its place. All records have passed before anything is proved.
  function* passing(rrsets: Iterable<RRset>): Generator<RRset> {
    for (const rrset of rrsets) {
      const key = previews.get(rrset.name);
      if (key !== undefined) ttlLimits.delete(key);
      yield rrset;
    }
  }
  const denialTtlSeconds = Math.min(zone.negativeTtlSeconds, zone.ttlSeconds);
  const options = { apex, signer, denial: signed?.denial ?? 'nsec', denialTtlSeconds, ttlLimits } as const;
  function* rrsets(): Generator<ViewRRset> {
    yield* transferable({ ...read, rrsets: passing(read.rrsets) });
    yield* keys;
  }
  return { rrsets: rrsets(), options };
}

/** Takes the signatures that are answered, as long as they hold, and signs only what has none. */
function signerFor(
  signing: ZoneSigning,
  { file, put }: { readonly file: ReadSignatures; readonly put: Kept['put'] },
  { keys, nowMs }: ExportKeys,
): RRsetSigner {
  const opened = new Map(keys);
  const { records, dnskey } = signersOf(signing);
  const signer = (open: (id: string) => KeyObject | Problem, kept: Kept): ZoneSigner => {
    const pairOf = ({ id, dnskey: rdata }: SigningKey): SigningPair => ({
      dnskey: new Uint8Array(Buffer.from(rdata, 'base64')),
      privateKey: open(id),
    });
    const pairs = { records: records.map(pairOf), dnskey: dnskey.map(pairOf) };
    return new ZoneSigner(nameToWire(signing.zone), pairs, { kept, nowMs: () => nowMs, isLenient: false });
  };
  const { latestInception } = file;
  const kept = { get: (digest: Uint8Array) => file.get(digest), put, latestInception };
  const asAnswered = signer(() => NOT_ASKED_FOR, kept);
  const anew = signer((id) => {
    const key = opened.get(id) ?? 'Its key came while the zone was read; ask again.';
    return typeof key === 'string' ? new Problem('signing_refused', key) : key;
  }, kept);
  return {
    sign(owner, type, ttlSeconds, rdata) {
      try {
        return asAnswered.sign(owner, type, ttlSeconds, rdata);
      } catch (error) {
        if (!(error instanceof SigningRefused)) throw error;
        return anew.sign(owner, type, ttlSeconds, rdata);
      }
    },
  };
}

interface Kept {
  get(digest: Uint8Array): SignatureRow | undefined;
  put(row: SignatureRow): void;
  readonly latestInception: number;
}
