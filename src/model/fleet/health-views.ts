/**
 * What the nodes of a fleet see of targets. Each probes for itself, and answers by what it sees; where a check asks for a
 * quorum, a target is down when so many of them see it down: one node's broken network then empties no pool there.
 */
import type { TargetState } from '../health-state.ts';
import { encodeRecord, isWhole, parseRecord, Unreadable } from './records.ts';

/** What one node sees of a target. */
interface TargetView {
  readonly state: TargetState;
  /** For how long. */
  readonly ageMs: number;
  readonly reason: string;
}

/** By service, then by target. */
export type NodeViews = ReadonlyMap<string, ReadonlyMap<string, TargetView>>;

/** With when it came, by this node's steady clock. */
interface HeardViews {
  readonly views: NodeViews;
  readonly heardAtMs: number;
}

/** Views are published when they change, and every few seconds: what is older is of a node that is gone or cut off. */
export const VIEWS_FRESH_MS = 15_000;
/** Of all that one node publishes: one value of the engine. */
const VIEWS_MAX_BYTES = 256 * 1024;
const NAME_MAX_LENGTH = 1024;

const STATES: readonly unknown[] = ['unknown', 'up', 'down'];

/** The views as they are published; undefined: they are too large for that, and are this node's alone. */
export function encodeViews(views: NodeViews): Uint8Array | undefined {
  const services = [...views].map(([service, targets]) => [
    service,
    [...targets].map(([target, { state, ageMs, reason }]) => [target, state, Math.round(ageMs), reason.slice(0, 200)]),
  ]);
  const value = encodeRecord({ services });
  return value.length <= VIEWS_MAX_BYTES ? value : undefined;
}

export function parseViews(value: Uint8Array): NodeViews | Unreadable {
  const record = parseRecord(value, VIEWS_MAX_BYTES);
  if (record instanceof Unreadable) return record;
  if (!Array.isArray(record.services)) return new Unreadable('has no list of services');
  const views = new Map<string, ReadonlyMap<string, TargetView>>();
  for (const pair of record.services as unknown[]) {
    const [service, targets] = Array.isArray(pair) ? (pair as unknown[]) : [];
    const parsed = Array.isArray(targets) ? parseTargets(targets) : undefined;
    if (!isName(service) || parsed === undefined) return new Unreadable('has a service whose views cannot be read');
    views.set(service, parsed);
  }
  return views;
}

function parseTargets(targets: readonly unknown[]): ReadonlyMap<string, TargetView> | undefined {
  const parsed = new Map<string, TargetView>();
  for (const each of targets) {
    const [target, state, ageMs, reason] = Array.isArray(each) ? (each as unknown[]) : [];
    if (!isName(target) || !STATES.includes(state) || !isWhole(ageMs) || typeof reason !== 'string') return undefined;
    if (reason.length > NAME_MAX_LENGTH) return undefined;
    parsed.set(target, { state: state as TargetState, ageMs, reason });
  }
  return parsed;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= NAME_MAX_LENGTH;
}

/** What all see of one target, by node, this one with them; those whose views are too old are `unknown`. */
export function viewsOf(
  heard: ReadonlyMap<string, HeardViews>,
  nodes: readonly string[],
  { service, target, nowMs }: { service: string; target: string; nowMs: number },
): Map<string, TargetState> {
  return new Map(
    nodes.map((node) => {
      const { views, heardAtMs } = heard.get(node) ?? {};
      const isFresh = nowMs - (heardAtMs ?? Number.NEGATIVE_INFINITY) < VIEWS_FRESH_MS;
      return [node, (isFresh && views?.get(service)?.get(target)?.state) || 'unknown'];
    }),
  );
}

/**
 * Whether a target is answered with. Without a quorum what this node sees counts. With one it is down only if so many see
 * it down; a fleet that has fewer nodes than that needs all of them. Who cannot be heard has no say, so that a node that
 * is cut off from the others keeps what it cannot reach.
 */
export function isTargetUp(
  own: TargetState,
  all: ReadonlyMap<string, TargetState>,
  quorum: number | undefined,
): boolean {
  if (quorum === undefined || all.size <= 1) return own !== 'down';
  const down = [...all.values()].filter((state) => state === 'down').length;
  return down < Math.min(quorum, all.size);
}
