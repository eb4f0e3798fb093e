/**
 * What the nodes of a fleet see of targets. Each probes for itself, and answers by what it sees; where a check asks for a
 * quorum, a target is down when so many of them see it down: one node's broken network then empties no pool there.
 */
import { type Quorum, quorumOf } from '../health.ts';
import type { TargetState } from '../health-state.ts';
import { clockForm, parseClock, type ToldClock } from './clocks.ts';
import { bytesOf, encodeRecord, isText, isWhole, parseRecord, Unreadable } from './records.ts';

/** What one node sees of a target. */
export interface TargetView {
  readonly state: TargetState;
  /** For how long. */
  readonly ageMs: number;
  readonly reason: string;
}

/** By service, then by target. */
export type NodeViews = ReadonlyMap<string, ReadonlyMap<string, TargetView>>;

/** Views as they were published, under a name that no other publication has. */
export interface ToldViews {
  readonly id: string;
  readonly views: NodeViews;
}

/** Each node says every few seconds that its views hold: what is older is of a node that is gone or cut off. */
export const VIEWS_FRESH_MS = 15_000;
/** Of all that one node publishes: one value of the engine, which is written again with each change. Some 2,000 targets. */
const VIEWS_MAX_BYTES = 128 * 1024;
const NAME_MAX_LENGTH = 1024;
const REASON_MAX_LENGTH = 120;
/** Of the seconds and digits that `id` and the brackets take. */
const FRAME_BYTES = 300;

const STATES: readonly unknown[] = ['unknown', 'up', 'down'];

/** The views as they are published: the services in their order, as many as fit; and how many do not. */
export function encodeViews({ id, views }: ToldViews): { readonly value: Uint8Array; readonly left: number } {
  const services: unknown[] = [];
  let bytes = FRAME_BYTES;
  for (const [service, targets] of views) {
    const form = [service, [...targets].map(([target, view]) => [target, ...viewForm(view)])];
    bytes += bytesOf(JSON.stringify(form)).length + 1;
    if (bytes > VIEWS_MAX_BYTES) break;
    services.push(form);
  }
  return { value: encodeRecord({ id, services }), left: views.size - services.length };
}

/** What a target that is up said is of no interest. */
function viewForm({ state, ageMs, reason }: TargetView): unknown[] {
  const form = [state, Math.max(0, Math.round(ageMs))];
  return state === 'up' ? form : [...form, reason.slice(0, REASON_MAX_LENGTH)];
}

export function parseViews(value: Uint8Array): ToldViews | Unreadable {
  const record = parseRecord(value, VIEWS_MAX_BYTES);
  if (record instanceof Unreadable) return record;
  const { id, services } = record;
  if (!isText(id)) return new Unreadable('has no id');
  if (!Array.isArray(services)) return new Unreadable('has no list of services');
  const views = new Map<string, ReadonlyMap<string, TargetView>>();
  for (const pair of services as unknown[]) {
    const [service, targets] = Array.isArray(pair) ? (pair as unknown[]) : [];
    const parsed = Array.isArray(targets) ? parseTargets(targets) : undefined;
    if (!isName(service) || parsed === undefined) return new Unreadable('has a service whose views cannot be read');
    views.set(service, parsed);
  }
  return { id, views };
}

function parseTargets(targets: readonly unknown[]): ReadonlyMap<string, TargetView> | undefined {
  const parsed = new Map<string, TargetView>();
  for (const each of targets) {
    const [target, state, ageMs, reason = ''] = Array.isArray(each) ? (each as unknown[]) : [];
    if (!isName(target) || !STATES.includes(state) || !isWhole(ageMs) || typeof reason !== 'string') return undefined;
    if (reason.length > NAME_MAX_LENGTH) return undefined;
    parsed.set(target, { state: state as TargetState, ageMs, reason });
  }
  return parsed;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= NAME_MAX_LENGTH;
}

/** That a node is there. */
interface Beat {
  /** Its views are still those that it published under this id. */
  readonly id: string;
  /** What its clocks showed then; undefined: it is of an earlier version, which does not tell. */
  readonly clock: ToldClock | undefined;
}

/** An earlier version reads the id, and no more. */
export function encodeBeat({ id, clock }: Beat): Uint8Array {
  return encodeRecord({ id, clock: clock && clockForm(clock) });
}

export function parseBeat(value: Uint8Array): Beat | Unreadable {
  const record = parseRecord(value);
  if (record instanceof Unreadable) return record;
  return isText(record.id) ? { id: record.id, clock: parseClock(record.clock) } : new Unreadable('has no id');
}

/**
 * What a node says of a target. `silent`: it is out, or has told nothing for long, so that it has no say. `awaited`: it
 * was not heard yet, and may be any moment.
 */
export type Vote = TargetState | 'silent' | 'awaited';

/**
 * Whether a target is left out, with a quorum. It is when so many see it down; a fleet of fewer nodes needs all of them. It
 * stays out, once it was, for as long as those of whom nothing is known could make up the quorum, so that who is cut off
 * does not bring back what all saw down; where anybody who is heard sees it up, only those who are awaited count for that.
 * `votes`: of all nodes of the fleet, this one too.
 */
export function isVotedDown(
  votes: readonly Vote[],
  quorum: Quorum,
  { wasDown }: { readonly wasDown: boolean },
): boolean {
  const count = (...kinds: Vote[]): number => votes.filter((vote) => kinds.includes(vote)).length;
  const needed = quorumOf(quorum, votes.length);
  const down = count('down');
  if (down >= needed) return true;
  const open = votes.includes('up') ? count('awaited') : count('awaited', 'unknown', 'silent');
  return wasDown && down + open >= needed;
}
