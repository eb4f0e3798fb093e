/** Brings whole zones into the table, by the main thread itself: for a start, and for one that goes on with a table. */
import { isUntold, type ZoneSigning } from '../model/dnssec/signing.ts';
import { Problem } from '../model/errors.ts';
import { nameToWire } from '../model/name.ts';
import type { RRset } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';
import { TYPE } from '../wire/constants.ts';
import type { Loaded, LoadedSigning, StagedIndex, TableChanges } from './changes.ts';
import { putAll, soaRdata } from './compile.ts';
import { type Arena, ArenaFull, type SharedTable } from './memory.ts';
import type { RRsetSigner } from './rrset-signer.ts';
import { ZoneBuilder } from './zone-builder.ts';
import type { ZoneWriter } from './zone-writer.ts';

/** Signatures that are made at a start, where nobody is answered yet, for one zone: a tenth of a second. */
const MADE_AT_LOAD = 2000;

/** What an RRset takes where nothing was built of its zone: a name of its own, and an address. */
const RRSET_BYTES = 200;
/** What proves the names of a signed zone comes after all that it proves, and is half as long. */
const WITH_PROOFS = 1.5;

/** A zone for which the table has no room. */
export class ZoneFull extends Problem {
  readonly zone: string;
  /** What the zone would take, as far as can be told by what was built of it. */
  readonly bytes: number;

  constructor(zone: string, bytes: number, shared: SharedTable) {
    const { code, detail } = full(shared);
    super(code, detail);
    this.zone = zone;
    this.bytes = bytes;
  }
}

/** RRsets, counted as they are taken. */
class Counted implements Iterable<RRset> {
  taken = 0;
  readonly #rrsets: Iterable<RRset>;

  constructor(rrsets: Iterable<RRset>) {
    this.#rrsets = rrsets;
  }

  *[Symbol.iterator](): Generator<RRset> {
    for (const rrset of this.#rrsets) {
      this.taken++;
      yield rrset;
    }
  }
}

/** The table that it is for. */
interface LoadedTable extends Pick<TableChanges, 'prepare' | 'publish'> {
  readonly shared: SharedTable;
  collect(): boolean;
  discard(staged: Pick<StagedIndex, 'index' | 'order'>): void;
}

/**
 * Nobody was answered with its signatures, so far as is known. Once somebody was, the time runs after which the parent is asked
 * for a DS: no answer may be without them any more.
 */
function isUnsignedStill(signing: ZoneSigning): boolean {
  return isUntold(signing) && signing.inForceMs === undefined;
}

/** How a zone is built signed. */
interface SignedBuild extends Pick<LoadedSigning, 'services'> {
  readonly signer: RRsetSigner;
  /** Of what the signers know of it. */
  readonly undo: () => void;
}

export class ZoneLoader {
  readonly #arena: Arena;
  readonly #zones: ZoneWriter;
  readonly #table: LoadedTable;
  /** Bytes in use when there was no more room, and before anything was given back. */
  #fullAt = 0;

  constructor(arena: Arena, zones: ZoneWriter, table: LoadedTable) {
    this.#arena = arena;
    this.#zones = zones;
    this.#table = table;
  }

  /** See TableChanges. */
  load(zone: Zone, rrsets: () => Iterable<RRset>, signed?: LoadedSigning): Problem | Loaded {
    return this.#making(zone.name, signed && MADE_AT_LOAD, () => this.#load(zone, rrsets, signed));
  }

  /**
   * Compiles it aside, to be brought in with other changes; undefined: there is no room. Where it is signed, all that is
   * missing of its signatures is made: nobody is to see it without, and no resolver would take it from below a DS.
   */
  build(zone: Zone, rrsets: () => Iterable<RRset>, signed?: LoadedSigning): StagedIndex | undefined {
    const whole = () => this.#build(zone, rrsets(), signed);
    return this.#making(zone.name, signed && Number.POSITIVE_INFINITY, whole);
  }

  /** With so many signatures made at most, besides those that are kept; undefined: the zone is not signed. */
  #making<Result>(zone: string, signatures: number | undefined, work: () => Result): Result {
    const end = signatures === undefined ? undefined : this.#zones.signers.load(zone, signatures);
    try {
      return work();
    } finally {
      end?.();
    }
  }

  #load(zone: Zone, rrsets: () => Iterable<RRset>, signed: LoadedSigning | undefined): Problem | Loaded {
    const before = this.#arena.usedBytes;
    const counted = new Counted(rrsets());
    let built = this.#bringIn(zone, this.#build(zone, counted, signed));
    const takenBytes = this.#fullAt - before;
    let isLeft = false;
    if (built === undefined && signed !== undefined && isUnsignedStill(signed.signing)) {
      // No validator expects signatures yet: it is answered as it was before it was to be signed, and that is tried again.
      built = this.#bringIn(zone, this.#buildAside(zone.name, rrsets()));
      isLeft = built !== undefined;
      if (isLeft) this.#zones.signers.want(zone.name, signed.signing);
    }
    if (built === undefined) {
      return new ZoneFull(zone.name, wholeBytes(takenBytes, counted.taken, rrsets(), signed), this.#table.shared);
    }
    if (built instanceof Problem) return built;
    const isSigned = built.signedBy !== undefined;
    if (signed !== undefined && isSigned) this.#zones.signers.leaveRest(zone.name, signed.signing);
    return signed === undefined || isSigned || isLeft || this.#isLeft(zone.name, signed.signing) ? 'whole' : 'unsigned';
  }

  /** From now on the zone is answered from what was built of it; undefined: there is no room for that, or was none to build it. */
  #bringIn(zone: Zone, built: StagedIndex | undefined): StagedIndex | Problem | undefined {
    if (built !== undefined) {
      const problem = this.#table.prepare([{ op: 'importZone', zone, staged: built }]);
      if (problem === undefined) {
        this.#table.publish();
        return built;
      }
      if (problem.code !== 'table_full') return problem;
      this.#fullAt = this.#arena.usedBytes;
      this.#table.discard(built);
      this.#zones.signers.set(zone.name, undefined);
    }
    this.#makeRoom();
    return undefined;
  }

  /** Of what was built so far, and had no room for its rest. */
  #makeRoom(): void {
    while (this.#table.collect());
    this.#arena.join();
  }

  /** Whether its signing is left to who builds it aside. */
  #isLeft(zone: string, signing: ZoneSigning): boolean {
    const { signers } = this.#zones;
    if (!signers.leaves(zone, signing, this.#zones.count(zone, signers.namesAtOnce))) return false;
    signers.want(zone, signing);
    return true;
  }

  /** Where somebody signs it, with the signatures that are kept, and some that are made; undefined: there is no room for that. */
  #build(zone: Zone, rrsets: Iterable<RRset>, signed: LoadedSigning | undefined): StagedIndex | undefined {
    if (signed === undefined) return this.#buildAside(zone.name, rrsets);
    const { undo } = this.#zones.signers.set(zone.name, signed.signing);
    const signer = this.#zones.signers.of(zone.name);
    if (signer !== undefined) return this.#buildSigned(zone, rrsets, { signer, services: signed.services, undo });
    undo();
    return this.#buildAside(zone.name, rrsets);
  }

  #noRoom(error: unknown): undefined {
    if (!(error instanceof ArenaFull)) throw error;
    return undefined;
  }

  #buildSigned(zone: Zone, rrsets: Iterable<RRset>, { signer, services, undo }: SignedBuild): StagedIndex | undefined {
    const { signers } = this.#zones;
    const apex = nameToWire(zone.name);
    let builder: ZoneBuilder | undefined;
    try {
      builder = new ZoneBuilder(this.#arena, zone.name, 0, signer);
      putAll(builder, rrsets);
      builder.put(apex, TYPE.SOA, zone.ttlSeconds, [soaRdata(zone)]);
      builder.put(apex, TYPE.NS, zone.nameserversTtlSeconds, zone.nameservers.map(nameToWire));
      for (const { type, ttlSeconds, rdata } of signers.apexOf(zone.name)) builder.put(apex, type, ttlSeconds, rdata);
      const order = builder.seal(apex, services);
      // Its services come after it.
      return { index: builder.cell, flags: builder.flags, order, signedBy: signers.markOf(zone.name) };
    } catch (error) {
      this.#fullAt = this.#arena.usedBytes;
      undo();
      builder?.takeBack();
      if (builder !== undefined) this.#table.discard({ index: builder.cell });
      return this.#noRoom(error);
    }
  }

  /** Unsigned; undefined: there is no room. */
  #buildAside(zone: string, rrsets: Iterable<RRset>): StagedIndex | undefined {
    let builder: ZoneBuilder | undefined;
    try {
      builder = new ZoneBuilder(this.#arena, zone);
      putAll(builder, rrsets);
      return builder.finish();
    } catch (error) {
      this.#fullAt = this.#arena.usedBytes;
      builder?.dismantle();
      return this.#noRoom(error);
    }
  }
}

/** What all of a zone would take, where the first `taken` of its RRsets took so many bytes. */
function wholeBytes(bytes: number, taken: number, rrsets: Iterable<RRset>, signed: LoadedSigning | undefined): number {
  let count = 0;
  for (const _ of rrsets) count++;
  const each = taken === 0 ? RRSET_BYTES : Math.max(RRSET_BYTES, bytes / taken);
  return Math.ceil(each * count * (signed === undefined ? 1 : WITH_PROOFS));
}

export function full({ maxBytes }: SharedTable): Problem {
  return new Problem(
    'table_full',
    `the table has reached its limit of ${maxBytes} bytes; raise table.maxBytes and restart`,
  );
}
