/** Zones that are built aside in the table's own thread, unsigned, while everything changes, for random histories. */
import { nameToWire } from '../../src/model/name.ts';
import type { RRset } from '../../src/model/rrset.ts';
import type { CaughtUp, RRsetNow, StagedIndex, TableChange } from '../../src/table/changes.ts';
import { Arena } from '../../src/table/memory.ts';
import { NAMES_ASIDE_MIN } from '../../src/table/names-aside.ts';
import type { Table } from '../../src/table/table.ts';
import { ZoneBuilder } from '../../src/table/zone-builder.ts';
import { packedPiece } from '../fixtures/packed.ts';
import { zonePut } from './model-data.ts';

/** How the builder is told of the records: one by one, packed, or packed in their order, as of a large zone. */
export type Form = 'objects' | 'packed' | 'aside';

/** The index of a zone of these records, as the thread builds it. */
export function build(table: Table, apex: string, rrsets: readonly RRset[], form: Form): StagedIndex {
  const arena = new Arena(table.shared);
  arena.absorb(table.lendBlocks());
  const builder = new ZoneBuilder(arena, apex, 0, undefined, form === 'aside' ? NAMES_ASIDE_MIN : 0);
  if (form === 'objects') {
    for (const { name, type, ttlSeconds, rdata } of rrsets) builder.put(nameToWire(name), type, ttlSeconds, rdata);
  } else {
    const inOrder = (a: RRset, b: RRset): number =>
      Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || a.type - b.type;
    builder.putPacked(packedPiece([...rrsets].sort(inOrder)));
  }
  const staged = builder.finish();
  table.absorbBlocks(arena.lend());
  return staged;
}

/** The change that brings what was built in; `n`: what the zone says of itself is made from it. */
export function importOf(name: string, n: number, staged: StagedIndex): TableChange {
  return { op: 'importZone', zone: zonePut(name, n).zone, staged };
}

const keyOf = ({ name, type }: Pick<RRset, 'name' | 'type'>): string => `${name} ${type}`;

/** A zone that is built aside while it changes: to be answered from records of its own, or from those that the zone has. */
export class Aside {
  readonly zone: string;
  /** The records are those that the zone has, and are caught up with. */
  readonly isRebuilt: boolean;
  /** The records in it, by owner and type. */
  readonly rrsets: Map<string, RRset>;
  readonly #staged: CaughtUp['staged'];

  constructor(table: Table, zone: string, rrsets: readonly RRset[], how: { form: Form; isRebuilt: boolean }) {
    this.zone = zone;
    this.isRebuilt = how.isRebuilt;
    this.rrsets = new Map(rrsets.map((each) => [keyOf(each), each]));
    const followed = table.follow(zone);
    this.#staged = { ...build(table, zone, rrsets, how.form), followed };
  }

  /** Its services are led to, and may change after it. */
  link(): TableChange {
    return { op: 'linkAhead', zone: this.zone, staged: this.#staged };
  }

  /** Some of what has changed is brought in, and may change after it. */
  catchUp(now: readonly RRset[], most: number): TableChange {
    return { op: 'catchUp', caughtUp: { zone: this.zone, staged: this.#staged, since: this.#take(now, most) } };
  }

  #take(now: readonly RRset[], most: number): RRsetNow[] {
    if (!this.isRebuilt) return [];
    const there = new Map(now.map((each) => [keyOf(each), each]));
    const same = (a: RRset | undefined, b: RRset | undefined): boolean =>
      `${a?.rdata} ${a?.ttlSeconds}` === `${b?.rdata} ${b?.ttlSeconds}`;
    const keys = [...new Set([...this.rrsets.keys(), ...there.keys()])];
    const some = keys.filter((key) => !same(this.rrsets.get(key), there.get(key))).slice(0, most);
    return some.map((key) => {
      const rrset = there.get(key);
      if (rrset !== undefined) {
        this.rrsets.set(key, rrset);
        return { rrset };
      }
      const gone = this.rrsets.get(key) as RRset;
      this.rrsets.delete(key);
      return { gone };
    });
  }

  /** Takes the place of what is answered; `n`: see `importOf`. */
  swap(n: number, now: readonly RRset[]): TableChange {
    if (!this.isRebuilt) return importOf(this.zone, n, this.#staged);
    const { zone } = zonePut(this.zone, n);
    const since = this.#take(now, Number.POSITIVE_INFINITY);
    return { op: 'rebuildZone', rebuilt: { zone, signing: undefined, staged: this.#staged, since } };
  }

  discard(table: Table): void {
    table.discard(this.#staged);
  }
}
