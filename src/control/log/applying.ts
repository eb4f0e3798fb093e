/** How entries of the log that others appended, or that this node could not apply when it appended them, come to be answered from here. */
import { inBackground } from '../../guard.ts';
import type { Entry } from '../../model/entry.ts';
import type { NodeEvent } from '../../model/fleet/turn.ts';
import type { FleetLogParts } from './fleet-parts.ts';
import type { Incoming } from './incoming.ts';
import { Lost } from './keeper.ts';
import type { ContentFollower } from './staging.ts';

const WHAT = 'an entry of the log of the fleet';

interface ApplyingParts {
  readonly incoming: Incoming;
  readonly follower: ContentFollower;
  readonly applier: FleetLogParts['applier'];
  /** Is told where an entry cannot be applied. */
  readonly tell: (event: Extract<NodeEvent, { kind: 'refused' | 'missing' }>) => void;
  /** And where one is answered from, whoever applied it. */
  readonly applied: (revision: number) => void;
}

export class Applying {
  readonly #parts: ApplyingParts;

  constructor(parts: ApplyingParts) {
    this.#parts = parts;
  }

  /** The entry that comes next: at once where all of it is here. */
  apply(revision: number): void {
    const found = this.#parts.incoming.take(revision);
    if (!(found instanceof Promise)) return this.#applyFound(revision, found);
    const applied = found.then((later) => this.#applyFound(revision, later));
    inBackground(WHAT, applied);
  }

  #applyFound(revision: number, found: Awaited<ReturnType<Incoming['take']>>): void {
    const { tell, follower } = this.#parts;
    if (found instanceof Lost) {
      // The heartbeat tries again.
      return tell({ kind: 'refused', revision, why: 'unstaged', words: `could not be read: ${found.words}` });
    }
    if (found === 'missing') return tell({ kind: 'missing', revision });
    if ('unreadable' in found) return tell({ kind: 'refused', revision, why: 'newer', words: found.unreadable });
    if (follower.has(found)) return this.#applyStaged(revision, found);
    const applied = follower.bring(found).then((words) => this.#applyStaged(revision, found, words));
    inBackground(WHAT, applied);
  }

  #applyStaged(revision: number, entry: Entry, words?: string): void {
    const { tell, applier } = this.#parts;
    if (words !== undefined) return tell({ kind: 'refused', revision, why: 'unstaged', words });
    const problem = applier.apply(entry);
    if (problem === undefined) this.#parts.applied(revision);
    else tell({ kind: 'refused', revision, why: 'full', words: problem.detail });
  }
}
