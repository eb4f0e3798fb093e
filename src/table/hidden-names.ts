/**
 * Names that lead to services which a child zone took over, and that it hides: nobody can see them as long as the child is
 * there, so that they are let go of little by little.
 */
import { parentOf } from '../model/name.ts';
import type { Preparation } from './preparation.ts';

interface Hidden {
  readonly zone: string;
  readonly child: string;
  readonly names: string[];
}

export class HiddenNames {
  readonly #preparation: Preparation;
  /** Leads a name to what stands there now. */
  readonly #link: (zone: string, name: string) => void;
  #hidden: Hidden[] = [];
  /** Those of the pending changes. */
  readonly #pending = new Set<Hidden>();

  constructor(preparation: Preparation, link: (zone: string, name: string) => void) {
    this.#preparation = preparation;
    this.#link = link;
  }

  /**
   * A child zone has taken a service over, whose names in its former zone lead to nothing any more. Where the child lies
   * right below that zone, nobody can see them, nor what exists through them, for as long as the child is there: thousands
   * of them need not be seen to in the turn of one command. Only the child's own name is still asked for, by DS.
   */
  leave(zone: string, child: string, names: readonly string[]): void {
    const isSeen = (name: string): boolean => name === child || parentOf(child) !== zone;
    for (const name of names) if (isSeen(name)) this.#link(zone, name);
    const later = names.filter((name) => !isSeen(name));
    if (later.length === 0) return;
    const pending = { zone, child, names: later };
    this.#pending.add(pending);
    this.#preparation.undo(() => this.#pending.delete(pending));
    this.#preparation.onPublish(() => {
      this.#pending.delete(pending);
      this.#add(zone, child, later);
    });
  }

  /** A name that another writer left to be let go of. */
  keep(zone: string, child: string, name: string): void {
    this.#add(zone, child, [name]);
  }

  #add(zone: string, child: string, names: string[]): void {
    if (names.length === 0) return;
    const last = this.#hidden.at(-1);
    if (last?.zone === zone && last.child === child) last.names.push(...names);
    else this.#hidden.push({ zone, child, names });
  }

  get areLeft(): boolean {
    return this.#hidden.length > 0;
  }

  /**
   * Lets go of at most so many of those that `child` hides, or (undefined) any child, as a part of the pending changes.
   * `isThere`: whether a zone is; the one above may have gone first.
   */
  letGo(child: string | undefined, most: number, isThere: (zone: string) => boolean): void {
    // A child that goes in the changes in which it came has hidden them from nobody.
    for (const { zone, child: by, names } of this.#pending) {
      if (by !== child) continue;
      if (isThere(zone)) for (const name of names) this.#link(zone, name);
      names.length = 0;
    }
    let left = most;
    for (const hidden of this.#hidden.filter((each) => child === undefined || each.child === child)) {
      const { zone, names } = hidden;
      const some = names.slice(-left);
      left -= some.length;
      if (isThere(zone)) for (const name of some) this.#link(zone, name);
      this.#preparation.onPublish(() => {
        names.length -= some.length;
        this.#hidden = this.#hidden.filter((each) => each.names.length > 0);
      });
      if (left <= 0) return;
    }
  }
}
