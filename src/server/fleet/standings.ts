/** Tells of how a node stands in its fleet, each time that it has changed. */
import type { NodeEvent } from '../../control/nodes.ts';

export class Standings {
  readonly #listeners: ((event: NodeEvent) => void)[] = [];
  #told = '';

  listen(listener: (event: NodeEvent) => void): void {
    this.#listeners.push(listener);
  }

  tell(event: NodeEvent): void {
    const text = JSON.stringify(event);
    if (text === this.#told) return;
    this.#told = text;
    for (const listener of this.#listeners) listener(event);
  }
}
