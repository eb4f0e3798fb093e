/** What becomes of a release when it begins, goes on, or is told something. Pure: the time is passed in. */
import assert from 'node:assert/strict';
import { Problem } from './errors.ts';
import {
  isActive,
  lowersTtl,
  type Release,
  type ReleaseReason,
  type ReleaseService,
  type Step,
  type Wait,
} from './release.ts';
import { waitMessage } from './release-messages.ts';
import { durationSeconds } from './release-steps.ts';
import { weightsFor } from './release-weights.ts';
import { type Service, weightsOf } from './service.ts';

/**
 * Resolvers count TTLs in whole seconds and differ in where they round: the last of five kinds let go of an answer with
 * a TTL of 5 after 5.7 s.
 */
export const TTL_ROUNDING_SECONDS = 1;

/** What people ask for, and last what the runner reports: that what the release waited for has come. */
export type ReleaseCommand =
  /** Leaves any pause; `full` skips every pause and analysis that is left, to the weight of the last step. */
  | { readonly verb: 'promote'; readonly full: boolean }
  | { readonly verb: 'pause' | 'resume' }
  | { readonly verb: 'abort'; readonly reason: 'abort_requested' | 'rolled_back'; readonly message: string }
  /** From the first step again, from the weights that the services have now. */
  | { readonly verb: 'retry'; readonly services: readonly Service[] }
  /** The time of the wait is over. */
  | { readonly verb: 'elapse' }
  /** The analysis has its verdict. */
  | { readonly verb: 'judge'; readonly passed: boolean; readonly message: string };

/** What a release is made of before it begins. */
export type Plan = Pick<Release, 'id' | 'to' | 'steps' | 'createdAtMs'> & { readonly services: readonly Service[] };

/** Begins: lowers the TTL and waits, or takes the first step. */
export function beginRelease({ services, ...plan }: Plan, atMs: number): Release {
  const release = {
    ...plan,
    services: services.map(enter),
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

function enter(service: Service): ReleaseService {
  const weights = weightsOf(service);
  const steadyTtlSeconds = service.ttlSeconds;
  const ttlSeconds = Math.min(steadyTtlSeconds, service.release?.ttlSeconds ?? steadyTtlSeconds);
  return { name: service.name, before: weights, weights, steadyTtlSeconds, ttlSeconds };
}

function isLowered({ ttlSeconds, steadyTtlSeconds }: ReleaseService): boolean {
  return ttlSeconds < steadyTtlSeconds;
}

/** The release after a command; the same object where it changes nothing. The caller gives it its new revision. */
export function transition(release: Release, command: ReleaseCommand, atMs: number): Release | Problem {
  if (command.verb === 'retry') return retry(release, command.services, atMs);
  if (!isActive(release)) {
    if (command.verb === 'abort' && release.state === 'aborted') return release;
    return refusal(release, `it is ${release.state}: ${command.verb} is for a release that goes on`);
  }
  switch (command.verb) {
    case 'promote':
      return command.full ? skipToEnd(release, atMs) : promote(release, atMs);
    case 'pause':
      return release.held ? release : hold(release);
    case 'resume':
      return release.held ? letGo(release, atMs) : refusal(release, notHeld(release));
    case 'abort':
      return aborted(release, command.reason, command.message);
    case 'elapse':
      return elapse(release, atMs);
    case 'judge':
      return judge(release, command.passed, command.message, atMs);
  }
}

function retry(release: Release, services: readonly Service[], atMs: number): Release | Problem {
  if (release.state !== 'aborted')
    return refusal(release, `it is ${release.state}: retry is for a release that was aborted`);
  const { id, to, steps, createdAtMs } = release;
  return beginRelease({ id, to, steps, createdAtMs, services }, atMs);
}

function promote(release: Release, atMs: number): Release | Problem {
  const { held, wait } = release;
  if (wait?.kind === 'pause' || wait?.kind === 'promotion') return nextStep(release, atMs);
  if (held) return letGo(release, atMs);
  return refusal(release, 'it is not paused: promote leaves a pause, and {"full":true} skips all that is left');
}

function notHeld(release: Release): string {
  if (release.state === 'progressing') return 'it is not paused';
  return 'it is at a pause of its own steps: promote leaves that';
}

function hold(release: Release): Release {
  const message = 'Paused on request; resume goes on, and begins the wait or analysis that it was in anew.';
  return { ...release, held: true, state: 'paused', reason: 'pause_requested', message };
}

/** A wait begins anew, since nobody measured what was left of it; an analysis with its first measurement. */
function letGo(release: Release, atMs: number): Release {
  return waiting({ ...release, held: false }, { ...(release.wait as Wait), startedAtMs: atMs });
}

function elapse(release: Release, atMs: number): Release {
  const { wait, held } = release;
  if (held || wait === null || wait.seconds === null) return release;
  if (wait.kind === 'settling') return completed(release);
  return wait.kind === 'pause' ? nextStep(release, atMs) : takeSteps(release, atMs);
}

function judge(release: Release, passed: boolean, message: string, atMs: number): Release {
  if (release.held || release.wait?.kind !== 'analysis') return release;
  return passed ? nextStep(release, atMs) : aborted(release, 'analysis_failed', `${message}.`);
}

function skipToEnd(release: Release, atMs: number): Release {
  if (release.wait?.kind === 'settling' && !release.held) return release;
  const last = release.steps.slice(release.stepIndex).findLast(({ setWeight }) => setWeight !== undefined);
  const moved = last?.setWeight === undefined ? release : shifted(release, last.setWeight);
  return finish({ ...moved, held: false, stepIndex: release.steps.length }, atMs);
}

function nextStep(release: Release, atMs: number): Release {
  return takeSteps({ ...release, held: false, stepIndex: release.stepIndex + 1 }, atMs);
}

/** Takes steps until one has to be waited for; one shift at most, so that each has a revision of its own. */
function takeSteps(release: Release, atMs: number): Release {
  const step = release.steps[release.stepIndex];
  if (step?.setWeight === undefined) return atStep(release, step, atMs);
  const moved = { ...shifted(release, step.setWeight), stepIndex: release.stepIndex + 1 };
  const next = moved.steps[moved.stepIndex];
  if (next?.setWeight === undefined) return atStep(moved, next, atMs);
  return waiting(moved, { kind: 'turn', startedAtMs: atMs, seconds: 0 });
}

function atStep(release: Release, step: Step | undefined, atMs: number): Release {
  if (step === undefined) return finish(release, atMs);
  if (step.analysis !== undefined) return waiting(release, { kind: 'analysis', startedAtMs: atMs, seconds: null });
  assert(step.pause !== undefined, 'a step has exactly one word');
  const { duration } = step.pause;
  if (duration === undefined) return waiting(release, { kind: 'promotion', startedAtMs: atMs, seconds: null });
  // In a shorter one, resolvers would keep on giving the answers from before the last step.
  const seconds = Math.max(durationSeconds(duration) as number, ttlInForce(release));
  return waiting(release, { kind: 'pause', startedAtMs: atMs, seconds });
}

/** The steady TTL comes back when no answer from before the last step is left: until then a rollback is felt soon. */
function finish(release: Release, atMs: number): Release {
  if (!lowersTtl(release)) return completed(release);
  const seconds = ttlInForce(release) + TTL_ROUNDING_SECONDS;
  return waiting(release, { kind: 'settling', startedAtMs: atMs, seconds });
}

function ttlInForce({ services }: Release): number {
  return Math.max(...services.map((service) => service.ttlSeconds));
}

function shifted(release: Release, percent: number): Release {
  const services = release.services.map((service) => {
    return { ...service, weights: weightsFor(service.before, release.to, percent) };
  });
  return { ...release, services };
}

function waiting(release: Release, wait: Wait): Release {
  const state = wait.kind === 'pause' || wait.kind === 'promotion' ? 'paused' : 'progressing';
  const stands = { ...release, wait, state, reason: waitReasons[wait.kind] } as const;
  return { ...stands, message: waitMessage(stands, wait) };
}

const waitReasons: Readonly<Record<Wait['kind'], ReleaseReason>> = {
  lowering: 'ttl_lowering',
  turn: 'step_due',
  pause: 'pause_step',
  promotion: 'pause_step',
  analysis: 'analysis_running',
  settling: 'ttl_settling',
};

function completed(release: Release): Release {
  const message = 'All steps are done.';
  return { ...release, wait: null, held: false, state: 'completed', reason: 'steps_done', message };
}

function aborted(release: Release, reason: ReleaseReason, message: string): Release {
  const services = release.services.map((service) => ({ ...service, weights: service.before }));
  return { ...release, services, wait: null, held: false, state: 'aborted', reason, message };
}

function refusal({ id }: Release, why: string): Problem {
  return new Problem('release_state', `The release ${id} stays as it is: ${why}.`, { conflict: id });
}
