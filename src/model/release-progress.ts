/** How a release goes from step to step: what it does, and what it then waits for. Pure: the time is passed in. */
import assert from 'node:assert/strict';
import { DRAIN_MARGIN_SECONDS } from './drain.ts';
import {
  isLowered,
  lowersTtl,
  type Release,
  type ReleaseReason,
  type ReleaseService,
  type Step,
  type Wait,
} from './release.ts';
import { waitMessage } from './release-messages.ts';
import { durationSeconds } from './release-steps.ts';
import { ttlsOf } from './release-ttls.ts';
import { weightsFor } from './release-weights.ts';
import { type Service, weightsOf } from './service.ts';

/**
 * Resolvers count TTLs in whole seconds and differ in where they round: the last of five kinds let go of an answer with
 * a TTL of 5 after 5.7 s.
 */
const TTL_ROUNDING_SECONDS = 1;

/** What a release is made of before it begins. */
type NewRelease = Pick<Release, 'id' | 'to' | 'steps' | 'createdAtMs' | 'override' | 'askedBy' | 'askedSubjects'> & {
  readonly services: readonly Service[];
  /** Where it begins again: what it knew of them. */
  readonly earlier?: readonly ReleaseService[];
};

/** Begins: lowers the TTL and waits, or takes the first step. */
export function beginRelease({ services, earlier = [], ...rest }: NewRelease, atMs: number): Release {
  const release = {
    ...rest,
    services: services.map((service) => enter(service, earlier)),
    state: 'progressing',
    reason: 'step_due',
    message: '',
    stepIndex: 0,
    wait: null,
    held: false,
    revision: 0,
  } as const;
  if (!lowersTtl(release)) return takeSteps(release, atMs);
  const seconds = Math.max(...release.services.filter(isLowered).map((service) => service.steadyTtlSeconds));
  return waiting(release, { kind: 'lowering', startedAtMs: atMs, seconds: seconds + TTL_ROUNDING_SECONDS });
}

function enter(service: Service, earlier: readonly ReleaseService[]): ReleaseService {
  const weights = weightsOf(service);
  const longerUntilMs = earlier.find(({ name }) => name === service.name)?.longerUntilMs;
  const longer = longerUntilMs === undefined ? {} : { longerUntilMs };
  return { name: service.name, before: weights, weights, ...ttlsOf(service), ...longer };
}

/** A freeze that holds what moves traffic. */
export interface Hold {
  /** `by the freeze … until …`. */
  readonly words: string;
  /** Unix time, milliseconds; undefined: no end can be seen. */
  readonly untilMs: number | undefined;
}

/** Leaves the step that it is at. */
export function nextStep(release: Release, atMs: number, hold?: Hold): Release {
  return takeSteps({ ...release, held: false, stepIndex: release.stepIndex + 1 }, atMs, hold);
}

/** Takes steps until one has to be waited for; one shift at most, so that each has a revision of its own. */
export function takeSteps(release: Release, atMs: number, hold?: Hold): Release {
  const step = release.steps[release.stepIndex];
  if (step?.setWeight === undefined) return atStep(release, step, atMs);
  if (hold !== undefined && release.override === undefined) return frozen(release, hold, atMs);
  const moved = { ...shifted(release, step.setWeight), stepIndex: release.stepIndex + 1 };
  const next = moved.steps[moved.stepIndex];
  if (next?.setWeight === undefined) return atStep(moved, next, atMs);
  return waiting(moved, { kind: 'turn', startedAtMs: atMs, seconds: 0 });
}

function atStep(release: Release, step: Step | undefined, atMs: number): Release {
  if (step === undefined) return finish(release, atMs);
  if (step.analysis !== undefined) return waiting(release, { kind: 'analysis', startedAtMs: atMs, seconds: null });
  if (step.drain !== undefined) {
    const seconds = ttlInForce(release, atMs) + DRAIN_MARGIN_SECONDS;
    return waiting(release, { kind: 'drain', startedAtMs: atMs, seconds });
  }
  assert(step.pause !== undefined, 'a step has exactly one word');
  const { duration, approval } = step.pause;
  if (approval !== undefined) return waiting(release, { kind: 'approval', startedAtMs: atMs, seconds: null });
  if (duration === undefined) return waiting(release, { kind: 'promotion', startedAtMs: atMs, seconds: null });
  // In a shorter one, resolvers would keep on giving the answers from before the last step.
  const seconds = Math.max(durationSeconds(duration) as number, ttlInForce(release, atMs));
  return waiting(release, { kind: 'pause', startedAtMs: atMs, seconds });
}

/** The steady TTL comes back when no answer from before the last step is left: until then a rollback is felt soon. */
export function finish(release: Release, atMs: number): Release {
  if (!lowersTtl(release)) return completed(release);
  const seconds = ttlInForce(release, atMs) + TTL_ROUNDING_SECONDS;
  return waiting(release, { kind: 'settling', startedAtMs: atMs, seconds });
}

/** For how long caches may hold what was answered until now. */
function ttlInForce({ services }: Release, atMs: number): number {
  const seconds = services.map(({ ttlSeconds, longerUntilMs = 0 }) => {
    return Math.max(ttlSeconds, Math.ceil((longerUntilMs - atMs) / 1000));
  });
  return Math.max(...seconds);
}

export function shifted(release: Release, percent: number): Release {
  const services = release.services.map((service) => {
    return { ...service, weights: weightsFor(service.before, release.to, percent) };
  });
  return { ...release, services };
}

export function waiting(release: Release, wait: Wait): Release {
  const state = pauses.has(wait.kind) ? 'paused' : 'progressing';
  const stands = { ...release, wait, state, reason: waitReasons[wait.kind] } as const;
  return { ...stands, message: waitMessage(stands, wait) };
}

/** Waits for the freeze to be over; the same object where it does so already. */
function frozen(release: Release, { words, untilMs }: Hold, atMs: number): Release {
  const seconds = untilMs === undefined ? null : Math.max(1, Math.ceil((untilMs - atMs) / 1000));
  const stands = waiting(release, { kind: 'frozen', startedAtMs: atMs, seconds });
  const message = `${stands.message} ${words}.`;
  const isSame = release.wait?.kind === 'frozen' && release.message === message;
  return isSame && release.stepIndex === stands.stepIndex ? release : { ...stands, message };
}

const pauses: ReadonlySet<Wait['kind']> = new Set(['pause', 'promotion', 'inconclusive', 'frozen', 'approval']);

const waitReasons: Readonly<Record<Wait['kind'], ReleaseReason>> = {
  lowering: 'ttl_lowering',
  turn: 'step_due',
  pause: 'pause_step',
  promotion: 'pause_step',
  analysis: 'analysis_running',
  inconclusive: 'analysis_inconclusive',
  drain: 'draining',
  settling: 'ttl_settling',
  frozen: 'frozen',
  approval: 'approval_needed',
};

/** The analysis could not tell, so a person has to. */
export function inconclusive(release: Release, message: string, atMs: number): Release {
  const paused = waiting(release, { kind: 'inconclusive', startedAtMs: atMs, seconds: null });
  return { ...paused, message: `${message}. ${paused.message}` };
}

export function completed(release: Release): Release {
  const message = 'All steps are done.';
  return { ...release, wait: null, held: false, state: 'completed', reason: 'steps_done', message };
}

export function aborted(release: Release, reason: ReleaseReason, message: string): Release {
  const services = release.services.map((service) => ({ ...service, weights: service.before }));
  return { ...release, services, wait: null, held: false, state: 'aborted', reason, message };
}
