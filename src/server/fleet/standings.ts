/** Tells of how a node stands in its fleet, and of what it knows of the others, each time that it has changed. */
import type { NodeEvent } from '../../control/nodes.ts';
import { standingChanges, troubleOf } from '../../model/fleet/standing-changes.ts';

export class Standings {
  readonly #listeners: ((event: NodeEvent) => void)[] = [];
  #before: NodeEvent | undefined;

  listen(listener: (event: NodeEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** What cannot be read now stands as it was known last. */
  tell(
    state: Omit<NodeEvent, 'changes' | 'silent' | 'lost' | 'back'> & { readonly silent: readonly string[] | undefined },
  ): void {
    const changes = standingChanges(this.#before, state);
    if (changes.length === 0) return;
    const silent = state.silent ?? this.#before?.silent ?? [];
    const known = { ...state, silent, leader: state.leader ?? this.#before?.leader ?? null };
    const event = { ...known, ...troubleOf(this.#before, known), changes };
    this.#before = event;
    for (const listener of this.#listeners) listener(event);
  }
}
