/** Whether a target is up, from what its probes came to. Pure: the time is passed in. */
import type { HealthCheck } from './health.ts';

/** `unknown`: not probed yet, or not allowed to be probed; it counts as up. */
export type TargetState = 'unknown' | 'up' | 'down';

/** `refused`: this server may not ask there, so nothing is known. */
export interface ProbeResult {
  readonly outcome: 'passed' | 'failed' | 'refused';
  /** Completes "the target …", for people. */
  readonly reason: string;
}

export interface TargetHealth {
  readonly state: TargetState;
  /** Probes in a row that spoke against the state. */
  readonly against: number;
  /** Unix time at which the state began, milliseconds. */
  readonly sinceMs: number;
  /** What the last probe came to. */
  readonly reason: string;
}

/** Of a target that was never probed. */
export function unknownHealth(atMs: number): TargetHealth {
  return { state: 'unknown', against: 0, sinceMs: atMs, reason: 'not probed yet' };
}

/** The same state, which the next result that speaks against it changes at once: another check is in force. */
export function doubted(health: TargetHealth): TargetHealth {
  return { ...health, against: Number.POSITIVE_INFINITY };
}

/** After another probe. The first result counts at once, each later change needs `rise` or `fall` of them in a row. */
export function observe(
  health: TargetHealth,
  { outcome, reason }: ProbeResult,
  { rise, fall }: Pick<HealthCheck, 'rise' | 'fall'>,
  atMs: number,
): TargetHealth {
  const seen = outcome === 'refused' ? 'unknown' : outcome === 'passed' ? 'up' : 'down';
  if (seen === health.state) return { ...health, against: 0, reason };
  const against = health.against + 1;
  const isDecided = health.state === 'unknown' || seen === 'unknown' || against >= (seen === 'up' ? rise : fall);
  return isDecided ? { state: seen, against: 0, sinceMs: atMs, reason } : { ...health, against, reason };
}
