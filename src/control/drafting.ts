/** From a command to the entry of the log that it would be: everything that is judged before anything is done. */
import { afterChange } from '../model/drain.ts';
import type { Entry } from '../model/entry.ts';
import { Problem } from '../model/errors.ts';
import { type Measured, withMeasured } from '../model/release-measurements.ts';
import type { ModelChange, Request, Revision } from '../model/revision.ts';
import { withoutSecrets } from '../model/subject-secrets.ts';
import type { Why } from '../model/why.ts';
import type { Store } from '../store/sqlite.ts';
import type { Command, CommandContext, CommandResult, Outcome } from './commands/command.ts';
import { type Draft, type Drafted, isDraft } from './drafts/draft.ts';
import { overriddenInWords } from './drafts/freeze-guard.ts';
import { draft } from './drafts/index.ts';
import { Grant } from './grant.ts';

/** An entry that is ready for the log, and what its command gives back once it is applied. */
interface Made {
  readonly entry: Entry;
  readonly outcome: Outcome;
}

/** What is not in the store, and changes take along or are judged by. */
interface Known {
  /** What was measured in the analysis that a release is in. */
  measured(release: string): Measured | undefined;
  /** By how much the clock of a fleet that is the furthest behind the one here is so, milliseconds. */
  behindMs(): number;
}

export class Drafting {
  readonly #store: Store;
  #known: Known = { measured: () => undefined, behindMs: () => 0 };

  constructor(store: Store) {
    this.#store = store;
  }

  knownBy(known: Partial<Known>): void {
    this.#known = { ...this.#known, ...known };
  }

  /** The entry after the last one; or what is so without any: an earlier reply, nothing to change, or a refusal. */
  make(command: Command, context: CommandContext): Made | { readonly result: CommandResult } {
    const earlier = this.#earlierReply(context);
    if (earlier !== undefined) return { result: earlier };
    const revision = this.#store.lastRevision + 1;
    const drafted = this.draft(command, context, revision);
    if (drafted instanceof Problem) return { result: drafted };
    // Nothing is kept for what changed nothing: a token could fill the disk with it, and sent again it is looked at anew.
    if (!isDraft(drafted)) return { result: { ...drafted, created: false, replayed: false } };
    const outcome: Outcome = {
      revision,
      created: drafted.created,
      body: drafted.body,
      replayed: false,
      ...(drafted.isPending && { isPending: true }),
    };
    return { entry: this.#entryOf(drafted, outcome, context), outcome };
  }

  /** A draft that its token may have. Whatever the command named: what it would change is what counts. */
  draft(command: Command, context: CommandContext, revision: number): Drafted {
    const earliestMs = context.atMs - this.#known.behindMs();
    const drafted = draft(this.#store, command, { ...context, earliestMs }, revision);
    if (drafted instanceof Problem || !isDraft(drafted)) return drafted;
    return new Grant(this.#store, context.limits).checkDraft(drafted, context.token ?? context.actor) ?? drafted;
  }

  #entryOf(draft: Draft, outcome: Outcome, context: CommandContext): Entry {
    const { kind, subjects, override } = draft;
    const summary = override === undefined ? draft.summary : `${draft.summary}, ${overriddenInWords(override)}`;
    const { atMs, idempotency } = context;
    const told = subjects.map(withoutSecrets);
    const revision: Revision = {
      revision: outcome.revision,
      ...said({ ...context, why: { ...draft.why, ...context.why } }),
      kind,
      summary,
      subjects: told,
      ...(override && { override }),
    };
    const changes = draft.changes.map((change) => this.withObserved(change, atMs));
    const reply = idempotency && { ...idempotency, outcome: JSON.stringify(outcome), atMs };
    return reply === undefined ? { revision, changes } : { revision, changes, reply };
  }

  /**
   * A changed service takes along what is to be known of the answers that were given before the change; a changed
   * release, what its gates said.
   */
  withObserved(change: ModelChange, atMs: number): ModelChange {
    if (change.op === 'putService') {
      const { service } = change;
      const before = change.before ?? this.#store.service(service.name);
      return { op: 'putService', service: afterChange(before, service, atMs, atMs - this.#known.behindMs()) };
    }
    if (change.op !== 'putRelease') return change;
    const { release } = change;
    const before = this.#store.release(release.id);
    return { op: 'putRelease', release: withMeasured(before, release, this.#known.measured(release.id), atMs) };
  }

  #earlierReply({ idempotency, atMs }: CommandContext): CommandResult | undefined {
    if (idempotency === undefined) return undefined;
    const kept = this.#store.keptReply(idempotency.token, idempotency.key, atMs);
    if (kept === undefined) return undefined;
    if (kept.bodyHash === idempotency.bodyHash) return { ...(JSON.parse(kept.outcome) as Outcome), replayed: true };
    const detail = `The Idempotency-Key ${idempotency.key} was used for another request within the last 24 hours; use a new one.`;
    return new Problem('idempotency_key_reused', detail);
  }
}

/** Who, when and why: what a revision has from what was said with the command. */
function said({
  actor,
  atMs,
  why,
  origin,
}: CommandContext): Pick<Revision, 'actor' | 'atMs' | keyof Why | keyof Request> {
  const { requestId, traceparent } = origin ?? {};
  return {
    atMs,
    actor,
    ...why,
    ...(requestId !== undefined && { requestId }),
    ...(traceparent !== undefined && { traceparent }),
  };
}
