/** Brings whole zones into the table, by the main thread itself: for a start, and for one that goes on with a table. */
import type { ZoneSigning } from '../model/dnssec/signing.ts';
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

/** The table that it is for. */
interface LoadedTable extends Pick<TableChanges, 'prepare' | 'publish'> {
  readonly shared: SharedTable;
  discard(staged: Pick<StagedIndex, 'index'>): void;
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
    const built = this.#build(zone, rrsets(), signed);
    if (built === undefined) return full(this.#table.shared);
    const problem = this.#table.prepare([{ op: 'importZone', zone, staged: built }]);
    if (problem !== undefined) return problem;
    this.#table.publish();
    const isSigned = built.signedBy !== undefined;
    if (signed !== undefined && isSigned) this.#zones.signers.leaveRest(zone.name, signed.signing);
    return signed === undefined || isSigned || this.#isLeft(zone.name, signed.signing) ? 'whole' : 'unsigned';
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
      undo();
      builder?.takeBack();
      if (builder !== undefined) this.#table.discard({ index: builder.cell });
      if (error instanceof ArenaFull) return undefined;
      throw error;
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
      builder?.dismantle();
      if (error instanceof ArenaFull) return undefined;
      throw error;
    }
  }
}

export function full({ maxBytes }: SharedTable): Problem {
  return new Problem(
    'table_full',
    `the table has reached its limit of ${maxBytes} bytes; raise table.maxBytes and restart`,
  );
}
