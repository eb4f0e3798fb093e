/** The zone that was found last: most queries ask for the one that the query before asked for. One for each lookup. */
import type { HashedName } from './hash.ts';
import { ZONE, ZONE_IS_HASHED } from './layout.ts';
import type { ArenaView } from './memory.ts';
import type { OrderAhead } from './order/ahead.ts';

export class LastZone {
  /** Its version, its entry, and its index. */
  version = 0;
  entry = 0;
  index = 0;
  /** Labels of its name. */
  depth = 0;
  /** The hash states of these labels, the root's included. */
  readonly #states = new Int32Array(129);
  /** The generation that it was found in; 0: there is none. */
  #generation = 0;
  readonly #view: ArenaView;

  constructor(view: ArenaView) {
    this.#view = view;
  }

  /** It was found: its name is that of `name` from the label `label` on. */
  keep(version: number, entry: number, name: HashedName, label: number, generation: number): void {
    this.version = version;
    this.entry = entry;
    this.index = this.#view.words[version + ZONE.INDEX];
    this.depth = name.labels - label;
    for (let i = 0; i <= this.depth; i++) this.#states[i] = name.states[label + i];
    this.#generation = generation;
  }

  /** The label of the name where the zone would begin; below 0: it cannot be in there, or it may not be any more. */
  labelOf(name: HashedName, generation: number): number {
    return this.#generation === generation ? name.labels - this.depth : -1;
  }

  /** Whether the name, from that label on, has the hash of the zone's. */
  seemsToBe(name: HashedName, label: number): boolean {
    return name.states[label] === this.#states[0];
  }

  /** Hashes a name that most likely ends in the zone's. */
  hash(name: HashedName, generation: number): void {
    if (this.#generation === generation) name.hashBelow(this.#view.words, this.entry, this.#states, this.depth);
    else name.hash();
  }

  /** Has a query's name looked for in the zone's order, if `index`, which lacks it, is the zone's. */
  leadToCover(ahead: OrderAhead, query: number, name: HashedName, index: number, generation: number): void {
    const label = this.labelOf(name, generation);
    if (label < 0 || index !== this.index) return;
    const words = this.#view.words;
    const root = words[this.version + ZONE.ORDER];
    if (root === 0 || (words[this.version + ZONE.FLAGS] & ZONE_IS_HASHED) !== 0) return;
    ahead.add(query, root, name.bytes, name.length, name.length - name.starts[label]);
  }
}
