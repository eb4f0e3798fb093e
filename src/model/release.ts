/** A release: a planned sequence of shifts of one service, or of several that move together, to one of their pools. */
import type { Credentials } from './gate-credentials.ts';
import type { KeptAnalysis } from './kept-analysis.ts';
import type { Weights } from './service.ts';
import type { Override, Why } from './why.ts';

/** One step; the words are those of Argo Rollouts. Each has exactly one of these. */
export interface Step {
  /** Share of traffic for the release's target pool, per cent. */
  readonly setWeight?: number;
  /** Without a duration: until promoted; with an approval, until somebody else approves. */
  readonly pause?: { readonly duration?: number | string; readonly approval?: { readonly by: 'other' } };
  readonly analysis?: Analysis;
  /** Until every pool that has no weight is drained: until no cache that honours TTL holds an answer of it. */
  readonly drain?: object;
}

/** Gates that are asked again and again; what is left out has a default (release-steps.ts). */
export interface Analysis {
  readonly intervalSeconds?: number;
  /** Measurements of each metric. */
  readonly count?: number;
  /** Failed measurements that one metric may have. */
  readonly failureLimit?: number;
  /** Measurements in a row of one metric that may be errors, as in Argo Rollouts. */
  readonly consecutiveErrorLimit?: number;
  /** After so long without an answer a measurement is an error. */
  readonly timeoutSeconds?: number;
  readonly metrics: readonly Metric[];
}

/** Each has exactly one of `web`, `prometheus`, `health` and `samples`. */
export interface Metric {
  readonly name: string;
  /** A status of 2xx passes: the rule of Flagger's webhooks. */
  readonly web?: { readonly url: string } & Credentials;
  readonly prometheus?: { readonly address: string; readonly query: string } & Credentials;
  /** Passes while the pool has a target that is up. */
  readonly health?: { readonly pool: string };
  /** Passes once the release's target pool has given so many answers, and to so many resolvers, since the step began. */
  readonly samples?: { readonly answers?: number; readonly resolvers?: number };
  /** Both ends included. Belongs to `prometheus`. */
  readonly thresholdRange?: { readonly min?: number; readonly max?: number };
}

/** Somebody else's word on a step. */
export interface Approval {
  readonly stepIndex: number;
  readonly by: string;
  /** Up to which revision it was looked at. */
  readonly seen: number;
  /** Unix time, milliseconds. */
  readonly atMs: number;
}

/** What a user says of a release: `steps`, or the name of a preset. */
export interface ReleaseBody {
  /** The pool that traffic moves to. */
  readonly to: string;
  readonly steps?: readonly Step[];
  readonly preset?: string;
}

/**
 * What a release waits for before it goes on. `lowering`: until answers with the old TTL have expired; `turn`: nothing,
 * the next step is due at once; `pause`: a timed pause; `promotion`: a pause without end; `analysis`: its verdict;
 * `inconclusive`: a person, since its analysis could not tell; `drain`: until the pools without weight are drained, so
 * many seconds at the longest where no cache holds older answers with a longer TTL; `settling`: until answers from before the last step have
 * expired; `frozen`: until a freeze is over, which holds its next shift; `approval`:
 * until somebody else than who asked for it approves.
 */
export interface Wait {
  readonly kind:
    | 'lowering'
    | 'turn'
    | 'pause'
    | 'promotion'
    | 'analysis'
    | 'inconclusive'
    | 'drain'
    | 'settling'
    | 'frozen'
    | 'approval';
  /** Unix time, milliseconds. */
  readonly startedAtMs: number;
  /** null: not ended by time. */
  readonly seconds: number | null;
}

/** One of the services of a release. */
export interface ReleaseService {
  readonly name: string;
  /** When the release began; an abort restores them. */
  readonly before: Weights;
  /** What the release set last. */
  readonly weights: Weights;
  /** The TTL outside of releases. */
  readonly steadyTtlSeconds: number;
  /** The TTL in force while the release goes on; never above the steady one. */
  readonly ttlSeconds: number;
  /** Unix time, milliseconds, until when caches may hold answers of a longer TTL, where somebody shortened it meanwhile. */
  readonly longerUntilMs?: number;
}

export type ReleaseState = 'progressing' | 'paused' | 'completed' | 'aborted';

/** Why a release is in its state. Codes are part of the API contract: add freely, never rename. */
export type ReleaseReason =
  | 'ttl_lowering'
  | 'step_due'
  | 'analysis_running'
  | 'ttl_settling'
  | 'pause_step'
  | 'pause_requested'
  | 'analysis_inconclusive'
  | 'draining'
  | 'frozen'
  | 'approval_needed'
  | 'steps_done'
  | 'abort_requested'
  | 'analysis_failed'
  | 'rolled_back';

export interface Release {
  /** The number of the revision that made it, as text. */
  readonly id: string;
  readonly services: readonly ReleaseService[];
  readonly to: string;
  readonly steps: readonly Step[];
  readonly state: ReleaseState;
  readonly reason: ReleaseReason;
  /** A sentence for people. */
  readonly message: string;
  /** The step that it is at, or that comes next; the number of steps once all are done. */
  readonly stepIndex: number;
  /** null once it has ended. */
  readonly wait: Wait | null;
  /** A person asked for a pause: the wait begins anew when it is over. */
  readonly held: boolean;
  /** What its gates said, in order of time; absent: nothing, or an earlier version kept nothing. */
  readonly analyses?: readonly KeptAnalysis[];
  /** It ended long ago: its steps, and what its gates said, are no longer kept. */
  readonly forgotten?: true;
  /** What was said when it was made: the steps that it takes by itself are taken for that. */
  readonly why?: Why;
  /** Who began it, and who began it again; absent: an earlier version kept the first in its revision only. */
  readonly askedBy?: readonly string[];
  /** Of those of them who signed in; told to nobody. */
  readonly askedSubjects?: readonly string[];
  /** Of its steps, in order of time. */
  readonly approvals?: readonly Approval[];
  /** An emergency: from then on no freeze holds it. */
  readonly override?: Override;
  /** Unix time, milliseconds. */
  readonly createdAtMs: number;
  /** The last revision that changed it; its ETag. */
  readonly revision: number;
}

/** A release that goes on, or will; a service has at most one. */
export function isActive({ state }: Release): boolean {
  return state === 'progressing' || state === 'paused';
}

/** True where the release lowers the TTL of a service. */
export function lowersTtl({ services }: Pick<Release, 'services'>): boolean {
  return services.some(isLowered);
}

/** True where answers of the service have a lower TTL than outside of the release. */
export function isLowered({ ttlSeconds, steadyTtlSeconds }: ReleaseService): boolean {
  return ttlSeconds < steadyTtlSeconds;
}

/**
 * What is left of a wait after a restart, by the wall clock, the only one that outlives a process. A clock that was set
 * back does not make it longer than it was, and one that was set forward ends this wait only: the next begins now.
 */
export function remainingMs(wait: Pick<Wait, 'startedAtMs' | 'seconds'>, atMs: number): number {
  if (wait.seconds === null) return Number.POSITIVE_INFINITY;
  const allMs = wait.seconds * 1000;
  return Math.min(Math.max(wait.startedAtMs + allMs - atMs, 0), allMs);
}
