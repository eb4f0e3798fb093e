/** What changed, in the log: one line for each revision, which says what it was before, what it is now, who, and why. */
import type { CommandContext } from '../control/commands/command.ts';
import type { Engine } from '../control/engine.ts';
import type { Release } from '../model/release.ts';
import type { ModelChange, Revision, Subject } from '../model/revision.ts';
import { shown } from '../shown.ts';

/** A large zone that goes takes thousands of services along; the history has them all. */
const SUBJECTS_MAX = 20;
/** Contents of records that fit a line that people read. */
const CONTENT_MAX_CHARS = 500;

interface ChangeLine {
  readonly level: 'info' | 'warn';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

interface ChangeLogger {
  info(line: object, message: string): void;
  warn(line: object, message: string): void;
}

/** Tells of each change from now on. */
export function logChanges(engine: Pick<Engine, 'onChange'>, log: ChangeLogger): void {
  engine.onChange((changes, revision, context) => {
    const { level, fields, message } = changeLine(changes, revision, context?.origin);
    log[level](fields, message);
  });
}

/** `origin`: the request that it came with, if it did. */
export function changeLine(
  changes: readonly ModelChange[],
  { revision, kind, actor, summary, subjects, reason, links }: Revision,
  origin: CommandContext['origin'],
): ChangeLine {
  const release = changes.flatMap((change) => (change.op === 'putRelease' ? [change.release] : []))[0];
  const shown = subjects.filter((subject) => subject.kind !== 'release').slice(0, SUBJECTS_MAX);
  const more = subjects.length - shown.length - (release === undefined ? 0 : 1);
  const fields = {
    revision,
    kind,
    actor,
    changes: shown.map(subjectFields),
    ...(more > 0 && { moreChanges: more }),
    ...(release && { release: release.id, state: release.state, reason: release.reason, cause: release.message }),
    // A release has a `reason` of its own, which says why it is in its state.
    ...((reason ?? links) !== undefined && { why: { reason, links } }),
    ...origin,
  };
  return { level: release !== undefined && isBad(release) ? 'warn' : 'info', fields, message: summary };
}

/** What somebody should look at: it was taken back, or waits for a person since its analysis could not decide. */
function isBad({ state, reason }: Release): boolean {
  return state === 'aborted' || reason === 'analysis_inconclusive';
}

/** `{"service":"app.example.com","from":{"blue":90,"green":10},"to":{"blue":0,"green":100}}` */
function subjectFields({ kind, name, before, after }: Subject): object {
  const [from, to] = [before, after].map((content) => shownContent(kind, content));
  return { [kind]: shown(name), from, to };
}

/** Of services the weights, whichever form the revision has them in; nothing of what has secrets; null: not there. */
function shownContent(kind: Subject['kind'], content: unknown): unknown {
  if (content === null || content === undefined) return null;
  if (kind === 'service') return weightsIn(content as object);
  if (kind === 'token' || kind === 'webhook') return undefined;
  return JSON.stringify(content).length <= CONTENT_MAX_CHARS ? content : undefined;
}

/** A shift's subject is weights by pool; a whole service has them in its pools. */
function weightsIn(content: object): unknown {
  const { pools } = content as { pools?: unknown };
  if (typeof pools !== 'object' || pools === null) return content;
  const all = Object.entries(pools as Record<string, { weight?: number }>);
  return Object.fromEntries(all.map(([pool, { weight }]) => [pool, weight]));
}
