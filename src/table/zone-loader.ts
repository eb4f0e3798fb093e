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
import { ZoneBuilder } from './zone-builder.ts';
import type { ZoneWriter } from './zone-writer.ts';

/** Signatures that are made at a start, where nobody is answered yet, for one zone: a tenth of a second. */
const MADE_AT_LOAD = 2000;

/** The table that it is for. */
interface LoadedTable extends Pick<TableChanges, 'prepare' | 'publish'> {
  readonly shared: SharedTable;
  discard(staged: Pick<StagedIndex, 'index'>): void;
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
   * missing of its signatures is made: nobody is to see it without.
   */
  build(zone: Zone, rrsets: () => Iterable<RRset>, signed?: LoadedSigning): StagedIndex | undefined {
    const whole = () => signed && this.#buildSigned(zone, rrsets(), signed);
    const built = this.#making(zone.name, signed && Number.POSITIVE_INFINITY, whole);
    return built ?? this.#buildAside(zone.name, rrsets());
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
    const whole = signed && this.#buildSigned(zone, rrsets(), signed);
    const built = whole ?? this.#buildAside(zone.name, rrsets());
    if (built === undefined) return full(this.#table.shared);
    const problem = this.#table.prepare([{ op: 'importZone', zone, staged: built }]);
    if (problem !== undefined) return problem;
    this.#table.publish();
    if (signed !== undefined && whole !== undefined) this.#zones.signers.leaveRest(zone.name, signed.signing);
    return signed === undefined || whole !== undefined || this.#isLeft(zone.name, signed.signing)
      ? 'whole'
      : 'unsigned';
  }

  /** Whether its signing is left to who builds it aside. */
  #isLeft(zone: string, signing: ZoneSigning): boolean {
    const { signers } = this.#zones;
    if (!signers.leaves(zone, signing, this.#zones.count(zone, signers.namesAtOnce))) return false;
    signers.want(zone, signing);
    return true;
  }

  /** With the signatures that are kept, and some that are made; undefined: nobody signs it, or there is no room. */
  #buildSigned(zone: Zone, rrsets: Iterable<RRset>, { signing, services }: LoadedSigning): StagedIndex | undefined {
    const { signers } = this.#zones;
    const { undo } = signers.set(zone.name, signing);
    const signer = signers.of(zone.name);
    const apex = nameToWire(zone.name);
    if (signer === undefined) {
      undo();
      return undefined;
    }
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
