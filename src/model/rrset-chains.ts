/** The RRsets of each name, one behind the other in the order of the file, and by type where a name has many. */
import type { Column } from './column.ts';

/** Up to here, looking at one after the other beats keeping a map of them. */
const WALKED_MAX = 32;

/** See ContentColumns. */
interface Columns {
  readonly firstOf: Column<Uint32Array>;
  readonly next: Column<Uint32Array>;
  readonly types: Column<Uint16Array>;
}

/** Those of a name with many types: the last, and all by type, each with 1 added. */
interface Many {
  last: number;
  readonly byType: Map<number, number>;
}

export class RRsetChains {
  readonly #columns: Columns;
  /** By the name's number. Walked through, a name of 60,000 types would hold up whoever reads the zone for seconds. */
  readonly #many = new Map<number, Many>();

  constructor(columns: Columns) {
    this.#columns = columns;
  }

  /** The RRset of the type at a name, with 1 added; or 0. */
  find(name: number, type: number): number {
    const { firstOf, next, types } = this.#columns;
    let rrset = firstOf.values[name];
    for (let walked = 0; rrset !== 0 && types.values[rrset - 1] !== type; walked++) {
      const many = walked === WALKED_MAX ? this.#many.get(name) : undefined;
      if (many !== undefined) return many.byType.get(type) ?? 0;
      rrset = next.values[rrset - 1];
    }
    return rrset;
  }

  /** Puts an RRset behind the others of a name. */
  add(name: number, rrset: number): void {
    const { firstOf, next } = this.#columns;
    let last = firstOf.values[name];
    if (last === 0) {
      firstOf.values[name] = rrset + 1;
      return;
    }
    for (let walked = 0; next.values[last - 1] !== 0; walked++) {
      if (walked === WALKED_MAX) {
        this.#addToMany(name, rrset);
        return;
      }
      last = next.values[last - 1];
    }
    next.values[last - 1] = rrset + 1;
  }

  #addToMany(name: number, rrset: number): void {
    const { next, types } = this.#columns;
    const many = this.#many.get(name) ?? this.#begin(name);
    next.values[many.last - 1] = rrset + 1;
    many.last = rrset + 1;
    many.byType.set(types.values[rrset], rrset + 1);
  }

  #begin(name: number): Many {
    const { firstOf, next, types } = this.#columns;
    const many: Many = { last: 0, byType: new Map() };
    for (let rrset = firstOf.values[name]; rrset !== 0; rrset = next.values[rrset - 1]) {
      many.byType.set(types.values[rrset - 1], rrset);
      many.last = rrset;
    }
    this.#many.set(name, many);
    return many;
  }
}
