/**
 * Where what a zone itself answers ends: names with NS below the apex, and names with DNAME. The zone of a registry has
 * little else, so nothing is kept of each: whether a name is one of them is looked up among the records.
 */
import { TYPE } from '../wire/constants.ts';
import type { ZoneContent } from './zone-content.ts';

export class ZoneBorders {
  readonly #content: ZoneContent;
  readonly hasCuts: boolean;
  readonly hasDnames: boolean;

  /** To be made when all records are in. */
  constructor(content: ZoneContent) {
    this.#content = content;
    const own = content.holds(content.zone, TYPE.NS) ? 1 : 0;
    this.hasCuts = content.countType(TYPE.NS, own + 1) > own;
    this.hasDnames = content.countType(TYPE.DNAME, 1) > 0;
  }

  /** `name`: canonical, in the zone. */
  isCut(name: string): boolean {
    return this.hasCuts && name !== this.#content.zone && this.#content.holds(name, TYPE.NS);
  }

  isDname(name: string): boolean {
    return this.hasDnames && this.#content.holds(name, TYPE.DNAME);
  }

  /** The line of a name's first DNAME; undefined: it has none. */
  dnameLineAt(name: string): number | undefined {
    return this.hasDnames ? this.#content.lineOf(name, TYPE.DNAME) : undefined;
  }
}
