/** What the main thread and the builder thread say to each other. */

import { StoreUnavailable } from '../../model/errors.ts';
import type { TokenLimits } from '../../model/token.ts';
import type { Zone } from '../../model/zone.ts';
import type { lookAtKept } from '../../signing/brought.ts';
import type { ExportKeys } from '../../signing/export-keys.ts';
import type { MadeAside } from '../../signing/kept.ts';
import type { SignerKeys } from '../../signing/zone-signer.ts';
import type { MadeDigest } from '../../signing/zonemd.ts';
import type { StagedContent } from '../../store/derived.ts';
import type { PackedContent } from '../../store/packed.ts';
import type { SharedStore } from '../../store/staging.ts';
import type { StagedIndex } from '../../table/changes.ts';
import type { BlockList } from '../../table/free-blocks.ts';
import type { SharedTable } from '../../table/memory.ts';
import type { ApexRRset } from '../../table/rrset-signer.ts';
import type { Findings } from '../../wire/zone-file/finding.ts';
import type { BuiltZone, Signatures, StagedZone } from '../commands/built-zone.ts';

/** What the builder thread is started with. */
export interface BuilderParts {
  /** Of the table, by who started the thread: what is installed may be another version by now. */
  readonly layout: number;
  readonly table: SharedTable;
  readonly store: SharedStore;
}

/** How a zone is signed while it is built. The keys are nowhere but in memory. */
export interface SignRequest {
  /** By whom: `ZoneSigners.markOf`. */
  readonly mark: string;
  readonly keys: SignerKeys;
  /** DNSKEY, CDS and CDNSKEY. */
  readonly apex: readonly ApexRRset[];
  /** Of the zone, with their previews; see table/sealed-services.ts. */
  readonly services: Uint8Array;
  /** Unix time, milliseconds. */
  readonly nowMs: number;
}

/** One zone file to be built. */
export interface BuildRequest {
  readonly kind: 'build';
  /** Canonical name. */
  readonly zone: string;
  /** Its memory, where nothing else is in it, is the builder's from then on. */
  readonly bytes: Uint8Array;
  /** Names of services in the zone, whose addresses no record gives, one a line: thousands of them are copied as one. */
  readonly services: string;
  /** Those of them that answer with a CNAME. */
  readonly aliases: string;
  /** Left out: it is not signed. */
  readonly sign?: SignRequest;
  /** Left out: nothing was said of signatures that the file may bring. */
  readonly signatures?: Signatures;
  /** A digest of it is made here, in the place of one that the file brings. */
  readonly isDigested?: boolean;
  /** The table has left the zone out: it is to be built though its records may be those that the store has. */
  readonly isLeftOut?: boolean;
  /** Unix time, by which those that it brings hold or not. */
  readonly nowSeconds: number;
  /** Where the records of a large file are handed over to the staging thread; left out: the builder stages them too. */
  readonly handover?: SharedArrayBuffer;
  /** Free blocks of the arena, to be used first. */
  readonly blocks: readonly BlockList[];
}

/** Records that the builder thread hands over are to be staged. */
export interface TakeRequest {
  readonly kind: 'take';
  /** Canonical name. */
  readonly zone: string;
  /** See `Handover`. */
  readonly memory: SharedArrayBuffer;
}

/** Nothing: it was given up. */
export interface TakeReply {
  readonly staged?: StagedContent;
  readonly failure?: Failure;
}

/** The packed records of a zone, as another node read them, to be staged here. */
export interface StageRequest {
  readonly kind: 'stage';
  /** Canonical name. */
  readonly zone: string;
  readonly content: PackedContent;
  /** The table has no room for it: the store gets it alone. */
  readonly isLeftOut?: boolean;
  /** With the zone as it is here; left out: it is not signed, or not here yet. */
  readonly sign?: SignRequest & { readonly zone: Zone };
  readonly blocks: readonly BlockList[];
}

/** A zone that is here, to be built once more, as the store has it, and signed in another way. */
export interface RebuildRequest {
  readonly kind: 'rebuild';
  /** Canonical name. */
  readonly zone: string;
  /** Left out: it is not signed any more. */
  readonly sign?: SignRequest;
  readonly blocks: readonly BlockList[];
}

export interface RebuildReply {
  /** Absent where something failed, or there is no such zone. */
  readonly rebuilt?: { readonly zone: Zone; readonly index: StagedIndex; readonly rrsets: number };
  readonly tableFull: boolean;
  readonly failure?: Failure;
  /** Signatures; left out: none. */
  readonly signed?: MadeAside;
  readonly blocks: readonly BlockList[];
}

export interface StageReply {
  /** Absent where something failed. */
  readonly staged?: StagedZone;
  readonly tableFull: boolean;
  readonly failure?: Failure;
  /** Signatures; left out: none. */
  readonly signed?: MadeAside;
  readonly blocks: readonly BlockList[];
}

export interface BuildReply {
  /** Absent where the file has errors, or something failed. */
  readonly built?: BuiltZone;
  /** The zone's index where its records were handed over: what is staged of them is `TakeReply`'s. */
  readonly handedOver?: StagedIndex;
  /** The file brings signatures, and nothing was said of what is to become of them. */
  readonly isUnsaid?: boolean;
  readonly findings: Pick<Findings, 'errors' | 'warnings' | 'moreErrors' | 'moreWarnings'>;
  /** The arena was full. */
  readonly tableFull: boolean;
  readonly failure?: Failure;
  /** Signatures; left out: none. */
  readonly signed?: MadeAside;
  readonly blocks: readonly BlockList[];
}

/** One zone to be written as a file. */
export interface ExportRequest {
  readonly kind: 'export';
  /** Canonical name. */
  readonly zone: string;
  /** With its proofs and signatures; undefined: without. */
  readonly signed?: ExportKeys | undefined;
}

/** The RRsets of one zone to be written as a list in JSON, see rrset-json.ts. */
export interface ListRequest {
  readonly kind: 'list';
  /** Canonical name. */
  readonly zone: string;
  /** Of whoever asks: what is out of reach is left out. */
  readonly limits: TokenLimits | undefined;
}

/** The digest of one zone, to be answered. */
export interface DigestRequest {
  readonly kind: 'digest';
  /** Canonical name. */
  readonly zone: string;
  readonly keys: ExportKeys;
}

/** A zone that is served with signatures of its own, to be looked at. */
export interface KeptRequest {
  readonly kind: 'kept';
  /** Canonical name. */
  readonly zone: string;
  /** Unix time. */
  readonly nowSeconds: number;
}

/** Nothing: there is no such zone, or it brings none. */
export interface KeptReply {
  readonly look?: ReturnType<typeof lookAtKept>;
  readonly failure?: Failure;
}

/** Nothing: there is no such zone. */
export interface DigestReply {
  readonly digest?: MadeDigest | undefined;
  readonly failure?: Failure;
  /** Something of the zone cannot be signed now. */
  readonly refused?: string;
}

/** What stands between the brackets; undefined where there is no such zone. */
export interface ListReply {
  readonly file: { readonly zone: Zone; readonly pieces: readonly Uint8Array<ArrayBuffer>[] } | undefined;
  readonly failure?: Failure;
}

/** The file in pieces, UTF-8; undefined where there is no such zone. */
export interface ExportReply {
  readonly file: { readonly revision: number; readonly pieces: readonly Uint8Array<ArrayBuffer>[] } | undefined;
  readonly failure?: Failure;
  /** Why the zone cannot be shown signed. */
  readonly refused?: { readonly code: 'signing_unknown' | 'signing_refused'; readonly detail: string };
}

/** Why a request was not carried out. */
export interface Failure {
  /** For the client where the store is to blame, for the log where this program is. */
  readonly message: string;
  /** The store cannot be read or written; else it is a fault of this program. */
  readonly isOfStore: boolean;
}

/** What was thrown, as it is told to the main thread. */
export function failureOf(error: unknown): Failure {
  const { code, message, stack } = error as { code?: string; message?: string; stack?: string };
  const isOfStore = error instanceof StoreUnavailable || code?.startsWith('SQLITE_') === true;
  return { isOfStore, message: (isOfStore ? message : stack) ?? String(error) };
}

/** Says that the thread shall finish what it does, close the store and end. */
export interface StopRequest {
  readonly kind: 'stop';
}

/** A zone as a file. */
export interface ZoneFile {
  /** The zone's revision; the file's ETag. */
  readonly revision: number;
  /** UTF-8. */
  readonly pieces: readonly Uint8Array[];
}

/** The RRsets of a zone; UTF-8, what stands between the brackets of the list. */
export interface ZoneList {
  readonly zone: Zone;
  readonly pieces: readonly Uint8Array[];
}
