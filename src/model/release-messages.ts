/** Sentences about releases for people: what one waits for, and what to know of its TTLs. */

import type { Release, Wait } from './release.ts';
import { durationSeconds } from './release-steps.ts';

export function waitMessage(release: Release, wait: Wait): string {
  const { services, steps, stepIndex } = release;
  const next = `step ${stepIndex + 1} of ${steps.length}`;
  switch (wait.kind) {
    case 'lowering': {
      const steady = Math.max(...services.map(({ steadyTtlSeconds }) => steadyTtlSeconds));
      return `The TTL is lowered from ${steady} s; ${next} follows when the answers given before have expired, in ${wait.seconds} s.`;
    }
    case 'turn':
      return `${capital(next)} follows at once.`;
    case 'pause':
      return `${capital(next)} is a pause of ${wait.seconds} s${lengthened(release, wait)}.`;
    case 'promotion':
      return `${capital(next)} is a pause until somebody promotes the release.`;
    case 'analysis':
      return `${capital(next)} is an analysis: ${metricNames(release)}.`;
    case 'inconclusive':
      return `${capital(next)}, an analysis, was inconclusive: promote goes on, resume measures again, abort takes all back.`;
    case 'drain':
      return `${capital(next)} waits until every pool without weight is drained for caches that honour TTL: ${wait.seconds} s at the longest, or as long as caches hold older answers with a longer TTL.`;
    case 'approval':
      return `${capital(next)} waits for approval by somebody else${thanWho(release)}.`;
    case 'frozen':
      return `${capital(next)}, ${steps[stepIndex]?.setWeight} %, waits: traffic is frozen`;
    case 'settling':
      return `All steps are done; the TTL is restored when the answers given before the last one have expired, in ${wait.seconds} s.`;
  }
}

function lengthened({ steps, stepIndex }: Release, { seconds }: Wait): string {
  const asked = durationSeconds(steps[stepIndex]?.pause?.duration ?? 0);
  if (asked === seconds) return '';
  return `, lengthened from ${asked} s to the TTL in force: resolvers keep the answers from before for so long`;
}

function thanWho({ askedBy = [] }: Release): string {
  return askedBy.length === 0 ? ' than who began it' : ` than ${askedBy.join(' and ')}`;
}

function metricNames({ steps, stepIndex }: Release): string {
  return (steps[stepIndex]?.analysis?.metrics ?? []).map(({ name }) => name).join(', ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Below this, part of the clients does not follow the TTL anyway; above the other, a step is felt late. */
const TTL_SHORT_SECONDS = 5;
const TTL_LONG_SECONDS = 300;

/** Something that is allowed and may surprise. Codes are part of the API contract. */
interface Warning {
  readonly code: 'ttl_short' | 'ttl_long';
  readonly message: string;
}

/** What to know of the TTLs that are in force during a release. */
export function warningsOf({ services }: Pick<Release, 'services'>): Warning[] {
  return services.flatMap(({ name, ttlSeconds }): Warning[] => {
    if (ttlSeconds < TTL_SHORT_SECONDS)
      return [{ code: 'ttl_short', message: `${name} has a TTL of ${ttlSeconds} s: ${SHORT}` }];
    if (ttlSeconds > TTL_LONG_SECONDS)
      return [{ code: 'ttl_long', message: `${name} has a TTL of ${ttlSeconds} s: ${LONG}` }];
    return [];
  });
}

const SHORT =
  'below 5 s it brings queries and little speed, since Chromium holds an answer for 60 s at least and 8.7% of resolvers extend TTLs (PAM 2023).';
const LONG =
  'each step and each rollback is felt that late. Set release.ttlSeconds: at a TTL of 20 s, 90% of clients moved within 60 s, and 2% not after 15 minutes (LANMAN 2014).';
